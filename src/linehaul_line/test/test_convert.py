# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A line to messages: what is asked for, and whose fault it is that it stands."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from dataclasses import replace
from math import inf

from linehaul_line.assembly import fault
from linehaul_line.convert import line_state, station_state, to_goal, to_unit
from linehaul_line.feeding import Ask
from linehaul_line.packml import State
from linehaul_line.source import make_line
from linehaul_ros.time import from_time

from linehaul_floor import load_plant

PLANT = load_plant('cell')
LINE = next(iter(PLANT.lines.values()))


def test_what_is_asked_for_becomes_a_goal_that_is_not_in_the_past():
    ask = Ask('r1', 'fa1_01', 'casing', 20, 90.0, 95.0, 255)
    goal = to_goal(ask, 100.0)
    assert (goal.request_id, goal.quantity, goal.priority) == ('r1', 20, 255)
    assert from_time(goal.due) == 105.0
    assert goal.earliest.sec == 0
    later = to_goal(replace(ask, earliest=300.0, due=250.0), 100.0)
    assert from_time(later.earliest) == from_time(later.due) == 250.0


def test_a_line_tells_whose_fault_it_is_that_it_stands():
    line = fault(make_line(PLANT, LINE, start=0.0), 'fa1_02', 'gripper')
    told = line_state(line, [10.0, 40.0], 5.0)
    assert (told.state.state, told.stop_cause) == (State.HELD, 'fa1_02: gripper')
    assert told.speed_factor == 0.0
    assert [from_time(slot.planned) for slot in told.upcoming] == [10.0, 40.0]
    assert to_unit(told.upcoming[0]).id == line.sequence.units[0].id
    own = station_state(line, 'fa1_02', {}, 5.0)
    other = station_state(line, 'fa1_01', {('fa1_01', 'casing'): inf}, 5.0)
    assert (own.state.state, own.andon) == (State.HELD, True)
    assert (other.state.state, other.andon) == (State.SUSPENDED, False)
    assert other.parts[0].run_out.sec == 0
    assert other.parts[0].places_taken == other.parts[0].places
