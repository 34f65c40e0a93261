# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""All checks of a plant in one report: errors forbid its use, warnings cost liveness."""

import os
from dataclasses import dataclass

from linehaul_floor.check_graph import (
    check_connected,
    check_crossings,
    check_inside,
    check_places,
    check_supply,
    warn_articulations,
)
from linehaul_floor.check_space import check_bays, check_clearance
from linehaul_floor.errors import Problem
from linehaul_floor.plant import Plant


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is wrong with a plant, and what could be better."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check_roadmap(plant: Plant) -> tuple[Problem, ...]:
    """Return the errors that can be found in milliseconds: those of the graph."""
    problems = check_inside(plant) + check_crossings(plant) + check_supply(plant)
    for class_id in plant.classes:
        problems += check_connected(plant, class_id) + check_places(plant, class_id)
    return tuple(problems)


def check_plant(plant: Plant, cache_dir: str | os.PathLike[str] | None = None) -> CheckReport:
    """Return everything that is wrong with a plant.

    Args:
        plant: the parsed plant.
        cache_dir: where conflict tables are kept, see conflict_table.
    """
    errors = list(check_roadmap(plant))
    warnings: list[Problem] = []
    for class_id in plant.classes:
        errors += check_clearance(plant, class_id)
        warnings += warn_articulations(plant, class_id)
    errors += check_bays(plant, cache_dir)
    return CheckReport(tuple(errors), tuple(warnings))
