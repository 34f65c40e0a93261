# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of the floor.

FloorError
├── PlantError    a plant file is refused; carries every problem found
├── LifError      a LIF document is refused; carries every problem found
└── RouteInputError  a route was asked for with arrays or nodes that do not fit the roadmap
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what kind, where, what was found and what to do about it."""

    code: str
    where: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f'[{self.code}] {self.where}: {self.found}; {self.remedy}'


class FloorError(Exception):
    """Root of what linehaul_floor raises on broken input."""


class _ProblemsError(FloorError):
    """Broken input with the complete list of its problems."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f'{source}: {count} problem{"" if count == 1 else "s"}']
        super().__init__('\n  '.join(lines + [str(problem) for problem in self.problems]))


class PlantError(_ProblemsError):
    """A plant file that cannot be used, with every problem in it."""


class LifError(_ProblemsError):
    """A LIF document that cannot be used, with every problem in it."""


class RouteInputError(FloorError):
    """Nodes, factors or masks that do not fit the roadmap they are used with."""
