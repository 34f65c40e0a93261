# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles under way go elsewhere: nothing granted is taken back, and nobody gets stuck."""

import functools

import numpy as np
import pytest
from linehaul_traffic.redirect import can_redirect, congestion, free_for, redirect
from linehaul_traffic.road_planner import TrafficPlanner

from linehaul_floor import PlaceKind, conflict_table, load_plant
from linehaul_traffic import ExecutionGraph, Path, Wish


@functools.cache
def cell():
    plant = load_plant('cell')
    return plant, {
        (a, b): conflict_table(plant, a, b) for a in plant.classes for b in plant.classes
    }


class Floor:
    def __init__(self, seed=0):
        self.plant, conflicts = cell()
        self.graph = ExecutionGraph(self.plant.roadmap, conflicts, self.plant.classes)
        self.planner = TrafficPlanner(self.graph, np.random.default_rng(seed))
        self.fleet = {s.id: s for s in self.plant.fleet}
        for s in self.fleet.values():
            self.graph.place(s.id, s.vehicle_class, self.plant.places[s.place].node)

    def places(self, kind):
        return [p.node for p in self.plant.places_of(kind)]

    def send(self, vehicle, goal):
        name = self.fleet[vehicle].vehicle_class
        here = self.graph.path(vehicle)[0].nodes[-1]
        return self.planner.plan(Wish(vehicle, self.plant.classes[name], here, goal, None))

    def drive(self, steps, lookahead=5.0):
        for _ in range(steps):
            self.graph.advance(self.graph.now + 2.0)
            for vehicle in self.fleet:
                granted, _ = self.graph.grant(vehicle, lookahead)
                reached = self.graph.path(vehicle)[1]
                if reached < granted:
                    self.graph.reach(vehicle, reached + 1)


def under_way(count=2):
    floor = Floor()
    goals = floor.places(PlaceKind.STATION)[1:] + floor.places(PlaceKind.WAREHOUSE_PORT)
    for vehicle, goal in zip(list(floor.fleet)[:count], goals, strict=False):
        assert isinstance(floor.send(vehicle, goal), Path)
    floor.drive(2, lookahead=2.0)
    return floor, list(floor.fleet)[:count], goals[:count]


def test_what_is_granted_stays_and_the_way_ends_at_the_new_goal():
    floor, (one, _), _ = under_way()
    before, _, granted = floor.graph.path(one)
    goal = floor.places(PlaceKind.STATION)[0]
    assert redirect(floor.planner, {one: goal})
    after, _, still = floor.graph.path(one)
    assert still == granted
    assert after.nodes[: granted + 1] == before.nodes[: granted + 1]
    assert after.nodes[-1] == goal
    floor.drive(200)
    assert all(floor.graph.at_end(v) for v in floor.fleet)


def test_two_exchange_their_goals_together_but_not_one_alone():
    floor, (one, two), (a, b) = under_way()
    before = floor.graph.path(one)
    assert not free_for(floor.planner, one, b)
    assert not redirect(floor.planner, {one: b})
    assert floor.graph.path(one) == before
    assert redirect(floor.planner, {one: b, two: a})
    floor.drive(300)
    assert floor.graph.path(one)[0].nodes[-1] == b
    assert floor.graph.path(two)[0].nodes[-1] == a
    assert all(floor.graph.at_end(v) for v in (one, two))


def test_who_rests_or_has_its_end_granted_cannot_be_redirected():
    floor, (one, two), _ = under_way()
    third = list(floor.fleet)[2]
    assert not can_redirect(floor.planner, third)
    assert not redirect(floor.planner, {third: floor.places(PlaceKind.STATION)[3]})
    floor.graph.grant(two, 1e6)
    floor.drive(200, lookahead=1e6)
    assert not can_redirect(floor.planner, one)


@pytest.mark.parametrize('seed', range(4))
def test_goals_that_change_all_the_time_leave_everybody_able_to_arrive(seed):
    floor = Floor(seed)
    rng = np.random.default_rng(seed)
    places = [p.node for p in floor.plant.places.values()]
    changed = 0
    for _ in range(60):
        for vehicle in floor.fleet:
            goal = int(rng.choice(places))
            if not free_for(floor.planner, vehicle, goal):
                continue
            if floor.graph.at_end(vehicle):
                floor.send(vehicle, goal)
            elif rng.random() < 0.5:
                changed += redirect(floor.planner, {vehicle: goal})
        floor.planner.improve(60.0, most=2)
        floor.drive(2)
    floor.drive(600)
    assert changed > 5
    assert all(floor.graph.at_end(v) for v in floor.fleet)


def test_congestion_is_the_time_lost_on_planned_ways():
    floor, _, _ = under_way(3)
    planned, alone = congestion(floor.planner)
    used = alone > 0.0
    assert used.any()
    assert (planned[used] >= 0.6 * alone[used]).all()
    assert not planned[~used].any()
