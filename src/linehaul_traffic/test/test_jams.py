# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The jams other systems are known for: solved, by planner and execution graph, or refused.

Each is driven to the end three ways: at full speed, with vehicles that stand still at random, and
in the order of commits alone, without times (`find_way` below). Nobody is ever granted
what another holds; `Jam.step` checks it every second.
"""

import numpy as np
import pytest
from linehaul_traffic.liveness import verdict

from linehaul_floor import RouteTable, shortest_route
from linehaul_traffic import CommitError, NoWay, Path, Wait


def find_way(wish, graph, routes, roadmap):
    """Plan without times: the quickest way that runs into nobody's resting place.

    The order of commits alone lets vehicles pass each other. Live where every place is a bay.
    """
    rests = graph.rests(wish.vehicle)
    if wish.goal in rests and wish.goal != wish.start:
        return Wait(wish.vehicle, rests[wish.goal], wish.goal)
    route = routes[wish.vehicle_class.id].route(wish.start, wish.goal, wish.heading)
    if route is None:
        return NoWay(wish)
    path = Path(tuple(route.nodes.tolist()), tuple(route.edges.tolist()))
    hit = graph.blocker(wish.vehicle, path)
    if hit is None:
        return path
    taken = np.zeros(roadmap.node_count + roadmap.edge_count, bool)
    taken[list(rests)] = True
    taken[wish.start] = False
    nodes, edges = taken[: roadmap.node_count], taken[roadmap.node_count :]
    detour = shortest_route(
        roadmap,
        wish.start,
        wish.goal,
        heading=wish.heading,
        vehicle_class=wish.vehicle_class,
        blocked=edges | nodes[roadmap.edge_end],
    )
    if detour is None:
        return Wait(wish.vehicle, *hit)
    return Path(tuple(detour.nodes.tolist()), tuple(detour.edges.tolist()))


def swap(floors):
    jam = floors.Jam(*floors.aisle(6, [(0, 1), (0, -1), (5, 1), (5, -1)]))
    jam.put('a', 6, 8)
    jam.put('b', 9, 7)
    return jam


def five_on_a_lane(floors):
    left, right = [(k, 1) for k in range(5)], [(k, -1) for k in range(5)]
    jam = floors.Jam(*floors.aisle(6, left + right))
    for k in range(5):
        jam.put(f'v{k}', 6 + k, 11 + (4 - k))
    return jam


def crossing_with_full_exits(floors):
    """Four at a crossing; at the exit of each stands another that must leave first."""
    arms = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    points = [(0, 0), *arms]
    edges = floors.both(*((0, k) for k in range(1, 5)))
    for k, (x, y) in enumerate(arms):
        points += [(x + 0.5 * y, y + 0.5 * x), (x - 0.5 * y, y - 0.5 * x), (2 * x, 2 * y)]
        edges += floors.both(*((1 + k, 5 + 3 * k + j) for j in range(3)))
    jam = floors.Jam(points, edges, range(5, 17))
    for k in range(4):
        jam.put(f'in{k}', 5 + 3 * k, 6 + 3 * ((k + 1) % 4))
        jam.put(f'out{k}', 6 + 3 * k, 7 + 3 * ((k + 2) % 4))
    return jam


def dead_end_behind_a_queue(floors):
    jam = floors.Jam(*floors.aisle(5, [(4, 1), (0, 1), (1, 1), (2, 1), (0, -1), (4, -1)]))
    jam.put('inside', 5, 9)
    for k in range(3):
        jam.put(f'queue{k}', 6 + k, 10 if k == 0 else (5 if k == 1 else 6))
    return jam


def one_way_ring_with_one_hole(floors):
    """Four bays on a one-way ring of four, three vehicles: each wants to the next bay but one."""
    ring = [(k, (k + 1) % 4) for k in range(4)]
    spurs = floors.both(*((k, 4 + k) for k in range(4)))
    points = [(0, 0), (1, 0), (1, 1), (0, 1), (-1, -1), (2, -1), (2, 2), (-1, 2)]
    jam = floors.Jam(points, [*ring, *spurs], range(4, 8))
    for k, goal in enumerate((7, 4, 5)):
        jam.put(f'v{k}', 4 + k, goal)
    return jam


JAMS = [
    swap,
    five_on_a_lane,
    crossing_with_full_exits,
    dead_end_behind_a_queue,
    one_way_ring_with_one_hole,
]


@pytest.mark.parametrize('make', JAMS)
@pytest.mark.parametrize('slow', [0.0, 0.4])
def test_it_is_solved(floors, make, slow):
    jam, rng = make(floors), np.random.default_rng(3)
    for _ in range(600):
        jam.unable = {v: jam.graph.now + 3.0 for v in jam.goals if rng.random() < slow}
        jam.step()
        jam.planner.improve(np.inf, most=1)
        if jam.home():
            break
    assert jam.home()


@pytest.mark.parametrize('make', JAMS)
def test_it_is_solved_by_the_order_of_commits_alone(floors, make):
    jam, c = make(floors), floors.vehicle_class()
    routes = {c.id: RouteTable(jam.roadmap, c)}
    for _ in range(900):
        jam.graph.advance(jam.graph.now + 1.0)
        for vehicle, goal in jam.goals.items():
            if jam.graph.at_end(vehicle) and jam.where(vehicle) != goal:
                way = find_way(jam.wish(vehicle), jam.graph, routes, jam.roadmap)
                if isinstance(way, Path):
                    jam.graph.commit(vehicle, way)
        for vehicle in jam.goals:
            granted, _ = jam.graph.grant(vehicle, 15.0)
            if jam.graph.path(vehicle)[1] < granted:
                jam.graph.reach(vehicle, jam.graph.path(vehicle)[1] + 1)
        jam.check()
    assert jam.home()


def test_a_swap_of_bays_without_a_third_is_a_wait_with_a_name(floors):
    jam = floors.Jam(*floors.aisle(4, [(0, 1), (3, 1)]))
    jam.put('a', 4, 5)
    jam.put('b', 5, 4)
    assert jam.planner.plan(jam.wish('a')) == Wait('a', 'b', 5)
    assert jam.planner.plan(jam.wish('b')) == Wait('b', 'a', 4)


def ring_of_four(floors):
    jam = floors.Jam([(0, 0), (1, 0), (1, 1), (0, 1)], [(k, (k + 1) % 4) for k in range(4)])
    for k in range(3):
        jam.put(f'v{k}', k, k)
    return jam


def test_a_full_ring_is_named_when_the_plant_is_compiled(floors):
    found = verdict(ring_of_four(floors).roadmap)
    assert not found.pushing
    assert 'one node of every loop free' in found.problems[-1]


def test_nobody_may_come_to_rest_where_a_one_way_loop_would_be_full(floors):
    """The last free node of a loop is its token: a way that ends there is refused."""
    jam = ring_of_four(floors)
    feeder = floors.Jam(
        [(0, 0), (1, 0), (1, 1), (0, 1), (-1, 0)],
        [*((k, (k + 1) % 4) for k in range(4)), (4, 0), (3, 4)],
        (4,),
    )
    for k in range(1, 4):
        feeder.put(f'v{k}', k, k)
    feeder.put('last', 4, 0)
    answer = feeder.planner.plan(feeder.wish('last'))
    assert isinstance(answer, Wait)
    path = Path((4, 0), (feeder.edge(4, 0),))
    with pytest.raises(CommitError, match='loop'):
        feeder.graph.commit('last', path)
    feeder.graph.remove('v2')
    feeder.graph.commit('last', path)
    jam.graph.place('v3', floors.vehicle_class().id, 3)  # it is there: nobody can refuse that
