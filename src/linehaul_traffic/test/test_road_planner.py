# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whole ways in time: no two meet, all arrive, times are those of the kinematics."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.road_free import TIMES, gaps, new_free
from linehaul_traffic.road_guidance import FULL, WINDOW, Guidance, holdings
from linehaul_traffic.road_model import ROLL, RoadModel
from linehaul_traffic.road_planner import TrafficPlanner
from linehaul_traffic.road_queues import FREE, SHADOWS, ahead, element, overlap, row_of

from linehaul_floor import conflict_table, load_plant
from linehaul_traffic import ExecutionGraph, NoWay, Path, Wait, Wish


@functools.cache
def cell():
    plant = load_plant('cell')
    conflicts = {(a, b): conflict_table(plant, a, b) for a in plant.classes for b in plant.classes}
    return plant, conflicts


class Floor:
    """Vehicles that drive at random speed along what is granted to them."""

    def __init__(self, seed, count=None):
        self.plant, self.conflicts = cell()
        self.rng = np.random.default_rng(seed)
        self.graph = ExecutionGraph(self.plant.roadmap, self.conflicts, self.plant.classes)
        self.planner = TrafficPlanner(self.graph, np.random.default_rng(seed))
        self.fleet = {s.id: s for s in self.plant.fleet[:count]}
        for s in self.fleet.values():
            self.graph.place(s.id, s.vehicle_class, self.plant.places[s.place].node)
        self.done = dict.fromkeys(self.fleet, 0)

    def node(self, vehicle):
        return self.graph.path(vehicle)[0].nodes[-1]

    def wish(self, vehicle, goal):
        name = self.fleet[vehicle].vehicle_class
        return Wish(vehicle, self.plant.classes[name], self.node(vehicle), goal, None)

    def goals(self, vehicle):
        name = self.fleet[vehicle].vehicle_class
        taken = {self.node(v) for v in self.fleet}
        places = [p.node for p in self.plant.places.values() if name in p.classes]
        return [n for n in places if n not in taken]

    def step(self, pace=0.5):
        self.graph.advance(self.graph.now + 1.0)
        for vehicle in self.fleet:
            if self.graph.at_end(vehicle):
                self.done[vehicle] += 1
                goal = int(self.rng.choice(self.goals(vehicle)))
                assert isinstance(self.planner.plan(self.wish(vehicle, goal)), Path)
        self.planner.improve(60.0, most=3)
        for vehicle in sorted(self.fleet, key=lambda _: self.rng.random()):
            granted, _ = self.graph.grant(vehicle, 5.0)
            reached = self.graph.path(vehicle)[1]
            if reached < granted and self.rng.random() < pace:
                self.graph.reach(vehicle, reached + 1)
        self.check()

    def held(self, vehicle):
        path, reached, granted = self.graph.path(vehicle)
        arrays = self.graph.model.arrays
        here = path.nodes[0] if reached == 0 else arrays.poses + path.edges[reached - 1]
        steps = range(reached, granted)
        turn = self.graph.queues.turn[self.graph.slot(vehicle)]
        return [
            here,
            *(arrays.nodes + path.edges[p] for p in steps),
            *(arrays.poses + path.edges[p] for p in steps),
            *(path.nodes[p] for p in steps if turn[p] > 0.0),
        ]

    def check(self):
        arrays = self.graph.model.arrays
        kind = {v: self.graph.queues.kind[self.graph.slot(v)] for v in self.fleet}
        for a, b in itertools.combinations(self.fleet, 2):
            theirs = set(self.held(b))
            for x in self.held(a):
                begin, end = arrays.rows[kind[a], kind[b], x : x + 2]
                assert not theirs.intersection(arrays.row[begin:end].tolist()), (a, b)


def precedence(graph):
    """Return who goes before each step that is not granted, and up to which position."""
    q, arrays = graph.queues, graph.model.arrays
    found = set()
    for vehicle in graph.vehicles:
        v = graph.slot(vehicle)
        for p in range(int(q.granted[v]), int(q.size[v]) - 1):
            for part in range(3):
                x = ahead(q, arrays, v, p, part)
                row = row_of(q, arrays, v, x)
                for k in range(int(q.filled[row])) if x >= 0 else ():
                    one = q.held[row, k]
                    w = int(one['who'])
                    if w != v and one['begin'] < q.claim[v, p]:
                        found.add((vehicle, p, x, graph.at_slot(w), int(one['last'])))
    return found


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_the_delays_granted_space_never_overlaps_and_all_arrive(seed):
    floor = Floor(seed)
    for _ in range(250):
        floor.step()
    assert min(floor.done.values()) >= 2


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_two_claims_in_conflict_overlap_in_planned_time(seed):
    floor = Floor(seed)
    for _ in range(60):
        floor.step()
        for vehicle in floor.fleet:
            slot = floor.graph.slot(vehicle)
            other, _ = overlap(floor.graph.queues, floor.graph.model.arrays, slot)
            assert other == FREE, (vehicle, other)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), told=st.booleans())
