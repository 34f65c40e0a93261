# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
r"""One-shot planning on grids: sum of costs over its lower bound in a given time.

One instance (MovingAI map and scenario):

    python benchmarks/oneshot.py --map FILE.map --scen FILE.scen --agents N --seconds T \
        [--seed S] --out OUT.json

T counts from the loaded instance and ends with the plan; loading and compiling come before it
(`compile_s`). Every plan goes through `linehaul_traffic.checker`; a fault ends the run with 1.
`--cpu-clock` plans on one thread and counts its processor time instead, for a busy machine.
`--peer PROGRAM` also runs LaCAM3's command line on the same instance for the same time.

Without an instance: the public instances in the shared data beside the best figures of LaCAM3's
anytime mode that were measured for them.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
from linehaul_traffic.checker import check_plan
from linehaul_traffic.errors import InputError
from linehaul_traffic.oneshot import plan_once, warm_up
from linehaul_traffic.plan import cells_of, load_instance

DATA = common.ROOT.parent / 'shared' / 'data' / 'mapf' / 'movingai'
ROWS = [
    ('room-32-32-4', 100, 10, 1.281, 0.02), ('room-32-32-4', 200, 10, 1.820, 0.03),
    ('random-32-32-10', 200, 10, 1.111, 0.02), ('random-32-32-10', 400, 10, 1.585, 0.04),
    ('random-32-32-20', 200, 10, 1.297, 0.03), ('random-32-32-20', 400, 10, 2.322, 0.05),
    ('warehouse-10-20-10-2-1', 200, 10, 1.026, 0.05),
    ('warehouse-10-20-10-2-1', 500, 10, 1.182, 0.16),
    ('warehouse-10-20-10-2-1', 1000, 30, 1.894, 0.39),
]  # fmt: skip
"""Map, agents, seconds, LaCAM3's best anytime ratio, seconds of LaCAM with swap to a plan."""
QUICK = ('random-32-32-20', 'warehouse-10-20-10-2-1')
PEER_FIRST = ('--no-star', '--no-scatter', '--no-refiner', '--pibt-num', '1', '--no-multi-thread')


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--map', type=Path, help='MovingAI map')
    parser.add_argument('--scen', type=Path, help='MovingAI scenario')
    parser.add_argument('--agents', type=int, help='how many of its agents')
    parser.add_argument('--seconds', type=float, default=10.0, help='time for the plan')
    parser.add_argument('--threads', type=int, default=2, choices=(1, 2))
    parser.add_argument('--cpu-clock', action='store_true', help='one thread, processor time')
    parser.add_argument('--peer', type=Path, help='LaCAM3 program to run beside')
    args = parser.parse_args()
    given = [value is not None for value in (args.map, args.scen, args.agents)]
    if any(given) and not all(given):
        parser.error('--map, --scen and --agents go together')
    if not args.seconds > 0:
        parser.error('--seconds must be positive')
    try:
        return single(args) if all(given) else suite(args)
    except InputError as error:
        parser.error(str(error))


def single(args: argparse.Namespace) -> int:
    result = one(args.map, args.scen, args.agents, args.seconds, args)
    ratio = result['sum_of_costs'] / max(result['lower_bound'], 1)
    figures = [
        common.figure(
            'sum of costs / lower bound', ratio if result['solved'] else float('nan'), '1'
        ),
        common.figure('first solution', result['first_solution_s'], 's'),
        common.figure('wall', result['wall_s'], 's'),
        common.figure('faults found by the checker', len(result['faults']), '1', target=0),
    ]
    common.finish('oneshot', args, figures, detail=result)
    return 1 if result['faults'] else 0


