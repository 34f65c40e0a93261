# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog brings everybody on whom a broken vehicle or a closed lane has stopped."""

import numpy as np
from linehaul_traffic.watchdog import Patience, Watchdog, promote

LONG = 1e6


def watched(jam, seconds, dog, unable=()):
    """Drive with a watchdog; return what it said."""
    said = []
    for _ in range(seconds):
        jam.step()
        said += dog.look(dict.fromkeys(jam.goals, 0.0), set(unable))
    return said


def blocked_aisle(floors):
    """Two in an aisle: the first stands before a lane that closes, the other comes towards it.

    5 and 6 are bays at the ends; 7 is a bay in the middle in which one can make room.
    """
    jam = floors.Jam(*floors.aisle(5, [(0, 1), (4, 1), (2, 1), (0, -1), (4, -1)]))
    return jam


def test_who_stands_before_a_closed_lane_makes_room_and_goes_on_later(floors):
    jam = blocked_aisle(floors)
    jam.put('a', 5, 6)
    jam.put('b', 9, 8)
    jam.plan('a', 'b')
    while jam.where('a') != 2:
        jam.step()
    jam.close((3, 4), (4, 6))
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    said = watched(jam, 120, dog)
    assert jam.where('b') == 8, said
    assert jam.where('a') == 7
    assert dog.counts.undone == 1
    assert any('knot undone' in text for text in said)
    jam.close()
    assert jam.run()


def test_ways_through_a_bay_do_not_stop_plans_from_being_made_better(floors):
    jam = blocked_aisle(floors)
    jam.put('a', 5, 6)
    jam.put('b', 9, 8)
    jam.plan('a', 'b')
    while jam.where('a') != 2:
        jam.step()
    jam.close((3, 4), (4, 6))
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    watched(jam, 120, dog)
    assert jam.where('a') == 7, 'in a bay, and on from there'
    assert not jam.planner._try([jam.graph.slot('a')])
    jam.close()
    for _ in range(100):
        jam.step()
        jam.planner.improve(np.inf, most=5)
        promote(jam.planner, 'a')
    assert jam.home()


def test_who_broke_down_is_driven_round(floors):
    """A ring of lanes, both ways; the way round is open."""
    points = [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1), (-1, 0), (3, 0)]
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)]
    jam = floors.Jam(points, floors.both(*ring, (0, 6), (2, 7)), (6, 7))
    jam.put('broken', 1, 1)
    jam.put('a', 6, 7)
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    jam.plan('a')
    watched(jam, 100, dog, {'broken'})
    assert jam.where('a') == 7


def test_a_vehicle_at_rest_in_the_way_is_moved(floors):
    """It rests on the only lane; its own goal is where it stands, so it comes back."""
    jam = floors.Jam(*floors.aisle(5, [(0, 1), (4, 1), (3, 1)]))
    jam.put('a', 5, 6)
    jam.plan('a')
    while jam.where('a') != 1:
        jam.step()
    jam.put('resting', 3, 3)
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    watched(jam, 200, dog)
    assert jam.where('a') == 6
    assert jam.where('resting') == 3
    assert dog.counts.undone >= 1


def test_where_no_goal_is_open_nothing_is_searched(floors):
    jam = floors.Jam(*floors.aisle(5, [(0, 1), (4, 1)]))
    jam.put('a', 5, 6)
    jam.plan('a')
    while jam.where('a') != 1:
        jam.step()
    jam.close((3, 4))
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    assert watched(jam, 60, dog) == []
    assert dog.counts.calls == 0
    jam.close()
    assert jam.run()


def test_a_knot_that_cannot_be_undone_is_said_and_harms_nobody(floors):
    """Two head on in an aisle without a bay, the lane behind one of them closed."""
    jam = floors.Jam(*floors.aisle(5, [(0, 1), (4, 1)]))
    jam.put('a', 5, 6)
    jam.plan('a')
    while jam.where('a') != 1:
        jam.step()
    jam.put('resting', 3, 3)
    jam.close((4, 6), (1, 0), (1, 2))
    dog = Watchdog(jam.planner, Patience(still=20.0, again=5.0, retry=20.0))
    before = jam.graph.sequence()
    watched(jam, 60, dog)
    assert jam.graph.sequence() == before
    assert dog.counts.undone == 0


def test_the_oldest_is_promoted(floors):
    left, right = [(0, 1), (0, -1), (1, 1)], [(6, 1), (6, -1), (5, -1)]
    jam = floors.Jam(*floors.aisle(7, left + right))
    jam.put('a', 7, 10)
    jam.put('b', 11, 8)
    jam.plan('a', 'b')
    late = jam.graph.arrival('b')
    assert promote(jam.planner, 'b')
    jam.check()
    assert jam.graph.arrival('b') < late - 10.0
    assert not promote(jam.planner, 'b'), 'it is the first already'
    assert jam.run()


def test_old_tasks_are_promoted_by_the_watchdog(floors):
    left, right = [(0, 1), (0, -1), (1, 1)], [(6, 1), (6, -1), (5, -1)]
    jam = floors.Jam(*floors.aisle(7, left + right))
    jam.put('a', 7, 10)
    jam.put('b', 11, 8)
    jam.plan('a', 'b')
    dog = Watchdog(jam.planner, Patience(old=100.0))
    jam.graph.advance(50.0)
    assert dog.look({'a': 40.0, 'b': -80.0}, set()) == ('promoted vehicle=b age=130',)
    assert dog.counts.promoted == 1
    assert np.isfinite(jam.graph.arrival('a'))
