# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Plan a MovingAI instance from the command line, with progress and a picture.

    python -m linehaul_traffic.plan --map M.map --scen M.scen --agents 200 --picture plan.html

Exit code 0: a valid plan; 1: no plan (the reason is printed); 2: input that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from linehaul_traffic.checker import Verdict, check_plan
from linehaul_traffic.errors import InputError, PlanError, ScenarioError
from linehaul_traffic.grid import Grid, read_map, read_scen
from linehaul_traffic.oneshot import Plan, Progress, plan_once, warm_up
from linehaul_traffic.picture import save_picture


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.picture and args.picture.suffix.lower() not in ('.svg', '.html', '.png'):
            raise InputError(f'{args.picture}: a picture ends in .svg, .html or .png')
        grid, starts, goals = load_instance(args.map, args.scen, args.agents)
        return _plan(args, grid, starts, goals)
    except InputError as error:
        _say(f'error: {error}')
        return 2


def load_instance(
    map_file: Path, scen_file: Path, agents: int
) -> tuple[Grid, list[list[int]], list[list[int]]]:
    """Read a map and the first `agents` starts and goals (column, row) of a scenario.

    Raises:
        InputError: A file cannot be read, or has fewer agents than wanted.
    """
    grid = read_map(map_file)
    starts, goals = read_scen(scen_file)
    if not 0 < agents <= len(starts):
        raise ScenarioError(f'{scen_file}: has 1 to {len(starts)} agents, wanted {agents}')
    return grid, starts[:agents].tolist(), goals[:agents].tolist()


def cells_of(grid: Grid, plan: Plan) -> list[list[tuple[int, int]]]:
    """Return the cells (column, row) of each path, up to the step from which it stays."""
    paths = []
    for row in plan.paths:
        end = len(row)
        while end > 1 and row[end - 2] == row[-1]:
            end -= 1
        paths.append([(int(x), int(y)) for x, y in grid.xy[row[:end]]])
    return paths


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_traffic.plan', description='Plan a MovingAI instance.'
    )
    parser.add_argument('--map', type=Path, required=True, help='MovingAI .map file')
    parser.add_argument('--scen', type=Path, required=True, help='MovingAI .scen file')
    parser.add_argument('--agents', type=int, required=True, help='how many of its agents')
    parser.add_argument('--seconds', type=float, default=5.0, help='how long to improve the plan')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--threads', type=int, default=2, choices=(1, 2))
    parser.add_argument('--out', type=Path, help='write figures and paths to this JSON file')
    parser.add_argument('--picture', type=Path, help='.html (slider), .svg (animated) or .png')
    return parser


def _plan(
    args: argparse.Namespace, grid: Grid, starts: list[list[int]], goals: list[list[int]]
) -> int:
    _say('loading kernels')
    _say(f'ready after {warm_up():.1f} s; planning for {args.agents} agents')
    plan = plan_once(
        grid,
        grid.nodes_at(starts),
        grid.nodes_at(goals),
        args.seconds,
        args.seed,
        threads=args.threads,
        on_progress=_show,
    )
    _say('')
    if not plan.solved:
        _say(f'no plan: {plan.outcome.value} after {plan.wall_s:.2f} s')
        return 1
    paths = cells_of(grid, plan)
    verdict = check_plan(grid.free, starts, goals, paths)
    if not verdict.valid:
        raise PlanError(f'the checker refuses the plan: {verdict.faults[:3]}')
    title = _summary(args, plan, verdict)
    _say(title)
    if args.out:
        args.out.write_text(json.dumps(_document(args, plan, paths)), encoding='utf-8')
    if args.picture:
        save_picture(args.picture, grid.free, paths, title)
    return 0


def _summary(args: argparse.Namespace, plan: Plan, verdict: Verdict) -> str:
    ratio = verdict.sum_of_costs / max(verdict.lower_bound, 1)
    return (
        f'{args.map.stem}, {args.agents} agents: sum of costs {verdict.sum_of_costs} '
        f'({ratio:.3f} of the bound), makespan {verdict.makespan}, '
        f'first plan after {plan.first_solution_s:.2f} s, checked: valid'
    )


def _document(
    args: argparse.Namespace, plan: Plan, paths: list[list[tuple[int, int]]]
) -> dict[str, Any]:
    return {
        'map': args.map.name,
        'scen': args.scen.name,
        'agents': args.agents,
        'seed': args.seed,
        'sum_of_costs': plan.sum_of_costs,
        'lower_bound': plan.lower_bound,
        'makespan': plan.makespan,
        'first_solution_s': plan.first_solution_s,
        'wall_s': plan.wall_s,
        'paths': paths,
    }


def _show(progress: Progress) -> None:
    """Show an improvement, on one line when a person is watching."""
    end = '\r' if sys.stderr.isatty() else '\n'
    sys.stderr.write(f'{progress.seconds:7.2f} s  sum of costs {progress.sum_of_costs}{end}')
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stderr.write(text + '\n')


if __name__ == '__main__':
    sys.exit(main())
