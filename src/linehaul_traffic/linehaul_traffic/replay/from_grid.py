# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From plans on a grid to runs that can be shown: one-shot paths, and lifelong actions.

Reads what `benchmarks/oneshot.py`, `benchmarks/lifelong.py` and `linehaul_traffic.plan` write.
Wrong plans are shown as they are, as long as they are cells; judging them is for the checkers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from linehaul_floor.scene import Polygon, Polyline, Scene, box

from linehaul_traffic.errors import InputError
from linehaul_traffic.grid import Grid, read_map
from linehaul_traffic.lifelong_checker import drive
from linehaul_traffic.replay.run import Actor, Mood, Projection, Run, State, Unit
from linehaul_traffic.replay.track import FloatArray, make_track
from linehaul_traffic.tasks import read_problem

Cells = npt.NDArray[np.int64]

_PAGE = 1600.0  # pixels across, about
_MARGIN = 12.0
_ANGLES = np.linspace(0.0, 2.0 * np.pi, 13)[:-1]
_ROUND = 0.4 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_ARROW = np.array([[-0.38, -0.34], [0.12, -0.34], [0.44, 0.0], [0.12, 0.34], [-0.38, 0.34]])
_WALL, _LINE, _SHEET = '#4a5561', '#eceff2', '#ffffff'


def grid_run(plan: Mapping[str, Any], map_file: Path | None, problem: Path | None) -> Run:
    """Return the run of a one-shot plan (`paths`) or a lifelong result (`actions`).

    Args:
        plan: the result, as loaded from JSON.
        map_file: MovingAI map; needed for paths, and for actions on a plain map.
        problem: League of Robot Runners problem file, for its results.

    Raises:
        InputError: the plan, the map or the problem cannot be used.
    """
    if plan.get('paths'):
        grid = read_map(_wanted(map_file, '--map', 'the map of these paths'))
        return _oneshot(grid, _paths(plan['paths'], grid), plan, _name(map_file))
    if plan.get('actions'):
        return _lifelong(plan, map_file, problem)
    raise InputError('holds neither a recording, nor `paths`, nor `actions`: nothing to show')


def _wanted(path: Path | None, option: str, what: str) -> Path:
    if path is None:
        raise InputError(f'the file does not hold {what}: name it with {option}')
    return path


def _name(path: Path | None) -> str:
    return path.stem if path else ''


# One-shot plans.


def _paths(raw: Any, grid: Grid) -> list[Cells]:
    paths = []
    for agent, row in enumerate(raw):
        try:
            cells = np.array(row, dtype=np.int64)
        except (TypeError, ValueError, OverflowError):
            cells = np.empty(0, np.int64)
        if cells.ndim != 2 or cells.shape[1] != 2 or not len(cells):
            raise InputError(f'paths[{agent}] is not a list of cells [x, y]')
        if (cells < 0).any() or (cells >= (grid.width, grid.height)).any():
            raise InputError(f'paths[{agent}] leaves the {grid.width} x {grid.height} map')
        paths.append(cells)
    return paths


def _oneshot(grid: Grid, paths: list[Cells], plan: Mapping[str, Any], name: str) -> Run:
    actors = []
    for number, cells in enumerate(paths):
        arrived = len(cells) - 1
        while arrived > 0 and (cells[arrived - 1] == cells[-1]).all():
            arrived -= 1
        states = [_state(0.0, Mood.EMPTY, cells[-1]), _state(arrived, Mood.IDLE, cells[-1])]
        actors.append(
            _actor(number, np.arange(len(cells)), cells, None, states if arrived else states[1:])
        )
    steps = max(len(cells) for cells in paths) - 1
    facts = f'{len(paths)} agents · {steps} steps'
    costs, bound = plan.get('sum_of_costs'), plan.get('lower_bound')
    if isinstance(costs, int) and isinstance(bound, int) and bound > 0:
        facts += f' · sum of costs {costs:,}, {costs / bound:.3f} of the lower bound'
    return _run(grid, actors, steps, name, facts, ())


# Lifelong results.


def _lifelong(plan: Mapping[str, Any], map_file: Path | None, problem: Path | None) -> Run:
    try:
        actions, turning = [str(row) for row in plan['actions']], bool(plan['turning'])
        if 'starts' in plan:
            named = map_file or Path(str(plan.get('problem', '')))
            grid, name = read_map(named), named.stem
            starts = np.array(plan['starts'], np.int64).reshape(-1, 2)
            goals = [np.array(row, np.int64).reshape(-1, 2) for row in plan['goals']]
        else:
            named = problem or Path(str(plan.get('problem', '')))
            read, name = read_problem(named), named.stem
            grid, starts = read.grid, read.grid.xy[read.starts].astype(np.int64)
            goals = [_errands(read.grid, read.errands, row) for row in plan['dealt']]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f'not a result of a lifelong run: {error!r}') from error
    trail, faults = drive(grid.free, starts, actions, turning=turning)
    if len(trail) < 2 or len(goals) != len(starts):
        raise InputError(f'the actions cannot be driven: {(faults or ["other agents"])[0]}')
    return _driven(grid, trail, _headings(actions) if turning else None, goals, name, plan)


