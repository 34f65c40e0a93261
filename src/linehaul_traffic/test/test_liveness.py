# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a floor agrees with trying everything; the known jams are solved or named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.conflict import build_conflicts
from linehaul_traffic.liveness import NodeKind, served, verdict

from linehaul_floor import conflict_table, load_plant


@st.composite
def digraphs(draw):
    """A strongly connected digraph: a ring with chords."""
    n = draw(st.integers(3, 6))
    chords = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=8))
    ring = {(k, (k + 1) % n) for k in range(n)}
    return n, sorted(ring | {c for c in chords if c[0] != c[1]})


@settings(max_examples=60, deadline=None)
@given(graph=digraphs(), seed=st.integers(0, 2**32 - 1))
def test_where_pushing_is_promised_the_first_always_gets_on(floors, graph, seed):
    n, edges = graph
    angle = 2.0 * np.pi * np.arange(n) / n
    found = verdict(floors.roadmap_of(np.stack([np.cos(angle), np.sin(angle)], axis=1), edges))
    order = np.random.default_rng(seed).permutation(n).tolist()
    stuck = [
        (first, goal)
        for first in order[:-1]  # one hole, anywhere
        for goal in (b for a, b in edges if a == first)
        if not served(frozenset(edges), (first, *(k for k in order[:-1] if k != first)), goal)
    ]
    assert not (found.pushing and stuck)
    if stuck:  # then the verdict names a node, and says what to do
        assert (found.kinds == NodeKind.CHAIN).any()
        assert 'crossovers' in found.problems[-1]


def test_the_reference_plant_keeps_both_promises():
    plant = load_plant('jiaozhou')
    found = verdict(plant.roadmap, conflict_table(plant, plant.fleet[0].vehicle_class))
    assert found.whole_ways
    assert found.pushing
    assert found.problems == ()
    assert np.count_nonzero(found.kinds == NodeKind.BAY) == len(plant.places)


def test_a_bay_behind_a_bay_and_a_bay_without_exit_are_refused(floors):
    points = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1)]
    edges = [*floors.both((0, 1), (0, 2), (2, 3)), (1, 4)]
    found = verdict(floors.roadmap_of(points, edges, bays=(2, 3, 4)))
    assert not found.whole_ways
    assert any('n3 is reached through another bay' in text for text in found.problems)
    assert any('n4 is a trap' in text for text in found.problems)


def test_a_bay_too_close_to_its_lane_is_refused(floors):
    roadmap = floors.roadmap_of(
        [(0, 0), (1, 0), (0.02, 0.04)], floors.both((0, 1), (0, 2)), bays=(2,)
    )
    table = build_conflicts(roadmap, floors.vehicle_class(), floors.vehicle_class())
    found = verdict(roadmap, table)
    assert not found.whole_ways
    assert 'in the way' in found.problems[0]


@pytest.mark.parametrize('shift', [1, 2, 3])
def test_four_at_a_crossing(floors, shift):
    arms = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    points = [(0, 0), *arms]
    edges = floors.both(*((0, k) for k in range(1, 5)))
    for k, (x, y) in enumerate(arms):
        points += [(x + 0.5 * y, y + 0.5 * x), (x - 0.5 * y, y - 0.5 * x)]
        edges += floors.both((1 + k, 5 + 2 * k), (1 + k, 6 + 2 * k))
    jam = floors.Jam(points, edges, range(5, 13))
    for k in range(4):
        jam.put(f'v{k}', 5 + 2 * k, 6 + 2 * ((k + shift) % 4))
    assert jam.run()
