# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Traffic in which everything goes wrong, in small: the fault benchmark for some minutes.

The chances are many times those of the benchmark, so that every fault comes together with every
other. The runs are deterministic.
"""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / 'benchmarks'


@pytest.fixture(scope='module')
def faults():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import _fault_links
        import _fault_run
        import roadmap_faults
    finally:
        sys.path.remove(str(BENCHMARKS))
    much = _fault_run.Faults(
        stall=0.01,
        longest_stall=60.0,
        link=_fault_links.Link(lost=0.2, late=0.2, delay=3.0, outage=0.002, cut_off=30.0),
        breakdown=0.02,
        repair=60.0,
        closing=0.05,
        closed_for=40.0,
        restart=0.05,
    )
    return roadmap_faults, much


@pytest.mark.parametrize('seed', range(3))
def test_nobody_meets_nobody_sticks(faults, seed):
    benchmark, much = faults
    run = benchmark.fault_run('cell', 6, seed, much)
    run.go(600.0)
    assert run.world.overlaps == 0
    assert run.result.deadlocks == 0
    assert run.result.tasks >= 20
    now = run.world.now
    assert min(run.moved_at) > now - 300.0, 'somebody has not moved for five minutes'
    assert min(run.counts.values()) > 0, 'every kind of fault has come'
    assert run.reports.lost > 0
    assert run.grants.late > 0


def test_the_same_seed_gives_the_same_run(faults):
    benchmark, much = faults
    runs = [benchmark.fault_run('cell', 6, 7, much) for _ in range(2)]
    for run in runs:
        run.go(100.0)
    assert runs[0].counts == runs[1].counts
    assert runs[0].world.moves == runs[1].world.moves
    assert (runs[0].world.bodies.pose == runs[1].world.bodies.pose).all()
