# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Routes are the quickest, stay on the roadmap, and agree however they are found."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.geometry import wrap_angle
from linehaul_floor.roadmap import make_roadmap
from linehaul_floor.route_graph import route_graph

from linehaul_floor import RouteInputError, RouteTable, shortest_route, travel_time


def brute(graph, source, goal, time):
    """Bellman-Ford over edges: slow, and shares nothing with the kernels."""
    roadmap = graph.roadmap
    if source == goal:
        return 0.0
    best = np.full(roadmap.edge_count, np.inf)
    for edge in range(roadmap.edge_count):
        if roadmap.edge_start[edge] == source:
            best[edge] = time[edge]
    for _ in range(roadmap.edge_count):
        before = best.copy()
        for edge in range(roadmap.edge_count):
            for k in range(graph.next_indptr[edge], graph.next_indptr[edge + 1]):
                after = graph.next_edge[k]
                best[after] = min(best[after], best[edge] + graph.next_turn[k] + time[after])
        if np.array_equal(before, best):
            break
    return min(
        (best[e] for e in range(roadmap.edge_count) if roadmap.edge_end[e] == goal), default=np.inf
    )


@st.composite
def roadmaps(draw):
    count = draw(st.integers(3, 7))
    cells = draw(st.permutations(list(itertools.product(range(4), range(4)))))
    xy = np.array(cells[:count], dtype=float) * 2.0
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=2, max_size=14, unique=True))
    start, end = np.array(chosen, np.int32).T
    speed = np.array(
        draw(
            st.lists(st.sampled_from([0.5, 1.0, 2.0]), min_size=len(chosen), max_size=len(chosen))
        )
    )
    return make_roadmap(
        [f'n{i}' for i in range(count)], xy, [f'e{i}' for i in range(len(chosen))],
        start, end, speed, np.zeros(len(chosen), bool),
    )  # fmt: skip


