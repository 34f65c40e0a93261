# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What both readers of the table share: find it, read it, and make the plan of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .arguments import ArgumentName, Scalar, Values
from .errors import BringupError, EnvironmentMissing
from .paths import share_folder
from .plan import NodeProcess, needed_sources, plan
from .system import System, parse_system

#: the argument that names the directory of a run; empty for a new one
RUN_DIR = ArgumentName('run_dir')


def with_run_dir(values: Values, run_dir: Path) -> dict[ArgumentName, Scalar]:
    """Put the directory of the run into the values of a table that has that argument."""
    return {**values, RUN_DIR: str(run_dir)} if RUN_DIR in values else dict(values)


def table_file(env: Mapping[str, str], file: Path | None = None) -> Path:
    """Return the file of the table: the one given, or the installed one."""
    return file or share_folder('config', env) / 'system.yaml'


def read_table(env: Mapping[str, str], file: Path | None = None) -> System:
    """Read the table.

    Raises:
        EnvironmentMissing: there is no such file.
        TableError: it is wrong.
    """
    path = table_file(env, file)
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentMissing(f'the table of nodes {path} cannot be read: {error}') from error
    return parse_system(text, str(path))


def plan_processes(
    values: Values, env: Mapping[str, str], file: Path | None = None
) -> tuple[NodeProcess, ...]:
    """Make the plan of a run.

    Raises:
        BringupError: the table, the plant or a parameter file cannot be used.
    """
    system = read_table(env, file)
    sources = plant_sources(values) if needed_sources(system, values) else {}
    processes = plan(system, values, str(table_file(env, file).parent), sources)
    for process in processes:
        for name in process.parameter_files:
            if not Path(name).is_file():
                raise EnvironmentMissing(f'{process.label}: the parameter file {name} is missing')
    return processes


def plant_sources(values: Values) -> dict[str, tuple[str, ...]]:
    """Return the collections of the plant that nodes can be repeated over.

    Raises:
        BringupError: the plant file cannot be used.
    """
    from linehaul_floor import PlaceKind, PlantError, load_plant

    try:
        plant = load_plant(str(values[ArgumentName('plant')]))
    except PlantError as error:
        raise BringupError(str(error)) from error
    places = plant.places.values()
    return {
        'plant.vehicles': tuple(spawn.id for spawn in plant.fleet),
        'plant.stations': tuple(p.id for p in places if p.kind is PlaceKind.STATION),
        'plant.warehouse_ports': tuple(p.id for p in places if p.kind is PlaceKind.WAREHOUSE_PORT),
        'plant.lines': tuple(dict.fromkeys(p.line for p in places if p.line is not None)),
    }