def one(
    map_file: Path, scen: Path, agents: int, seconds: float, args: argparse.Namespace
) -> dict[str, Any]:
    """Plan and check one instance; return its result."""
    grid, starts, goals = load_instance(map_file, scen, agents)
    compile_s = warm_up()
    plan = plan_once(
        grid,
        grid.nodes_at(starts),
        grid.nodes_at(goals),
        seconds,
        args.seed,
        threads=1 if args.cpu_clock else args.threads,
        clock=time.thread_time if args.cpu_clock else time.perf_counter,
    )
    paths = cells_of(grid, plan) if plan.solved else []
    faults: list[str] = []
    if plan.solved:
        verdict = check_plan(grid.free, starts, goals, paths)
        faults = [f'{fault.rule.value}: {fault}' for fault in verdict.faults]
        if (verdict.sum_of_costs, verdict.makespan) != (plan.sum_of_costs, plan.makespan):
            faults.append(f'recomputed {verdict.sum_of_costs} and {verdict.makespan}')
    return {
        'map': map_file.name,
        'solved': plan.solved,
        'outcome': plan.outcome.value,
        'agents': agents,
        'sum_of_costs': plan.sum_of_costs,
        'lower_bound': plan.lower_bound,
        'makespan': plan.makespan,
        'first_solution_s': plan.first_solution_s,
        'wall_s': plan.wall_s,
        'compile_s': compile_s,
        'history': [[round(step.seconds, 4), step.sum_of_costs] for step in plan.history],
        'faults': faults,
        'paths': paths,
    }


def suite(args: argparse.Namespace) -> int:
    """Run the public instances."""
    if not DATA.exists():
        print(f'the public instances are not at {DATA}: nothing to run')
        return 0
    figures, details = [], []
    for name, agents, seconds, ratio, first in ROWS:
        if args.quick and not (name in QUICK and agents == 200):
            continue
        files = DATA / 'maps' / f'{name}.map', DATA / 'scen' / f'{name}-random-1.scen'
        result = one(*files, agents, seconds, args)
        del result['paths']
        got = result['sum_of_costs'] / result['lower_bound'] if result['solved'] else float('nan')
        row = f'{name}, {agents}'
        figures += [
            common.figure(f'{row}: sum of costs / bound at {seconds} s', got, '1', target=ratio),
            common.figure(f'{row}: first plan', result['first_solution_s'], 's', target=2 * first),
        ]
        if args.peer:
            result['peer'] = peer(args.peer, *files, agents, seconds, args.seed)
            figures += [
                common.figure(f'{row}: LaCAM3 in the same time', result['peer']['ratio'], '1'),
                common.figure(f'{row}: LaCAM + swap', result['peer']['first_s'], 's'),
            ]
        details.append(result)
        print(*(f'{each["name"]}: {each["value"]:.4f}' for each in figures[-4:]), sep='; ')
    faults = sum(len(result['faults']) for result in details)
    figures.append(common.figure('faults found by the checker', faults, '1', target=0))
    common.finish('oneshot', args, figures, detail={'runs': details})
    return 1 if faults else 0


def peer(
    program: Path, map_file: Path, scen: Path, agents: int, seconds: float, seed: int
) -> dict[str, float]:
    """Run LaCAM3: its anytime ratio, and how long LaCAM with swap takes to a first plan."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'result.txt'
        call = [str(program), '-m', map_file, '-i', scen, '-N', agents, '-s', seed, '-o', out]
        call = [str(part) for part in call]
        subprocess.run([*call, '-t', str(int(seconds))], check=True, capture_output=True)
        anytime = out.read_text(encoding='utf-8')
        subprocess.run([*call, '-t', '30', *PEER_FIRST], check=True, capture_output=True)
        first = out.read_text(encoding='utf-8')
    cost, bound = (_number(anytime, key) for key in ('soc', 'soc_lb'))
    return {
        'ratio': cost / bound if cost else float('nan'),
        'first_s': _number(first, 'comp_time') / 1000,
    }


def _number(text: str, key: str) -> float:
    found = re.search(rf'^{key}=(\d+)', text, re.MULTILINE)
    return float(found.group(1)) if found else float('nan')


if __name__ == '__main__':
    sys.exit(main())