@given(roadmap=roadmaps(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_search_table_and_brute_force_agree(cell, roadmap, data):
    vehicle = data.draw(st.sampled_from([None, cell.classes['agv']]))
    source = data.draw(st.integers(0, roadmap.node_count - 1))
    goal = data.draw(st.integers(0, roadmap.node_count - 1))
    factor = data.draw(
        st.lists(
            st.sampled_from([0.5, 1.0, 3.0]),
            min_size=roadmap.edge_count,
            max_size=roadmap.edge_count,
        )
    )
    blocked = data.draw(
        st.lists(st.booleans(), min_size=roadmap.edge_count, max_size=roadmap.edge_count)
    )
    graph = route_graph(roadmap, vehicle)
    time = np.where(blocked, np.inf, graph.time * factor)
    wanted = brute(graph, source, goal, time)
    one = shortest_route(
        roadmap, source, goal, vehicle_class=vehicle, cost=factor, blocked=blocked
    )
    table = RouteTable(roadmap, vehicle, cost=factor, blocked=blocked)
    other = table.route(source, goal)
    if np.isinf(wanted):
        assert one is None
        assert other is None
    else:
        for route in (one, other):
            assert route.time == pytest.approx(wanted, abs=1e-5)
            check_route(graph, route, source, goal, time)
        assert table.times(goal)[source] == pytest.approx(wanted, abs=1e-5)


def check_route(graph, route, source, goal, time):
    roadmap = graph.roadmap
    assert route.nodes[0] == source
    assert route.nodes[-1] == goal
    assert (roadmap.edge_start[route.edges] == route.nodes[:-1]).all()
    assert (roadmap.edge_end[route.edges] == route.nodes[1:]).all()
    total = time[route.edges].sum()
    for first, second in itertools.pairwise(route.edges):
        low, high = graph.next_indptr[first], graph.next_indptr[first + 1]
        steps = dict(zip(graph.next_edge[low:high], graph.next_turn[low:high], strict=True))
        total += steps[second]
    assert total == pytest.approx(route.time, abs=1e-6)


def test_every_two_places_are_joined_and_pass_no_other_place(plant):
    rng = np.random.default_rng(7)
    for vehicle in plant.classes.values():
        table = RouteTable(plant.roadmap, vehicle)
        nodes = [p.node for p in plant.places.values() if vehicle.id in p.classes]
        places = {p.node: p for p in plant.places.values()}
        for goal in rng.choice(nodes, min(len(nodes), 12), replace=False):
            assert np.isfinite(table.times(goal)[nodes]).all()
            source = int(rng.choice(nodes))
            route = table.route(source, int(goal), places[source].heading)
            assert not set(route.nodes[1:-1].tolist()) & set(places)
            allowed = plant.roadmap.edges_for(vehicle.id)
            assert allowed[route.edges].all()


def test_search_and_table_agree_on_the_plants(plant):
    rng = np.random.default_rng(3)
    vehicle = plant.classes['agv']
    table = RouteTable(plant.roadmap, vehicle)
    for source, goal in rng.integers(plant.roadmap.node_count, size=(60, 2)).tolist():
        one = shortest_route(plant.roadmap, source, goal, vehicle_class=vehicle)
        wanted = table.time(source, goal)
        assert (np.inf if one is None else one.time) == pytest.approx(wanted, abs=1e-4)


def test_turns_happen_only_where_allowed(cell):
    roadmap, vehicle = cell.roadmap, cell.classes['agv']
    graph = route_graph(roadmap, vehicle)
    for edge in range(roadmap.edge_count):
        for after in graph.next_edge[graph.next_indptr[edge] : graph.next_indptr[edge + 1]]:
            angle = wrap_angle(roadmap.vehicle_heading[after] - roadmap.vehicle_heading[edge])
            assert abs(angle) < 0.01 or roadmap.node_turn[roadmap.edge_end[edge]]


def test_initial_heading_costs_its_turn(cell):
    roadmap, vehicle = cell.roadmap, cell.classes['agv']
    source, goal = roadmap.node_index['south_003'], roadmap.node_index['south_007']
    ahead = shortest_route(roadmap, source, goal, heading=0.0, vehicle_class=vehicle)
    back = shortest_route(roadmap, source, goal, heading=np.pi, vehicle_class=vehicle)
    assert ahead.time == pytest.approx(8.0 / 1.5)
    assert back.time == pytest.approx(ahead.time + np.pi / 1.0 + 1.0 / 1.5)
    bay = cell.places['park_1']
    assert shortest_route(roadmap, bay.node, goal, heading=0.0, vehicle_class=vehicle) is None


def test_class_limits_and_reverse(jiaozhou, cell):
    fork = jiaozhou.classes['fork']
    time = travel_time(jiaozhou.roadmap, fork)
    assert np.isinf(time[jiaozhou.roadmap.edge_index['aisle2_001-aisle2_002']])
    carrier = jiaozhou.classes['carrier']
    slow = jiaozhou.roadmap.edge_index['main_001-main_002']
    assert travel_time(jiaozhou.roadmap, carrier)[slow] == pytest.approx(2.0 / 0.8)


@pytest.mark.parametrize(
    'wrong',
    [
        {'cost': [1.0]},
        {'cost': np.full(180, np.nan)},
        {'cost': np.zeros(180)},
        {'blocked': [True]},
        {'target_node': 10_000},
        {'source_node': -1},
    ],
)
def test_input_that_does_not_fit_is_refused(cell, wrong):
    arguments = {'source_node': 0, 'target_node': 5} | wrong
    with pytest.raises(RouteInputError):
        shortest_route(cell.roadmap, **arguments)


def test_table_forgets_the_oldest_row(cell):
    table = RouteTable(cell.roadmap, cell.classes['agv'], capacity=2)
    first = table.row(1)
    assert table.row(1) is first
    table.row(2)
    table.row(3)
    assert table.row(1) is not first
    assert np.array_equal(table.row(1), first)
