# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a lifelong result from its action strings alone; shares nothing with the planner.

Reads the map, starts and tasks itself, drives every vehicle by its letters, and finds moves off
the map or into blocked cells, two vehicles in one cell, and two that change cells. It counts the
tasks in the order in which they were given. Rules: League of Robot Runners 2023 (F forward, R
clockwise, C counter-clockwise, W wait; all start heading east) or sliding moves (R right, D down,
L left, U up, W wait).

    python -m linehaul_traffic.lifelong_checker RESULT.json [--problem PROBLEM.json | --map MAP]
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

EAST_SOUTH_WEST_NORTH = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker found.

    Args:
        faults: Broken rules, at most `MOST_FAULTS`; empty for a valid result.
        finished: Tasks finished.
        longest_age: Most steps a task was open.
    """

    faults: tuple[str, ...]
    finished: int
    longest_age: int


def drive(
    free: NDArray[np.bool_], starts: NDArray[np.int64], actions: list[str], *, turning: bool
) -> tuple[NDArray[np.int64], list[str]]:
    """Drive `actions` and watch the rules.

    Args:
        free: (height, width) bool.
        starts: (n, 2) column and row.
        actions: One string a vehicle, all of one length T.
        turning: Whether letters are F R C W (or else R D L U W).

    Returns:
        Cells (T + 1, n, 2) and the faults. A vehicle at fault still moves as it says, within
        the map.
    """
    lengths = {len(row) for row in actions}
    if len(actions) != len(starts) or len(lengths) > 1:
        return starts[None], [f'{len(actions)} action strings of lengths {sorted(lengths)}']
    letters = np.array([list(row) for row in actions]).reshape(len(starts), -1)
    strange = sorted(set(letters.ravel()) - set('FRCW' if turning else 'RDLUW'))
    if strange:
        return starts[None], [f'unknown actions {strange}']
    faults: list[str] = []
    cell, heading = starts.copy(), np.zeros(len(starts), dtype=np.int64)
    trail = [cell]
    for t in range(letters.shape[1]):
        step = letters[:, t]
        if turning:
            move = EAST_SOUTH_WEST_NORTH[heading] * (step == 'F')[:, None]
            heading = (heading + (step == 'R') - (step == 'C')) % 4
        else:
            way = np.select([step == 'R', step == 'D', step == 'L', step == 'U'], range(4), 4)
            move = np.vstack([EAST_SOUTH_WEST_NORTH, (0, 0)])[way]
        after = cell + move
        faults += _faults(free, cell, after, t)
        cell = np.clip(after, 0, (free.shape[1] - 1, free.shape[0] - 1))
        trail.append(cell)
    return np.array(trail), faults[:MOST_FAULTS]


def _faults(
    free: NDArray[np.bool_], cell: NDArray[np.int64], after: NDArray[np.int64], t: int
) -> list[str]:
    """Return the rules that the step from `cell` to `after` (n, 2) breaks."""
    height, width = free.shape
    faults = []
    inside = ((after >= 0) & (after < (width, height))).all(axis=1)
    blocked: NDArray[np.bool_] = np.logical_not(inside)
    blocked[inside] = ~free[after[inside, 1], after[inside, 0]]
    faults += [f'step {t}: vehicle {v} enters blocked {after[v]}' for v in np.flatnonzero(blocked)]
    key = after[:, 1] * width + after[:, 0]
    old = cell[:, 1] * width + cell[:, 0]
    order = np.argsort(key, kind='stable')
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    faults += [f'step {t}: vehicles {order[k]} and {order[k + 1]} share a cell' for k in same]
    was_at = {int(place): v for v, place in enumerate(old)}
    for v in np.flatnonzero(key != old):
        other = was_at.get(int(key[v]), -1)
        if other > v and key[other] == old[v]:
            faults.append(f'step {t}: vehicles {v} and {other} change cells')
    return faults


def count(trail: NDArray[np.int64], lists: list[list[list[tuple[int, int]]]]) -> tuple[int, int]:
    """Count finished tasks and the longest age.

    Args:
        trail: (T + 1, n, 2) cells.
        lists: For each vehicle its tasks in order, each a list of cells to visit in turn.
    """
    finished = longest = 0
    for v, tasks in enumerate(lists):
        task = errand = since = 0
        for t in range(1, len(trail)):
            if task >= len(tasks):
                break
            if tuple(trail[t, v]) != tasks[task][errand]:
                continue
            errand += 1
            if errand == len(tasks[task]):
                finished, task, errand = finished + 1, task + 1, 0
                longest, since = max(longest, t - since), t
        if task < len(tasks):
            longest = max(longest, len(trail) - 1 - since)
    return finished, longest


def check(result: dict[str, Any], problem: Path | None, map_file: Path | None) -> Verdict:
    """Check a result of `benchmarks/lifelong.py` against its problem or map file.

    Raises:
        ValueError: A file does not say what it should.
    """
    if (problem is None) == (map_file is None):
        raise ValueError('wanted either a problem or a map file')
    steps = int(result['steps'])
    if problem is not None:
        free, starts, lists = _read_problem(problem, result, steps)
    else:
        free = _read_map(Path(map_file or ''))
        starts = np.array(result['starts']).reshape(-1, 2)
        lists = [[[tuple(cell)] for cell in cells] for cells in result['goals']]
    faults = [f'starts in blocked {cell}' for cell in starts if not free[cell[1], cell[0]]]
    trail, found = drive(free, starts, result['actions'], turning=bool(result['turning']))
    faults += found
    if len(trail) != steps + 1:
        faults.append(f'{len(trail) - 1} steps driven, {steps} wanted')
    finished, longest = count(trail, lists)
    for key, value in (('tasks_finished', finished), ('longest_task_age', longest)):
        if result[key] != value:
            faults.append(f'{key} is given as {result[key]}, found {value}')
    return Verdict(tuple(faults[:MOST_FAULTS]), finished, longest)


def _read_map(path: Path) -> NDArray[np.bool_]:
    lines = path.read_text(encoding='utf-8').splitlines()
    rows = [line for line in lines[lines.index('map') + 1 :] if line]
    return np.array([[letter in '.GSE' for letter in row] for row in rows])


def _read_problem(path: Path, result: dict[str, Any], steps: int) -> tuple[Any, Any, Any]:
    """Return the map, the starts and every vehicle's tasks by the published rule."""
    fields = json.loads(path.read_text(encoding='utf-8'))
    free = _read_map(path.parent / fields['mapFile'])
    width = free.shape[1]

    def cells(name: str) -> list[list[tuple[int, int]]]:
        lines = (path.parent / name).read_text(encoding='utf-8').splitlines()
        rows = [line for line in lines if line.strip() and not line.startswith('#')]
        numbers = [[int(x) for x in row.split(',')] for row in rows[1 : 1 + int(rows[0])]]
        return [[(x % width, x // width) for x in row] for row in numbers]

    n = int(fields['teamSize'])
    starts = np.array([row[0] for row in cells(fields['agentFile'])[:n]])
    tasks = cells(fields['taskFile'])
    if str(fields.get('taskAssignmentStrategy', '')) == 'roundrobin':
        numbers = [[k * n + v for k in range(steps + 1)] for v in range(n)]
    else:
        numbers = result['dealt']
        flat = [number for row in numbers for number in row]
        if len(flat) != len(set(flat)) or min(flat, default=0) < 0:
            raise ValueError('a task was dealt twice')
    return free, starts, [[tasks[k % len(tasks)] for k in row] for row in numbers]


def main(arguments: list[str] | None = None) -> int:
    """Check a result file; return 0 if it is valid, 1 if not, 2 if it cannot be read."""
    parser = argparse.ArgumentParser(prog='linehaul_traffic.lifelong_checker')
    parser.add_argument('result', type=Path)
    parser.add_argument('--problem', type=Path)
    parser.add_argument('--map', type=Path)
    args = parser.parse_args(arguments)
    try:
        result = json.loads(args.result.read_text(encoding='utf-8'))
        verdict = check(result, args.problem, args.map)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f'cannot be checked: {error!r}\n')
        return 2
    sys.stdout.write(
        f'finished={verdict.finished} longest_task_age={verdict.longest_age} '
        f'faults={len(verdict.faults)}\n' + ''.join(f'{fault}\n' for fault in verdict.faults)
    )
    return 1 if verdict.faults else 0


if __name__ == '__main__':
    sys.exit(main())
