# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who drives where next: the task rules of lifelong benchmarks.

Three rules, with one interface: every vehicle its own endless list (plain maps), one published
list dealt out round robin (League of Robot Runners 2023), and a revealed pool of tasks of several
errands (2024), from which a free vehicle takes the task whose first errand is nearest. Tasks are
drawn, read and dealt here; driving is elsewhere.
Source: start kits of the League of Robot Runners, `Input_Output_Format.md` of 2023 and 2024.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.errors import InstanceError
from linehaul_traffic.grid import UNREACHABLE, Grid, goal_rows, read_map

ROUND_ROBIN = 'roundrobin'
ROUND_ROBIN_ONCE = 'roundrobin_fixed'
IN_ORDER = 'greedy'
POOL = 'pool'


class Tasks(Protocol):
    """A task rule; it remembers what it has dealt."""

    dealt: list[list[int]]
    """For each vehicle the numbers of its tasks in the order it got them."""

    def first(self, place: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the first goals (n,) int32 of vehicles at `place` (n,), -1 for none."""

    def arrive(self, vehicle: int, place: NDArray[np.int32]) -> tuple[int, bool]:
        """Take note that `vehicle` reached its goal.

        Returns:
            Its next goal (-1 for none) and whether a whole task ended.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A lifelong instance.

    Args:
        grid: The map.
        starts: (n,) int32 start places.
        errands: Tasks as lists of places, in their published order.
        rule: `ROUND_ROBIN`, `ROUND_ROBIN_ONCE`, `IN_ORDER` or `POOL`.
        revealed: Tasks of a pool that are open for choice, as a multiple of the team size.
    """

    grid: Grid
    starts: NDArray[np.int32]
    errands: tuple[tuple[int, ...], ...]
    rule: str
    revealed: float

    def tasks(self) -> Tasks:
        """Return the task rule at its beginning."""
        if self.rule == POOL:
            return TaskPool(self.grid, self.errands, len(self.starts), self.revealed)
        goals = np.array([task[0] for task in self.errands], dtype=np.int32)
        return DealtTasks(goals, len(self.starts), self.rule)


class DealtTasks:
    """One list of single goals for all.

    Round robin gives the k-th task of vehicle v the number k n + v, endless (from the start
    again) or once; in order gives the next number to whoever is free, lower vehicle first.
    """

    def __init__(self, goals: NDArray[np.int32], vehicles: int, rule: str) -> None:
        """Deal `goals` (T,) to `vehicles` by `rule`."""
        self.dealt: list[list[int]] = [[] for _ in range(vehicles)]
        self._goals = goals
        self._rule = rule
        self._next = 0

    def first(self, place: NDArray[np.int32]) -> NDArray[np.int32]:
        """See `Tasks`."""
        return np.array([self._deal(v) for v in range(len(place))], dtype=np.int32)

    def arrive(self, vehicle: int, place: NDArray[np.int32]) -> tuple[int, bool]:
        """See `Tasks`."""
        del place
        return self._deal(vehicle), True

    def _deal(self, vehicle: int) -> int:
        number = len(self.dealt[vehicle]) * len(self.dealt) + vehicle
        if self._rule == IN_ORDER:
            number = self._next
            self._next += 1
        if self._rule != ROUND_ROBIN and number >= len(self._goals):
            return -1
        self.dealt[vehicle].append(number)
        return int(self._goals[number % len(self._goals)])


class TaskPool:
    """Tasks of several errands, revealed in published order."""

    def __init__(
        self, grid: Grid, errands: tuple[tuple[int, ...], ...], vehicles: int, revealed: float
    ) -> None:
        """Reveal `revealed` times `vehicles` of the tasks `errands`."""
        self.dealt: list[list[int]] = [[] for _ in range(vehicles)]
        self._grid = grid
        self._errands = errands
        self._open = list(range(min(len(errands), max(vehicles, int(revealed * vehicles)))))
        self._next = len(self._open)
        self._errand = [0] * vehicles

    def first(self, place: NDArray[np.int32]) -> NDArray[np.int32]:
        """See `Tasks`."""
        return np.array([self._choose(v, place) for v in range(len(place))], dtype=np.int32)

    def arrive(self, vehicle: int, place: NDArray[np.int32]) -> tuple[int, bool]:
        """See `Tasks`."""
        task = self._errands[self.dealt[vehicle][-1]]
        self._errand[vehicle] += 1
        if self._errand[vehicle] < len(task):
            return task[self._errand[vehicle]], False
        if self._next < len(self._errands):
            self._open.append(self._next)
            self._next += 1
        return self._choose(vehicle, place), True

    def _choose(self, vehicle: int, place: NDArray[np.int32]) -> int:
        if not self._open:
            return -1
        distance = goal_rows(self._grid, place[vehicle : vehicle + 1])[0]
        number = min(self._open, key=lambda task: (distance[self._errands[task][0]], task))
        self._open.remove(number)
        self.dealt[vehicle].append(number)
        self._errand[vehicle] = 0
        return self._errands[number][0]


class OwnTasks:
    """Every vehicle its own endless list of goals, drawn uniformly from `places`.

    A goal never follows itself. The lists depend on the seed and on nothing that happens.
    """

    def __init__(self, places: NDArray[np.int32], starts: NDArray[np.int32], seed: int) -> None:
        """Draw from `places` (K,) for vehicles that start at `starts` (n,)."""
        if len(places) < 2:
            raise InstanceError('random goals need at least 2 connected free cells')
        self.dealt: list[list[int]] = [[] for _ in starts]
        self._places = places
        self._last = [int(start) for start in starts]
        seeds = np.random.SeedSequence(seed).spawn(len(starts))
        self._random = [np.random.default_rng(child) for child in seeds]

    def first(self, place: NDArray[np.int32]) -> NDArray[np.int32]:
        """See `Tasks`."""
        return np.array([self._draw(v) for v in range(len(place))], dtype=np.int32)

    def arrive(self, vehicle: int, place: NDArray[np.int32]) -> tuple[int, bool]:
        """See `Tasks`; numbers dealt are the goal places themselves."""
        del place
        return self._draw(vehicle), True

    def _draw(self, vehicle: int) -> int:
        goal = self._last[vehicle]
        while goal == self._last[vehicle]:
            goal = int(self._random[vehicle].choice(self._places))
        self._last[vehicle] = goal
        self.dealt[vehicle].append(goal)
        return goal


def random_starts(grid: Grid, vehicles: int, seed: int) -> tuple[NDArray, NDArray]:
    """Return start places (n,) int32 drawn without repetition, and the places to draw from.

    All lie in the largest connected part of the map.

    Raises:
        InstanceError: It has fewer places than `vehicles`.
    """
    part = largest_part(grid)
    if not 1 <= vehicles <= len(part):
        raise InstanceError(f'{vehicles} vehicles do not fit on {len(part)} connected cells')
    random = np.random.default_rng(np.random.SeedSequence([seed, vehicles]))
    return random.choice(part, vehicles, replace=False).astype(np.int32), part


def largest_part(grid: Grid) -> NDArray[np.int32]:
    """Return the places (K,) int32 of the largest connected part of `grid`."""
    unseen = np.ones(grid.size, dtype=np.bool_)
    best = np.empty(0, dtype=np.int32)
    while unseen.sum() > len(best):
        row = goal_rows(grid, np.flatnonzero(unseen)[:1])[0]
        part = np.flatnonzero(row < UNREACHABLE).astype(np.int32)
        unseen[part] = False
        best = part if len(part) > len(best) else best
    return best


def read_problem(path: str | Path) -> Problem:
    """Read a League of Robot Runners problem file of 2023 or 2024 with all it names.

    Raises:
        InstanceError: A file is missing or a value is wrong; the message says which.
        MapError: The map cannot be read.
    """
    path = Path(path)
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        names = [fields[key] for key in ('mapFile', 'agentFile', 'taskFile')]
        team = int(fields['teamSize'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstanceError(
            f'{path}: wanted mapFile, agentFile, taskFile, teamSize: {error!r}'
        ) from error
    grid = read_map(path.parent / names[0])
    agents = [line[0] for line in _read_cells(path.parent / names[1], grid)]
    if not 1 <= team <= len(agents) or len(set(agents[:team])) < team:
        raise InstanceError(
            f'{path}: teamSize is {team}, {names[1]} has {len(agents)} starts, '
            f'{len(set(agents[:team]))} of the first {team} different'
        )
    errands = _read_cells(path.parent / names[2], grid)
    pooled = 'taskAssignmentStrategy' not in fields
    rule = POOL if pooled else str(fields['taskAssignmentStrategy']).replace('-', '_')
    if rule not in (POOL, ROUND_ROBIN, ROUND_ROBIN_ONCE, IN_ORDER) or not errands:
        raise InstanceError(f'{path}: unknown taskAssignmentStrategy {rule}, or no tasks')
    if rule != POOL and max(map(len, errands)) > 1:
        raise InstanceError(f'{path}: tasks of several errands cannot be dealt by {rule}')
    starts = np.array(agents[:team], dtype=np.int32)
    return Problem(grid, starts, errands, rule, float(fields.get('numTasksReveal', 1)))


def _read_cells(path: Path, grid: Grid) -> tuple[tuple[int, ...], ...]:
    """Read a list file (count, then cells as row * width + column) as places."""
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
        rows = [line for line in map(str.strip, lines) if line and not line.startswith('#')]
        count = int(rows[0])
        cells = [[int(cell) for cell in row.split(',')] for row in rows[1 : count + 1]]
    except (OSError, ValueError, IndexError) as error:
        raise InstanceError(
            f'{path}: wanted a count and lines of cell numbers: {error}'
        ) from error
    if len(cells) < count:
        raise InstanceError(f'{path}: says {count} lines, has {len(cells)}')
    flat = np.array([cell for row in cells for cell in row], dtype=np.int64)
    outside = (flat < 0) | (flat >= grid.width * grid.height)
    if outside.any():
        raise InstanceError(f'{path}: cell {flat[outside][0]} is off the map')
    place = grid.node_of_cell.ravel()
    if (place[flat] < 0).any():
        raise InstanceError(f'{path}: cell {flat[place[flat] < 0][0]} is blocked')
    return tuple(tuple(int(place[cell]) for cell in row) for row in cells)