def _errands(grid: Grid, errands: Sequence[Sequence[int]], numbers: Sequence[int]) -> Cells:
    """Return the cells (K, 2) that the tasks of one vehicle lead to, in turn."""
    places = [place for number in numbers for place in errands[number % len(errands)]]
    return np.asarray(grid.xy[places], np.int64).reshape(-1, 2)


def _headings(actions: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return quarter turns clockwise from east (T + 1, n) after each action."""
    letters = np.array([list(row) for row in actions])
    turns = np.cumsum((letters == 'R').astype(np.int64) - (letters == 'C'), axis=1)
    return np.pad(turns, ((0, 0), (1, 0))).T


def _driven(
    grid: Grid,
    trail: Cells,
    headings: npt.NDArray[np.int64] | None,
    goals: Sequence[Cells],
    name: str,
    plan: Mapping[str, Any],
) -> Run:
    steps, count = len(trail) - 1, trail.shape[1]
    actors, arrivals = [], []
    for v in range(count):
        states = list(_goal_changes(trail[:, v], goals[v]))
        arrivals += [state.time for state in states[1:]]
        yaw = None if headings is None else headings[:, v].astype(np.float64) * (np.pi / 2)
        actors.append(_actor(v, np.arange(steps + 1), trail[:, v], yaw, states))
    reached = [(time, k + 1) for k, time in enumerate(sorted(arrivals))]
    facts = f'{count} robots · {steps:,} steps · {len(arrivals):,} goals reached'
    tasks = plan.get('tasks_finished')
    if isinstance(tasks, int):
        facts += f' · {tasks:,} tasks, {tasks / steps:.2f} a step'
    return _run(grid, actors, steps, name, facts, reached)


def _goal_changes(trail: Cells, goals: Cells) -> Iterator[State]:
    """Yield a state for each goal from the step at which the one before it is reached."""
    since = 0
    for goal in goals:
        yield _state(since, Mood.EMPTY, goal)
        hits = np.flatnonzero((trail[since + 1 :] == goal).all(axis=1))
        if not len(hits):
            return
        since += 1 + int(hits[0])
    yield State(float(since), Mood.IDLE)


# Both.


def _state(time: float, mood: Mood, goal: npt.NDArray[np.int64]) -> State:
    x, y = (int(value) for value in goal)
    return State(float(time), mood, f'({x}, {y})', (float(x), float(y)))


def _actor(
    number: int,
    time: npt.NDArray[np.int64],
    cells: Cells,
    yaw: FloatArray | None,
    states: list[State],
) -> Actor:
    turned = np.zeros(len(cells)) if yaw is None else yaw
    outline = _ROUND if yaw is None else _ARROW
    return Actor(
        name=str(number),
        kind='agent',
        outline=outline,
        loaded_outline=outline,
        track=make_track(time, np.column_stack([cells, turned]), tolerance=1e-3),
        states=tuple(states),
    )


def _run(
    grid: Grid,
    actors: list[Actor],
    steps: int,
    name: str,
    facts: str,
    delivered: Sequence[tuple[float, int]],
) -> Run:
    size = min(max(_PAGE / grid.width, 5.0), 32.0)
    width, height = grid.width * size, grid.height * size
    return Run(
        title=name or 'plan',
        facts=facts,
        background=_background(grid, size),
        view=(0.0, 0.0, width + 2 * _MARGIN, height + 2 * _MARGIN),
        projection=Projection(size, size, _MARGIN + size / 2, _MARGIN + size / 2),
        unit=Unit.STEPS,
        begin=0.0,
        end=float(steps),
        actors=tuple(actors),
        delivered=tuple(delivered),
        ahead=True,
    )


def _background(grid: Grid, size: float) -> Scene:
    width, height = grid.width * size, grid.height * size
    scene = Scene(round(width + 2 * _MARGIN), round(height + 2 * _MARGIN))
    scene.add(Polygon(box(0, 0, scene.width, scene.height), _SHEET))
    if size >= 10.0:
        for x in range(grid.width + 1):
            column = np.array([[x, 0], [x, grid.height]]) * size + _MARGIN
            scene.add(Polyline(column, _LINE, 1.0))
        for y in range(grid.height + 1):
            row = np.array([[0, y], [grid.width, y]]) * size + _MARGIN
            scene.add(Polyline(row, _LINE, 1.0))
    for x, y, w, h in rectangles(~grid.free):
        corner = (_MARGIN + x * size, _MARGIN + y * size)
        scene.add(Polygon(box(*corner, w * size, h * size), _WALL))
    frame = box(_MARGIN, _MARGIN, width, height)
    scene.add(Polyline(np.concatenate([frame, frame[:1]]), _WALL, 2.0))
    return scene


def rectangles(cells: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """Yield rectangles (x, y, width, height) that cover the true cells without overlap."""
    open_runs: dict[tuple[int, int], int] = {}
    for y in range(len(cells) + 1):
        runs = set(_row_runs(cells[y])) if y < len(cells) else set()
        for (x0, x1), top in list(open_runs.items()):
            if (x0, x1) not in runs:
                yield x0, top, x1 - x0, y - top
                del open_runs[x0, x1]
        for run in runs:
            open_runs.setdefault(run, y)


def _row_runs(row: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