def test_after_a_restart_everybody_goes_on_in_the_same_order(seed, told):
    floor = Floor(seed)
    for _ in range(40):
        floor.step()
    old, order = floor.graph, floor.graph.order()
    for _ in range(3):  # they drive on while nobody listens
        for vehicle in floor.fleet:
            _, reached, granted = old.path(vehicle)
            if reached < granted:
                old.reach(vehicle, reached + 1)
    new = ExecutionGraph(floor.plant.roadmap, floor.conflicts, floor.plant.classes)
    for vehicle, spawn in floor.fleet.items():
        new.restore(vehicle, spawn.vehicle_class, old.path(vehicle)[0])
    new.restore_order(order)
    for vehicle in floor.fleet:
        if told or old.path(vehicle)[2] > 0:
            new.resume(vehicle, *old.path(vehicle)[1:])
    assert precedence(new) == precedence(old)
    floor.graph, floor.planner = new, TrafficPlanner(new)
    floor.check()
    before = dict(floor.done)
    for _ in range(250):
        floor.step()
    assert all(floor.done[v] > before[v] for v in floor.fleet)


def test_a_step_without_time_to_brake_does_not_hide_a_later_one_that_has():
    """Whoever would come just before another, and could not stop at its goal, comes behind it."""
    floor = Floor(16777216)
    for _ in range(40):
        floor.step()  # every wish for a free place is met
    assert min(floor.done.values()) >= 2


def test_planned_times_are_those_of_the_speed_profile():
    floor = Floor(1, count=1)
    (vehicle,) = floor.fleet
    goal = floor.goals(vehicle)[0]
    path = floor.planner.plan(floor.wish(vehicle, goal))
    roadmap, c = floor.plant.roadmap, floor.plant.classes[floor.fleet[vehicle].vehicle_class]
    turn = floor.graph.queues.turn[floor.graph.slot(vehicle)]
    expected, distance, speed = 0.0, 0.0, np.inf
    for k, edge in enumerate(path.edges):
        if turn[k] != ROLL:
            expected += max(turn[k], 0.0)
        distance += roadmap.length[edge]
        speed = min(roadmap.speed[edge], c.max_speed)
        last = k == len(path.edges) - 1 or turn[k + 1] != ROLL
        rolling = k > 0 and turn[k] == ROLL
        expected += roadmap.length[edge] / speed
        expected += 0.0 if rolling else speed / (2.0 * c.acceleration)
        expected += speed / (2.0 * c.deceleration) if last else 0.0
    left = floor.graph.queues.claim[floor.graph.slot(vehicle), 0]
    reaction = floor.graph.model.arrays.lead_rest[0]
    assert floor.graph.arrival(vehicle) - left == pytest.approx(expected + reaction)


def test_a_goal_where_somebody_rests_is_a_wait_and_a_closed_floor_no_way():
    floor = Floor(2)
    a, b = list(floor.fleet)[:2]
    assert floor.planner.plan(floor.wish(a, floor.node(b))) == Wait(a, b, floor.node(b))
    floor.planner.close(np.ones(floor.plant.roadmap.edge_count, bool))
    assert isinstance(floor.planner.plan(floor.wish(a, floor.goals(a)[0])), NoWay)


