# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The verdict on a floor agrees with trying everything; the known jams are solved or named."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.conflict import build_conflicts
from linehaul_floor.roadmap import make_roadmap
from linehaul_traffic.liveness import NodeKind, served, verdict
from linehaul_traffic.road_planner import TrafficPlanner

from linehaul_floor import conflict_table, load_plant
from linehaul_traffic import ExecutionGraph, Path, Wait, Wish

FAR = 10.0
"""[m] between nodes: so far that only what is joined is in conflict."""


@functools.cache
def vehicle_class():
    plant = load_plant('cell')
    return plant.classes[plant.fleet[0].vehicle_class]


def roadmap_of(points, edges, bays=()):
    count = len(points)
    bay = np.zeros(count, bool)
    bay[list(bays)] = True
    start, end = (np.array([e[k] for e in edges], np.int32) for k in range(2))
    return make_roadmap(
        [f'n{k}' for k in range(count)],
        FAR * np.array(points, float),
        [f'n{a}-n{b}' for a, b in edges],
        start,
        end,
        np.ones(len(edges)),
        np.zeros(len(edges), bool),
        node_bay=bay,
        node_turn=np.ones(count, bool),
    )


def both(*pairs):
    return [e for a, b in pairs for e in ((a, b), (b, a))]


@st.composite
def digraphs(draw):
    """A strongly connected digraph: a ring with chords."""
    n = draw(st.integers(3, 6))
    chords = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=8))
    ring = {(k, (k + 1) % n) for k in range(n)}
    return n, sorted(ring | {c for c in chords if c[0] != c[1]})


@settings(max_examples=60, deadline=None)
@given(graph=digraphs(), seed=st.integers(0, 2**32 - 1))
def test_where_pushing_is_promised_the_first_always_gets_on(graph, seed):
    n, edges = graph
    angle = 2.0 * np.pi * np.arange(n) / n
    found = verdict(roadmap_of(np.stack([np.cos(angle), np.sin(angle)], axis=1), edges))
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


def test_a_full_one_way_ring_with_one_hole_is_named():
    ring = [(k, (k + 1) % 4) for k in range(4)]
    found = verdict(roadmap_of([(0, 0), (1, 0), (1, 1), (0, 1)], ring))
    assert not found.pushing
    assert 'one node of every loop free' in found.problems[-1]


def test_a_bay_behind_a_bay_and_a_bay_without_exit_are_refused():
    points = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1)]
    edges = [*both((0, 1), (0, 2), (2, 3)), (1, 4)]
    found = verdict(roadmap_of(points, edges, bays=(2, 3, 4)))
    assert not found.whole_ways
    assert any('n3 is reached through another bay' in text for text in found.problems)
    assert any('n4 is a trap' in text for text in found.problems)


def test_a_bay_too_close_to_its_lane_is_refused():
    roadmap = roadmap_of([(0, 0), (1, 0), (0.02, 0.04)], both((0, 1), (0, 2)), bays=(2,))
    table = build_conflicts(roadmap, vehicle_class(), vehicle_class())
    found = verdict(roadmap, table)
    assert not found.whole_ways
    assert 'in the way' in found.problems[0]


class Jam:
    """Vehicles between bays of a small floor; driven until everybody is there."""

    def __init__(self, points, edges, bays):
        self.roadmap = roadmap_of(points, edges, bays)
        c = vehicle_class()
        table = build_conflicts(self.roadmap, c, c)
        self.graph = ExecutionGraph(self.roadmap, {(c.id, c.id): table}, {c.id: c})
        self.planner = TrafficPlanner(self.graph)
        self.goals = {}

    def put(self, vehicle, node, goal):
        self.graph.place(vehicle, vehicle_class().id, node)
        self.goals[vehicle] = goal

    def where(self, vehicle):
        path, reached, _ = self.graph.path(vehicle)
        return path.nodes[reached]

    def run(self, limit=400):
        for _ in range(limit):
            self.graph.advance(self.graph.now + 1.0)
            for vehicle, goal in self.goals.items():
                if self.graph.at_end(vehicle) and self.where(vehicle) != goal:
                    wish = Wish(vehicle, vehicle_class(), self.where(vehicle), goal, None)
                    assert isinstance(self.planner.plan(wish), Path | Wait)
            for vehicle in self.goals:
                granted, _ = self.graph.grant(vehicle, 15.0)
                if self.graph.path(vehicle)[1] < granted:
                    self.graph.reach(vehicle, self.graph.path(vehicle)[1] + 1)
            if all(self.where(v) == goal for v, goal in self.goals.items()):
                return True
        return False


def aisle(length, bays):
    """A two-way lane 0..length-1 along x, with bays off its nodes: {bay: lane node}."""
    points = [(k, 0) for k in range(length)]
    edges = both(*((k, k + 1) for k in range(length - 1)))
    for k, (lane, side) in enumerate(bays):
        points.append((lane, side))
        edges += both((lane, length + k))
    return points, edges, range(length, length + len(bays))


def test_two_in_a_one_lane_aisle_want_to_swap():
    jam = Jam(*aisle(6, [(0, 1), (0, -1), (5, 1), (5, -1)]))
    jam.put('a', 6, 8)
    jam.put('b', 8 + 1, 7)
    assert jam.run()


def test_two_who_want_each_others_bay_wait_and_are_told_for_whom():
    jam = Jam(*aisle(4, [(0, 1), (3, 1)]))
    jam.put('a', 4, 5)
    jam.put('b', 5, 4)
    wish = Wish('a', vehicle_class(), 4, 5, None)
    assert jam.planner.plan(wish) == Wait('a', 'b', 5)  # the fleet sends one aside


def test_five_on_a_two_way_lane():
    left, right = [(k, 1) for k in range(5)], [(k, -1) for k in range(5)]
    jam = Jam(*aisle(6, left + right))
    for k in range(5):
        jam.put(f'v{k}', 6 + k, 11 + (4 - k))
    assert jam.run()


@pytest.mark.parametrize('shift', [1, 2, 3])
def test_four_at_a_crossing(shift):
    arms = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    points = [(0, 0), *arms]
    edges = both(*((0, k) for k in range(1, 5)))
    for k, (x, y) in enumerate(arms):
        points += [(x + 0.5 * y, y + 0.5 * x), (x - 0.5 * y, y - 0.5 * x)]
        edges += both((1 + k, 5 + 2 * k), (1 + k, 6 + 2 * k))
    jam = Jam(points, edges, range(5, 13))
    for k in range(4):
        jam.put(f'v{k}', 5 + 2 * k, 6 + 2 * ((k + shift) % 4))
    assert jam.run()


def test_a_dead_end_bay_behind_a_queue():
    jam = Jam(*aisle(5, [(4, 1), (0, 1), (1, 1), (2, 1), (0, -1), (4, -1)]))
    jam.put('inside', 5, 9)  # from the dead end out
    for k in range(3):
        jam.put(f'queue{k}', 6 + k, 10 if k == 0 else (5 if k == 1 else 6))
    assert jam.run()
