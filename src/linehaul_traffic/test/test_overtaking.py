# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Late vehicles are overtaken in order where no path leads back, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.overtaking import overtake

from linehaul_floor import conflict_table, load_plant
from linehaul_traffic import ExecutionGraph, Path, TrafficPlanner, Wish

LONG = 1e4


def late_first(floors, *, others):
    """An aisle between two rows of bays; `late` was planned first and does not come."""
    left = [(0, 1), (0, -1), (1, 1), (1, -1)]
    right = [(6, 1), (6, -1), (5, 1), (5, -1)]
    jam = floors.Jam(*floors.aisle(7, left + right))
    jam.put('late', 7, 11)
    for k in range(others):
        jam.put(f'w{k}', 12 + k, 8 + k)
    jam.plan('late', *(f'w{k}' for k in range(others)))
    jam.unable['late'] = LONG
    return jam


def test_who_waits_for_a_late_vehicle_goes_first(floors):
    jam = late_first(floors, others=1)
    for _ in range(60):
        jam.step()
    assert jam.where('w0') == 12, 'it waits for the late one'
    assert overtake(jam.graph) == ['w0']
    jam.check()
    for _ in range(60):
        jam.step()
    assert jam.where('w0') == jam.goals['w0']
    jam.unable.clear()
    assert jam.run()


def test_a_platoon_that_comes_the_other_way_goes_first_as_a_whole(floors):
    jam = late_first(floors, others=3)
    jam.step()
    assert overtake(jam.graph) == ['w0', 'w1', 'w2']
    for _ in range(100):
        jam.step()
    assert all(jam.where(f'w{k}') == jam.goals[f'w{k}'] for k in range(3))
    jam.unable.clear()
    assert jam.run()


def test_who_has_been_told_to_enter_is_not_overtaken(floors):
    jam = late_first(floors, others=1)
    jam.unable.clear()
    while jam.where('late') == 7:
        jam.step()
    jam.unable['late'] = LONG
    jam.step()
    assert overtake(jam.graph) == []
    jam.unable.clear()
    assert jam.run()


def test_nobody_is_overtaken_who_is_on_time(floors):
    jam = late_first(floors, others=1)
    jam.unable.clear()
    jam.step()
    assert overtake(jam.graph) == []
    assert jam.run()


def test_where_a_path_leads_back_the_order_stays(floors):
    """The late one must leave the only bay that the other wants before that one can come."""
    jam = floors.Jam(*floors.aisle(4, [(0, 1), (3, 1), (3, -1)]))
    jam.put('late', 4, 5)
    jam.put('w', 6, 6)
    jam.plan('late')
    jam.goals['w'] = 4
    jam.plan('w')
    jam.unable['late'] = LONG
    for _ in range(30):
        jam.step()
    assert overtake(jam.graph) == []
    assert jam.where('w') == 6
    jam.unable.clear()
    assert jam.run()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_whoever_is_overtaken_nobody_meets_and_all_arrive(seed):
    plant = load_plant('cell')
    rng = np.random.default_rng(seed)
    conflicts = {(a, b): conflict_table(plant, a, b) for a in plant.classes for b in plant.classes}
    graph = ExecutionGraph(plant.roadmap, conflicts, plant.classes)
    planner = TrafficPlanner(graph, rng)
    for s in plant.fleet:
        graph.place(s.id, s.vehicle_class, plant.places[s.place].node)
    done, late = dict.fromkeys(graph.vehicles, 0), {}
    for _ in range(300):
        late = {v: until for v, until in late.items() if until > graph.now}
        if rng.random() < 0.03:
            late[str(rng.choice(graph.vehicles))] = graph.now + 40.0
        graph.advance(graph.now + 1.0, late)
        for s in plant.fleet:
            if graph.at_end(s.id):
                done[s.id] += _wish(graph, planner, plant, s, rng)
        overtake(graph)
        for vehicle in graph.vehicles:
            granted, _ = graph.grant(vehicle, 5.0)  # raises if it meets a claim that is held
            if vehicle not in late and graph.path(vehicle)[1] < granted:
                graph.reach(vehicle, graph.path(vehicle)[1] + 1)
    assert min(done.values()) >= 2


def _wish(graph, planner, plant, spawn, rng):
    ends = {graph.path(v)[0].nodes[-1] for v in graph.vehicles}
    nodes = [p.node for p in plant.places.values() if spawn.vehicle_class in p.classes]
    goal = int(rng.choice([n for n in nodes if n not in ends]))
    here = graph.path(spawn.id)[0].nodes[-1]
    wish = Wish(spawn.id, plant.classes[spawn.vehicle_class], here, goal, None)
    return isinstance(planner.plan(wish), Path)


@pytest.fixture(autouse=True)
def _no_improving(monkeypatch):
    """Only the order may help here."""
    monkeypatch.setattr(TrafficPlanner, 'improve', None)
