# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Small floors on which vehicles jam, shared by the tests."""

import functools
import itertools
import sys

import numpy as np
import pytest
from linehaul_floor.conflict import build_conflicts
from linehaul_floor.roadmap import make_roadmap
from linehaul_traffic.road_planner import TrafficPlanner
from linehaul_traffic.road_queues import FREE, overlap

from linehaul_floor import load_plant
from linehaul_traffic import ExecutionGraph, Path, Wait, Wish

FAR = 10.0
"""[m] between nodes: so far that only what is joined is in conflict."""


@pytest.fixture(scope='session')
def floors():
    """Everything in this file."""
    return sys.modules[__name__]


@functools.cache
def vehicle_class():
    plant = load_plant('cell')
    return plant.classes[plant.fleet[0].vehicle_class]


def roadmap_of(points, edges, bays=()):
    """Return a roadmap of points [10 m] and directed edges; vehicles may turn everywhere."""
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
    """Return edges both ways."""
    return [e for a, b in pairs for e in ((a, b), (b, a))]


def aisle(length, bays):
    """A two-way lane 0..length-1 along x, with bays off its nodes."""
    points = [(k, 0) for k in range(length)]
    edges = both(*((k, k + 1) for k in range(length - 1)))
    for k, (lane, side) in enumerate(bays):
        points.append((lane, side))
        edges += both((lane, length + k))
    return points, edges, range(length, length + len(bays))


class Jam:
    """Vehicles between places of a small floor; driven until everybody is there."""

    def __init__(self, points, edges, bays=()):
        self.roadmap = roadmap_of(points, edges, bays)
        c = vehicle_class()
        table = build_conflicts(self.roadmap, c, c)
        self.conflicts = {(c.id, c.id): table}
        self.graph = ExecutionGraph(self.roadmap, self.conflicts, {c.id: c})
        self.planner = TrafficPlanner(self.graph)
        self.goals = {}
        self.unable = {}

    def put(self, vehicle, node, goal):
        self.graph.place(vehicle, vehicle_class().id, node)
        self.goals[vehicle] = goal

    def where(self, vehicle):
        path, reached, _ = self.graph.path(vehicle)
        return path.nodes[reached]

    def edge(self, start, end):
        return self.roadmap.edge_ids.index(f'n{start}-n{end}')

    def close(self, *pairs):
        closed = np.zeros(self.roadmap.edge_count, bool)
        closed[[self.edge(*pair) for pair in pairs]] = True
        self.planner.close(closed)

    def wish(self, vehicle):
        return Wish(vehicle, vehicle_class(), self.where(vehicle), self.goals[vehicle], None)

    def plan(self, *vehicles):
        """Plan for vehicles in this order."""
        for vehicle in vehicles:
            assert isinstance(self.planner.plan(self.wish(vehicle)), Path)

    def step(self):
        """Let a second pass in which everybody who may reaches one more node."""
        self.graph.advance(self.graph.now + 1.0, self.unable)
        for vehicle, goal in self.goals.items():
            here = self.where(vehicle)
            if self.graph.at_end(vehicle) and here != goal and vehicle not in self.unable:
                assert isinstance(self.planner.plan(self.wish(vehicle)), Path | Wait)
        for vehicle in [v for v in self.goals if v not in self.unable]:
            granted, _ = self.graph.grant(vehicle, 15.0)
            if self.graph.path(vehicle)[1] < granted:
                self.graph.reach(vehicle, self.graph.path(vehicle)[1] + 1)
        self.check()

    def check(self):
        """Nobody is where another may be; claims meet only those of who was put there."""
        for a, b in itertools.combinations(self.goals, 2):
            theirs = set(self.held(b))
            arrays = self.graph.model.arrays
            for x in self.held(a):
                begin, end = arrays.rows[0, 0, x : x + 2]
                assert not theirs.intersection(arrays.row[begin:end].tolist()), (a, b)
        for vehicle in self.goals:
            v = self.graph.slot(vehicle)
            w, _ = overlap(self.graph.queues, self.graph.model.arrays, v)
            assert w == FREE or self.graph.queues.size[w] == 1, (vehicle, w)

    def held(self, vehicle):
        """Return the elements that a vehicle may be on."""
        path, reached, granted = self.graph.path(vehicle)
        arrays = self.graph.model.arrays
        turn = self.graph.queues.turn[self.graph.slot(vehicle)]
        here = path.nodes[0] if reached == 0 else arrays.poses + path.edges[reached - 1]
        steps = range(reached, granted)
        return [
            here,
            *(arrays.nodes + path.edges[p] for p in steps),
            *(arrays.poses + path.edges[p] for p in steps),
            *(path.nodes[p] for p in steps if turn[p] > 0.0),
        ]

    def home(self):
        """Tell whether everybody is where he wants to be."""
        return all(self.where(v) == goal for v, goal in self.goals.items())

    def run(self, limit=400):
        """Drive; tell whether everybody came home."""
        for _ in range(limit):
            self.step()
            if self.home():
                return True
        return False