def test_a_vehicle_waits_before_an_edge_that_closes_and_goes_round_it_if_it_can():
    floor = Floor(3, count=1)
    (vehicle,) = floor.fleet
    goals = floor.goals(vehicle)
    path = max((_planned(vehicle, goal) for goal in goals), key=lambda p: len(p.edges))
    floor.planner.plan(floor.wish(vehicle, path.nodes[-1]))
    floor.graph.advance(1.0)
    closed = np.zeros(floor.plant.roadmap.edge_count, bool)
    closed[path.edges[len(path.edges) // 2]] = True
    floor.planner.close(closed)
    granted, wait = floor.graph.grant(vehicle, 1e9)
    assert granted == 0, "in the bay it is in nobody's way"
    assert wait.waits_for == vehicle
    floor.planner.close(np.zeros(floor.plant.roadmap.edge_count, bool))
    floor.graph.grant(vehicle, 0.1)
    floor.planner.close(closed)
    granted, wait = floor.graph.grant(vehicle, 1e9)
    assert granted == len(path.edges) // 2
    assert wait.waits_for == vehicle


def _planned(vehicle, goal):
    fresh = Floor(3, count=1)
    return fresh.planner.plan(fresh.wish(vehicle, goal))


def test_a_slowed_edge_takes_longer_and_is_gone_round_where_that_is_quicker():
    fast, slow = Floor(3, count=1), Floor(3, count=1)
    (vehicle,) = fast.fleet
    ways = {g: _planned(vehicle, g) for g in fast.goals(vehicle)}
    goal = max(ways, key=lambda g: len(ways[g].edges))
    speed = np.full(fast.plant.roadmap.edge_count, np.inf)
    speed[list(ways[goal].edges[2:-2])] = 0.2
    slow.planner.limit(speed)
    path = slow.planner.plan(slow.wish(vehicle, goal))
    fast.planner.plan(fast.wish(vehicle, goal))
    assert slow.graph.arrival(vehicle) > fast.graph.arrival(vehicle) + 1.0
    assert set(path.edges) != set(ways[goal].edges)
    slow.planner.limit(np.full(speed.size, np.inf))
    arrays, before = slow.graph.model.arrays, fast.graph.model.arrays
    assert np.array_equal(arrays.run, before.run)
    assert np.array_equal(arrays.up, before.up)
    slow.planner.limit(np.zeros(speed.size))  # as good as closed, but never a division by zero
    assert np.isfinite(arrays.run[np.isfinite(before.run)]).all()


def test_improving_never_makes_the_sum_of_arrivals_and_prices_worse():
    floor = Floor(5)
    floor.graph.advance(1.0)
    for vehicle in floor.fleet:
        floor.planner.plan(floor.wish(vehicle, int(floor.rng.choice(floor.goals(vehicle)))))

    def cost():
        q = floor.graph.queues
        slots = [floor.graph.slot(v) for v in floor.fleet]
        return sum(floor.planner._cost(v, int(q.granted[v])) for v in slots)

    before = cost()
    floor.planner.improve(60.0, most=40)
    assert floor.planner.tried > 0
    assert cost() <= before + 1e-6
    floor.check()


def test_a_pose_needs_less_room_than_a_turn():
    plant, conflicts = cell()
    model = RoadModel(plant.roadmap, conflicts, plant.classes)
    arrays = model.arrays
    size = np.diff(arrays.rows[0, 0])
    poses, turns = size[arrays.poses :], size[arrays.end]
    turning = plant.roadmap.node_turn[arrays.end]
    assert (poses <= turns)[turning].all()
    bare = RoadModel(plant.roadmap, conflicts)  # without outlines a pose is its node
    assert (np.diff(bare.arrays.rows[0, 0])[arrays.poses :] >= poses).all()


def test_every_conflict_has_two_sides():
    plant = load_plant('jiaozhou')
    conflicts = {(a, b): conflict_table(plant, a, b) for a in plant.classes for b in plant.classes}
    arrays = RoadModel(plant.roadmap, conflicts, plant.classes).arrays
    count = arrays.rows.shape[2] - 1

    def pairs(a, b):
        rows = arrays.rows[a, b]
        first = np.repeat(np.arange(count, dtype=np.int64), np.diff(rows))
        return first, arrays.row[rows[0] : rows[-1]].astype(np.int64)

    for a, b in itertools.product(range(len(plant.classes)), repeat=2):
        first, second = pairs(a, b)
        other, same = pairs(b, a)
        assert np.array_equal(np.sort(first * count + second), np.sort(same * count + other))


def test_what_is_granted_before_its_time_is_held_from_then_on():
    floor = Floor(6)
    floor.graph.advance(1.0)
    a = next(iter(floor.fleet))
    floor.planner.plan(floor.wish(a, floor.goals(a)[0]))
    slot = floor.graph.slot(a)
    granted, _ = floor.graph.grant(a, 5.0)
    assert granted > 0
    q, arrays = floor.graph.queues, floor.graph.model.arrays
    for p in range(granted):
        row = row_of(q, arrays, slot, ahead(q, arrays, slot, p, 1))
        held = [one['begin'] for one in q.held[row, : q.filled[row]] if one['who'] == slot]
        assert held == [-np.inf]


def test_what_a_vehicle_says_it_was_granted_is_held_from_then_on():
    floor = Floor(6)
    floor.graph.advance(1.0)
    a = next(iter(floor.fleet))
    floor.planner.plan(floor.wish(a, floor.goals(a)[0]))
    slot = floor.graph.slot(a)
    floor.graph.resume(a, 0, 3)
    q, arrays = floor.graph.queues, floor.graph.model.arrays
    for p in range(3):
        row = row_of(q, arrays, slot, ahead(q, arrays, slot, p, 1))
        held = [one['begin'] for one in q.held[row, : q.filled[row]] if one['who'] == slot]
        assert held == [-np.inf]


def test_a_way_that_comes_back_to_an_edge_keeps_it_to_the_end_after_a_restart():
    floor = Floor(8)
    a = next(iter(floor.fleet))
    roadmap = floor.plant.roadmap
    start, end = roadmap.edge_start, roadmap.edge_end
    spawn = floor.fleet[a]
    here = floor.node(a)
    edges = [int(e) for e in roadmap.edges_from(here)][:1]
    back = {(int(s), int(t)): k for k, (s, t) in enumerate(zip(start, end, strict=True))}
    there = next(k for (s, t), k in back.items() if s == end[edges[0]] and (t, s) in back)
    edges += [there, back[int(end[there]), int(start[there])], there]
    path = Path((here, *(int(end[e]) for e in edges)), tuple(edges))
    floor.graph.commit(a, path)
    floor.graph.resume(a, 1, 2)
    order = floor.graph.order()
    new = ExecutionGraph(roadmap, floor.conflicts, floor.plant.classes)
    new.restore(a, spawn.vehicle_class, path)
    new.restore_order(order)
    q, arrays = new.queues, new.model.arrays
    row = row_of(q, arrays, new.slot(a), arrays.nodes + there)
    assert q.held['last'][row, : q.filled[row]].tolist() == [len(edges) + 1]


# Prices and free times.


def busy(seed, steps=25):
    floor = Floor(seed)
    for _ in range(steps):
        floor.step()
    return floor


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_kept_of_free_times_is_what_the_claims_leave(seed):
    floor = busy(seed, 10)
    for _ in range(3):
        floor.step()
        check_free_times(floor)


def check_free_times(floor):
    q, road = floor.graph.queues, floor.graph.model.arrays
    free = new_free(q.filled.size)
    free.look[0] = 1
    for x in floor.rng.integers(road.rows.shape[2] - 1, size=300).tolist():
        kind = int(floor.rng.integers(road.rows.shape[0]))
        count = gaps(free, q, road, kind, x)
        row = kind * (road.rows.shape[2] - 1) + x
        times = free.rows[row, TIMES : TIMES + 2 * count].reshape(-1, 2)
        found = [tuple(time) for time in times.tolist()]
        assert found == left_free(floor, kind, x)


def claims(floor):
    """Return (class, element) -> times of all claims, from the paths alone."""
    q, road = floor.graph.queues, floor.graph.model.arrays
    found = {}
    for vehicle in floor.graph.vehicles:
        v = floor.graph.slot(vehicle)
        here, last = int(q.reached[v]), int(q.size[v]) - 1
        spaces = [(element(q, road, v, here, 0), -np.inf, here + 1)]
        for p in range(here, last):
            begin = -np.inf if p < q.granted[v] else float(q.claim[v, p])
            parts = (int(ahead(q, road, v, p, part)) for part in range(3))
            spaces += [(x, begin, p + 1 + (k == 1)) for k, x in enumerate(parts) if x >= 0]
        for x, begin, until in spaces:
            end = float(q.reach[v, until]) if until <= last else np.inf
            found.setdefault((int(q.kind[v]), x), []).append((begin, end))
    return found


def left_free(floor, kind, x):
    road, held = floor.graph.model.arrays, claims(floor)
    times = []
    for b in range(road.rows.shape[0]):
        for y in road.row[road.rows[kind, b, x] : road.rows[kind, b, x + 1]].tolist():
            times += held.get((b, y), [])
    free, since = [], -np.inf
    for begin, end in sorted(times):
        if begin > since:
            free.append((since, begin))
        since = max(since, end)
    return [*free, (since, np.inf)] if since < np.inf else free


def test_a_place_costs_more_the_more_pass_it_and_never_less_than_nothing():
    floor = busy(1)
    graph = floor.graph
    guidance = Guidance(graph.model)
    goal = floor.goals(next(iter(floor.fleet)))[0]
    guidance.look(graph.queues, graph.now)
    assert (guidance.load >= 0.0).all()
    assert guidance.load.max() > 0.0
    for motion, price in enumerate(guidance.price):
        first = np.repeat(
            np.arange(guidance.load.shape[1]), np.diff(graph.model.arrays.next_indptr)
        )
        busy_pairs = guidance.load[motion // 2, first] > 0.0
        assert (price >= 0.0).all()
        assert np.isfinite(price).all()
        assert (price[busy_pairs] > 0.0).all()
        assert not price[~busy_pairs].any()
        plain = floor.planner._tables[motion].row(goal)
        row = guidance.row(motion, goal)
        assert (row[np.isfinite(row)] >= plain[np.isfinite(row)] - 1e-9).all()
        assert np.array_equal(np.isfinite(row), np.isfinite(plain))


def test_one_passage_holds_a_place_from_the_claim_until_it_has_left():
    floor = Floor(1, count=1)
    (vehicle,) = floor.fleet
    floor.graph.advance(1.0)
    path = floor.planner.plan(floor.wish(vehicle, floor.goals(vehicle)[0]))
    assert isinstance(path, Path)
    q, road = floor.graph.queues, floor.graph.model.arrays
    seen = np.zeros((len(floor.graph.model.names), road.rows.shape[2] - 1))
    holdings(q, road, 0.0, 1e9, seen)
    v = floor.graph.slot(vehicle)
    p = len(path.edges) // 2
    held = seen[q.kind[v], road.poses + path.edges[p]]
    assert held >= q.reach[v, p + 2] - q.claim[v, p] - 1e-6
    assert held < 0.5 * WINDOW
    off = np.setdiff1d(np.arange(road.start.size), path.edges)
    assert (seen[:, road.poses + off] == 0.0).any()


def test_loads_beyond_full_do_not_make_prices_infinite():
    floor = Floor(1, count=2)
    guidance = floor.planner.guidance
    guidance.load[:] = 5.0
    guidance._price()
    most = max(float(price.max()) for price in guidance.price)
    longest = max(float(hold.max()) for hold in guidance._hold)
    assert most == pytest.approx(longest * FULL / (2.0 * (1.0 - FULL) ** 2))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_way_that_is_tried_out_leaves_nothing_behind(seed):
    floor = busy(seed, 12)
    graph, planner = floor.graph, floor.planner
    vehicles = [v for v in graph.vehicles if not graph.at_end(v)]
    for vehicle in vehicles:
        v = graph.slot(vehicle)
        kept = claims(floor)
        assert not planner._try([v], -np.inf)
        assert claims(floor) == kept
    planner.improve(60.0, 20)
    q = graph.queues
    assert not q.away.any()
    assert not q.size[:SHADOWS].any()
    for row in np.flatnonzero(q.filled):
        held = q.held[row, : q.filled[row]]
        assert (held['who'] >= SHADOWS).all()
        assert (held['begin'][1:] >= held['begin'][:-1]).all()
    check_free_times(floor)


def test_a_vehicle_under_way_gets_a_new_way_and_still_meets_nobody():
    renewed = 0
    for seed in range(4):
        floor = busy(seed, 12)
        graph, q = floor.graph, floor.graph.queues
        for vehicle in graph.vehicles:
            if not graph.at_end(vehicle) and floor.planner.renew(vehicle):
                renewed += 1
                assert overlap(q, graph.model.arrays, graph.slot(vehicle))[0] == FREE
        check_free_times(floor)
    assert renewed >= 2


def test_every_vehicle_of_a_group_has_a_shadow_and_all_shadows_are_used(monkeypatch):
    floor = Floor(7)
    monkeypatch.setattr(floor.planner, '_in_the_way', lambda _: [*range(20, 30)])
    delay = np.full(floor.graph.queues.size.size, 1.0)
    sizes = {len(floor.planner._neighbourhood(delay)) for _ in range(200)}
    assert sizes == set(range(1, SHADOWS + 1))
