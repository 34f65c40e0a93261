# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The execution graph: granted space never overlaps, and somebody can always go on."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linehaul_floor import conflict_table, load_plant, shortest_route
from linehaul_traffic import CommitError, ExecutionGraph, Path, Wait


@functools.cache
def cell():
    plant = load_plant('cell')
    name = plant.fleet[0].vehicle_class
    table = conflict_table(plant, name)
    return plant, name, table


def new_graph():
    plant, name, table = cell()
    return ExecutionGraph(plant.roadmap, {(name, name): table})


class Fleet:
    """Vehicles on random errands between places, stepping at random."""

    def __init__(self, seed):
        self.plant, self.name, self.table = cell()
        self.rng = np.random.default_rng(seed)
        self.graph = new_graph()
        parking = [s.place for s in self.plant.fleet]
        self.homes = {f'v{k}': self.plant.places[p].node for k, p in enumerate(parking)}
        self.places = [
            p.node
            for p in self.plant.places.values()
            if self.name in p.classes and p.node not in self.homes.values()
        ]
        self.done = dict.fromkeys(self.homes, 0)
        for vehicle, node in self.homes.items():
            self.graph.place(vehicle, self.name, node)

    def way(self, vehicle, goal):
        """Return the quickest way round everybody who rests, or for whom to wait."""
        rests = self.graph.rests(vehicle)
        if goal in rests:
            return Wait(vehicle, rests[goal], goal)
        roadmap, start = self.plant.roadmap, self.graph.path(vehicle)[0].nodes[-1]
        taken = np.zeros(roadmap.node_count + roadmap.edge_count, bool)
        taken[[x for x in rests if x != start]] = True
        nodes, edges = np.split(taken, [roadmap.node_count])
        return self.route(start, goal, edges | nodes[roadmap.edge_end])

    def route(self, start, goal, blocked=None):
        kind = self.plant.classes[self.name]
        found = shortest_route(
            self.plant.roadmap, start, goal, vehicle_class=kind, blocked=blocked
        )
        return Path(tuple(found.nodes.tolist()), tuple(found.edges.tolist()))

    def step(self):
        for vehicle in sorted(self.homes, key=lambda _: self.rng.random()):
            path, reached, _ = self.graph.path(vehicle)
            if reached == len(path.nodes) - 1:
                self.done[vehicle] += 1
                goal = int(self.rng.choice(self.places))
                way = self.way(vehicle, goal)
                if isinstance(way, Wait):
                    way = self.way(vehicle, self.homes[vehicle])
                assert isinstance(way, Path)
                self.graph.commit(vehicle, way)
            granted, _ = self.graph.grant(vehicle, 10.0)
            _, reached, _ = self.graph.path(vehicle)
            if reached < granted and self.rng.random() < 0.6:
                self.graph.reach(vehicle, reached + 1)
        self.check()

    def held(self, vehicle):
        path, reached, granted = self.graph.path(vehicle)
        n = self.plant.roadmap.node_count
        nodes = path.nodes[reached : granted + 1]
        return [*nodes, *(n + e for e in path.edges[reached:granted])]

    def check(self):
        for a, b in itertools.combinations(self.homes, 2):
            theirs = set(self.held(b))
            for element in self.held(a):
                assert not theirs.intersection(self.table.of(element).tolist()), (a, b)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_granted_space_of_two_vehicles_never_overlaps_and_all_get_on(seed):
    fleet = Fleet(seed)
    for _ in range(400):
        fleet.step()
    assert min(fleet.done.values()) >= 3


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_graph_restored_from_paths_and_reports_goes_on_safely(seed):
    fleet = Fleet(seed)
    order = []
    commit = fleet.graph.commit

    def remember(vehicle, path):
        commit(vehicle, path)
        order.append(vehicle)

    fleet.graph.commit = remember
    for _ in range(100):
        fleet.step()
    old, last = fleet.graph, {v: k for k, v in enumerate(order)}
    fleet.graph = new_graph()
    for vehicle in sorted(last, key=last.get):
        fleet.graph.restore(vehicle, fleet.name, old.path(vehicle)[0])
    for vehicle in last:
        fleet.graph.resume(vehicle, *old.path(vehicle)[1:])
    before = dict(fleet.done)
    for _ in range(300):
        fleet.step()
    assert all(fleet.done[v] > before[v] for v in fleet.homes)


def test_a_vehicle_waits_for_the_earlier_commit_and_is_told_for_whom():
    fleet = Fleet(1)
    a, b = list(fleet.homes)[:2]
    goals = fleet.places
    way_a = fleet.way(a, goals[-1])
    fleet.graph.commit(a, way_a)
    fleet.graph.commit(b, fleet.way(b, goals[0]))
    fleet.graph.grant(a, 1.0)
    waits = []
    for _ in range(200):
        _, wait = fleet.graph.grant(b, 1000.0)
        waits.append(wait)
        if wait is None:
            break
        mine = fleet.graph.path(a)
        fleet.graph.grant(a, 5.0)
        if mine[1] < fleet.graph.path(a)[2]:
            fleet.graph.reach(a, mine[1] + 1)
    assert waits[0] == Wait(b, a, waits[0].element)
    assert waits[-1] is None


def test_what_would_break_safety_or_liveness_is_refused():
    fleet = Fleet(2)
    a, b = list(fleet.homes)[:2]
    goal = fleet.places[-1]
    way = fleet.way(a, goal)
    with pytest.raises(CommitError, match='not on the floor'):
        fleet.graph.commit('nobody', way)
    with pytest.raises(CommitError, match='begins elsewhere'):
        fleet.graph.commit(b, way)
    with pytest.raises(CommitError, match='does not join'):
        fleet.graph.commit(a, Path(way.nodes, way.edges[::-1]))
    with pytest.raises(CommitError, match='granted'):
        fleet.graph.reach(a, 3)
    fleet.graph.commit(a, way)
    with pytest.raises(CommitError, match='under way'):
        fleet.graph.commit(a, Path((goal,), ()))
    assert isinstance(fleet.way(b, goal), Wait)
    home_a = fleet.homes[a]
    with pytest.raises(CommitError, match='rests in the way'):
        fleet.graph.commit(b, fleet.route(fleet.homes[b], goal))
    assert home_a in fleet.graph.path(a)[0].nodes


def test_a_vehicle_that_appears_in_somebodys_way_goes_first():
    fleet = Fleet(4)
    a = next(iter(fleet.homes))
    goal = fleet.places[-1]
    way = fleet.way(a, goal)
    fleet.graph.commit(a, way)
    fleet.graph.place('stranger', fleet.name, way.nodes[len(way.nodes) // 2])
    granted, wait = fleet.graph.grant(a, 1000.0)
    assert granted < len(way.nodes) // 2
    assert wait.waits_for == 'stranger'
    fleet.graph.remove('stranger')
    assert fleet.graph.grant(a, 1000.0) == (len(way.nodes) - 1, None)
