# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Finds and loads plant files: by path, or by name among the installed and the source plants."""

import os
from pathlib import Path

from linehaul_floor.errors import PlantError, Problem
from linehaul_floor.parse import parse_plant
from linehaul_floor.plant import Plant

_SHARE = Path('share', 'linehaul_bringup', 'config', 'plants')


def load_plant(path_or_name: str | os.PathLike[str], *, checked: bool = True) -> Plant:
    """Return the plant of a file, or of a name such as 'cell'.

    Args:
        path_or_name: a file path, or a name among the installed and the source plants.
        checked: refuse a plant whose roadmap has errors (see checks.check_roadmap), too.

    Raises:
        PlantError: there is no such file, or it is wrong; lists every problem.
    """
    path = plant_path(path_or_name)
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem('unreadable', str(path), str(error), 'name a readable UTF-8 file')
        raise PlantError(str(path), [problem]) from error
    plant = parse_plant(text, str(path))
    if checked:
        from linehaul_floor.checks import check_roadmap  # slow to import; not all must check

        problems = check_roadmap(plant)
        if problems:
            raise PlantError(str(path), problems)
    return plant


def plant_path(path_or_name: str | os.PathLike[str]) -> Path:
    """Return the plant file a path or name stands for.

    Raises:
        PlantError: a name that is no known plant.
    """
    given = Path(path_or_name)
    if given.suffix or len(given.parts) > 1:
        return given
    for folder in plant_folders():
        if (folder / f'{given}.yaml').is_file():
            return folder / f'{given}.yaml'
    known = ', '.join(sorted(plant_names())) or 'none'
    problem = Problem(
        'unknown_plant', str(given), f'known plants: {known}', 'name one, or a file path'
    )
    raise PlantError(str(given), [problem])


def plant_names() -> set[str]:
    """Return the names of all plants that can be loaded by name."""
    return {file.stem for folder in plant_folders() for file in folder.glob('*.yaml')}


def plant_folders() -> list[Path]:
    """Return the folders that hold plants: installed shares first, then the source tree."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    shares = [Path(prefix) / _SHARE for prefix in prefixes if prefix]
    sources = [parent / 'config' / 'plants' for parent in Path(__file__).resolve().parents]
    return [folder for folder in shares + sources if folder.is_dir()]
