# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of bring-up.

BringupError
├── TableError          the table of nodes is wrong; holds every problem found
├── ArgumentsError      the arguments given do not fit the table; holds every problem found
├── EnvironmentMissing  the shell is not inside a built environment
└── RunRefused          the run cannot start here (run directory, second factory)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file or on the command line.

    Args:
        where: place in the file, such as `nodes.sim.respawn.delay`.
        what: what was found and what was wanted.
        todo: what to do about it.
    """

    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f'{self.where}: {self.what}: {self.todo}'


class BringupError(Exception):
    """Root of the errors of bring-up."""


class _ProblemsError(BringupError):
    """An error that lists every problem found at once."""

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        super().__init__('\n  - '.join([title, *map(str, problems)]))
        self.problems = tuple(problems)


class TableError(_ProblemsError):
    """The table of nodes cannot be used; nothing of it is."""


class ArgumentsError(_ProblemsError):
    """The arguments given do not fit the table."""


class GazeboMissing(_ProblemsError):  # noqa: N818 - it names a state of the machine
    """A run in Gazebo is not possible here."""


class EnvironmentMissing(BringupError):  # noqa: N818 - it names a state of the shell
    """A package, executable or ROS itself is not to be found from this shell."""


class RunRefused(BringupError):  # noqa: N818 - it names a decision
    """The run cannot start here; the message says why and what to do."""


class PlantCannotRun(BringupError):  # noqa: N818 - it names a state of the plant
    """A node that the plant needs keeps failing."""
