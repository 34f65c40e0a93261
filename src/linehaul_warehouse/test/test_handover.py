# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the floor says of loads at our ports: levels, so repeats and old words change nothing."""

from math import nan

import pytest
from linehaul_warehouse.handover import Holder, Meaning, Seen, meaning
from linehaul_warehouse.model import Load, Place, PlaceKind
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.state import State
from linehaul_warehouse.travel import Drive

from linehaul_warehouse import events as ev

RACK = uniform_rack('wh', 1, 4, 4, Drive(3.0, 0.75, 0.5, 0.5), conveyor_time=5.0)
CELL, PORT, CRANE = PlaceKind.CELL, PlaceKind.PORT, PlaceKind.CRANE
IN, OUT = 'a1_in_1', 'a1_out_1'


def with_load(kind, place, came=100.0):
    state = State(RACK)
    load = Load('l', 'motor', 'lot', 5, Place(PORT, IN), 0.0, ready=0.0)
    state.apply(0.0, ev.LoadReceived(load))
    if (kind, place) != (PORT, IN):
        state.apply(came, ev.LoadMoved('l', Place(kind, place), came + 5.0))
    return state


def seen(holder, port='', since=200.0):
    return Seen('l', holder, port, since)


@pytest.mark.parametrize(
    ('state', 'word', 'wanted'),
    [
        (State(RACK), seen(Holder.PORT, IN), Meaning.ARRIVED),
        (State(RACK), seen(Holder.PORT, OUT), Meaning.NOTHING),
        (State(RACK), seen(Holder.PORT, 'elsewhere'), Meaning.NOTHING),
        (State(RACK), seen(Holder.AWAY, 'agv_1'), Meaning.NOTHING),
        (with_load(PORT, IN), seen(Holder.PORT, IN), Meaning.NOTHING),
        (with_load(PORT, IN), seen(Holder.AWAY, 'agv_1'), Meaning.TAKEN),
        (with_load(PORT, OUT), seen(Holder.PORT, OUT), Meaning.NOTHING),
        (with_load(PORT, OUT), seen(Holder.AWAY, 'agv_1'), Meaning.TAKEN),
        (with_load(PORT, OUT), seen(Holder.AWAY, 'agv_1', nan), Meaning.TAKEN),
        (with_load(PORT, OUT), seen(Holder.AWAY, '', 99.0), Meaning.NOTHING),
        (with_load(PORT, OUT), seen(Holder.PORT, 'station'), Meaning.TAKEN),
        (with_load(PORT, OUT), seen(Holder.PORT, IN), Meaning.RETURNED),
        (with_load(PORT, OUT), seen(Holder.PORT, IN, 99.0), Meaning.NOTHING),
        (with_load(PORT, OUT), seen(Holder.OTHER, 'x'), Meaning.NOTHING),
        (with_load(CRANE, 'a1'), seen(Holder.PORT, IN), Meaning.OURS),
        (with_load(CELL, RACK.ids[0]), seen(Holder.PORT, IN), Meaning.OURS),
        (with_load(CELL, RACK.ids[0]), seen(Holder.PORT, 'station'), Meaning.NOTHING),
        (with_load(CELL, RACK.ids[0]), seen(Holder.AWAY, 'agv_1'), Meaning.NOTHING),
        (with_load(PlaceKind.MISSING, 'c'), seen(Holder.PORT, IN), Meaning.NOTHING),
    ],
)
def test_what_a_word_means(state, word, wanted):
    assert meaning(state, word) is wanted
