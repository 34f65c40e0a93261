# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Who waits for whom, where and why."""

from linehaul_traffic.waits import WaitReason, explain

from linehaul_traffic import Wait


def waits_of(jam):
    found = {v: jam.graph.grant(v, 100.0)[1] for v in jam.goals if not jam.graph.at_end(v)}
    return [wait for wait in found.values() if wait is not None]


def aisle(floors):
    left, right = [(0, 1), (0, -1), (1, 1)], [(6, 1), (6, -1), (5, -1)]
    jam = floors.Jam(*floors.aisle(7, left + right))
    jam.put('a', 7, 10)
    jam.put('b', 11, 8)
    return jam


def test_a_queue_a_broken_vehicle_and_a_paused_one(floors):
    jam = aisle(floors)
    jam.plan('a', 'b')
    jam.graph.advance(1.0)
    jam.graph.grant('a', 25.0)
    (wait,) = explain(jam.graph, waits_of(jam)).values()
    assert (wait.vehicle, wait.waits_for, wait.reason) == ('b', 'a', WaitReason.QUEUE)
    assert (wait.root, wait.since) == ('a', 1.0)
    jam.graph.advance(5.0)
    again = explain(jam.graph, waits_of(jam), before={'b': wait})
    assert again['b'].since == 1.0
    broken = explain(jam.graph, waits_of(jam), unable={'a'}, before=again)['b']
    assert (broken.reason, broken.since) == (WaitReason.BLOCKED, 5.0)
    paused = explain(jam.graph, waits_of(jam), paused={'b'})['b']
    assert paused.reason is WaitReason.PAUSED


def test_a_closed_lane_names_the_lane_and_nobody(floors):
    jam = aisle(floors)
    jam.plan('a')
    jam.close((3, 4))
    wait = explain(jam.graph, waits_of(jam))['a']
    assert (wait.waits_for, wait.root, wait.reason) == (None, None, WaitReason.CLOSED)
    assert wait.element == jam.roadmap.node_count + jam.edge(3, 4)


def test_a_goal_where_somebody_rests(floors):
    jam = aisle(floors)
    jam.goals['a'] = 11
    wait = jam.planner.plan(jam.wish('a'))
    assert explain(jam.graph, [wait])['a'].reason is WaitReason.GOAL_TAKEN


def test_somebody_at_rest_on_the_way_blocks_it(floors):
    jam = aisle(floors)
    jam.plan('a')
    jam.put('stranger', 3, 3)
    wait = explain(jam.graph, waits_of(jam))['a']
    assert (wait.waits_for, wait.reason) == ('stranger', WaitReason.BLOCKED)


def test_the_end_of_a_chain_is_found_and_a_ring_does_no_harm(floors):
    jam = aisle(floors)
    jam.put('c', 9, 9)
    chain = [Wait('a', 'b', 0), Wait('b', 'c', 1)]
    assert explain(jam.graph, chain)['a'].root == 'c'
    ring = [Wait('a', 'b', 0), Wait('b', 'a', 1)]
    assert explain(jam.graph, ring)['a'].root == 'b'
