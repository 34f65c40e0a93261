# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The way out of a knot is found exactly where there is one, and can be driven."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.knot_moves import Knot
from linehaul_traffic.knots import Limits, Search, roads_with_bays


def search_of(jam, goals):
    """Return a search for vehicles on the nodes goals.keys() (indices), to goals.values()."""
    model = jam.graph.model
    roads, arrays, roadmap = roads_with_bays(model), model.arrays, jam.roadmap
    starts = np.array(list(goals), np.int32)
    out = [roadmap.edges_from(int(n)) for n in starts]
    cost = np.array([_row(jam, goal) for goal in goals.values()])
    knot = Knot(
        kind=np.zeros(starts.size, np.int32),
        next_indptr=roads.next_indptr,
        next_edge=roads.next_edge,
        next_turn=roads.next_turn,
        first_indptr=np.cumsum([0, *(len(o) for o in out)]).astype(np.int32),
        first_edge=np.concatenate(out).astype(np.int32),
        first_turn=np.zeros(sum(len(o) for o in out)),
        cost=np.where(np.isfinite(cost), cost, 1e5),
        goal=np.array(list(goals.values()), np.int32),
        walls=np.zeros(arrays.rows.shape[2] - 1, bool),
        most=8,
    )
    return Search(knot, arrays, np.full(starts.size, -1, np.int32), starts)


def _row(jam, goal):
    table = jam.planner._tables[0]
    return table.row(goal) if goal >= 0 else np.zeros(jam.roadmap.edge_count)


def drive(edges, stand, moves, pairs):
    """Drive moves on nodes; return where everybody is."""
    where = list(stand)
    for i, e in moves:
        a, b = pairs[e]
        assert where[i] == a
        assert b not in where
        where[i] = b
    return tuple(where)


def solvable(edges, stand, goals):
    """Try everything: can all come to their goals, one move at a time?"""
    seen, todo = {stand}, [stand]
    while todo:
        now = todo.pop()
        if now == goals:
            return True
        for i, a in enumerate(now):
            for s, b in edges:
                if s == a and b not in now:
                    after = (*now[:i], b, *now[i + 1 :])
                    if after not in seen:
                        seen.add(after)
                        todo.append(after)
    return False


@st.composite
def teams(draw):
    """A small graph, and vehicles on it that want to be elsewhere."""
    n = draw(st.integers(3, 5))
    ring = {(k, (k + 1) % n) for k in range(n)} if draw(st.booleans()) else set()
    line = {(k, k + 1) for k in range(n - 1)}
    one_way = draw(st.booleans())
    edges = ring | line
    if not one_way or not ring:
        edges |= {(b, a) for a, b in edges}
    chords = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3))
    edges |= {c for c in chords if c[0] != c[1]}
    count = draw(st.integers(2, n - 1))
    stand = tuple(draw(st.permutations(range(n)))[:count])
    goals = tuple(draw(st.permutations(range(n)))[:count])
    return n, sorted(edges), stand, goals


@settings(max_examples=40, deadline=None)
@given(team=teams())
def test_a_way_out_is_found_exactly_where_there_is_one(floors, team):
    n, edges, stand, goals = team
    angle = 2.0 * np.pi * np.arange(n) / n
    jam = floors.Jam(np.stack([np.cos(angle), np.sin(angle)], axis=1), edges)
    pairs = list(zip(jam.roadmap.edge_start, jam.roadmap.edge_end, strict=True))
    search = search_of(jam, dict(zip(stand, goals, strict=True)))
    order = np.arange(len(stand), dtype=np.int32)
    found = search.way_out(order, np.random.default_rng(0), Limits(visits=50_000))
    if found.moves is None:
        assert found.exhausted
        assert not solvable(edges, stand, goals)
    else:
        assert drive(edges, stand, found.moves, pairs) == goals


def test_two_swap_in_an_aisle_by_a_bay(floors):
    jam = floors.Jam(*floors.aisle(6, [(2, 1)]))
    pairs = list(zip(jam.roadmap.edge_start, jam.roadmap.edge_end, strict=True))
    search = search_of(jam, {0: 5, 5: 0})
    found = search.way_out(np.arange(2, dtype=np.int32), np.random.default_rng(0), Limits())
    assert drive(None, (0, 5), found.moves, pairs) == (5, 0)
    first = search.way_out(
        np.arange(2, dtype=np.int32), np.random.default_rng(0), Limits(repeats=0)
    )
    assert search.cost(found.moves) <= search.cost(first.moves)


@pytest.mark.parametrize('hole', range(4))
def test_a_one_way_ring_with_one_hole_turns(floors, hole):
    ring = [(k, (k + 1) % 4) for k in range(4)]
    jam = floors.Jam([(0, 0), (1, 0), (1, 1), (0, 1)], ring)
    pairs = list(zip(jam.roadmap.edge_start, jam.roadmap.edge_end, strict=True))
    stand = tuple(k for k in range(4) if k != hole)
    goals = tuple((k + 1) % 4 for k in stand)
    search = search_of(jam, dict(zip(stand, goals, strict=True)))
    found = search.way_out(np.arange(3, dtype=np.int32), np.random.default_rng(0), Limits())
    assert drive(None, stand, found.moves, pairs) == goals


def test_a_full_ring_is_known_to_have_no_way_out(floors):
    ring = [(k, (k + 1) % 4) for k in range(4)]
    jam = floors.Jam([(0, 0), (1, 0), (1, 1), (0, 1)], ring)
    search = search_of(jam, {0: 1, 1: 2, 2: 3, 3: 0})
    found = search.way_out(np.arange(4, dtype=np.int32), np.random.default_rng(0), Limits())
    assert found.moves is None
    assert found.exhausted
