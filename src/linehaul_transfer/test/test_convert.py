# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Signals as messages and back; numbers that only a later version knows."""

import pytest

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from linehaul_transfer.convert import (
    port_signals_from_msg,
    port_signals_to_msg,
    vehicle_signals_from_msg,
    vehicle_signals_to_msg,
)
from linehaul_transfer.model import FINE, Code

from linehaul_interfaces.msg import ErrorCode, LoadCustody, StationSignals, VehicleSignals
from linehaul_transfer import (
    Custody,
    Holder,
    Kind,
    PortSignals,
    Position,
    Problem,
    Sensors,
)
from linehaul_transfer import VehicleSignals as Levels

IDS = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=20)
POSITIONS = st.builds(Position, IDS, st.integers(0, 2**32 - 1))
PROBLEMS = st.one_of(st.just(FINE), st.builds(Problem, st.integers(1, 65535), IDS))
VEHICLES = st.builds(
    Levels,
    *(IDS, IDS, POSITIONS, IDS, st.sampled_from(Kind), IDS),
    *[st.booleans()] * 7,
    st.sampled_from(Custody),
    PROBLEMS,
)
SENSORS = st.builds(Sensors, st.booleans(), st.booleans(), IDS)
PORTS = st.builds(
    PortSignals,
    *(IDS, POSITIONS, IDS, IDS),
    *[st.booleans()] * 5,
    SENSORS,
    st.sampled_from(Custody),
    st.sampled_from(Holder),
    PROBLEMS,
)


@given(VEHICLES)
def test_what_a_vehicle_says_comes_back(signals):
    assert vehicle_signals_from_msg(vehicle_signals_to_msg(signals, 12.5)) == signals


@given(PORTS)
def test_what_a_port_says_comes_back(signals):
    back = port_signals_from_msg(port_signals_to_msg(signals, 12.5))
    assert back == (signals if signals.problem else replace(signals, problem=FINE))


def test_numbers_of_a_later_version_become_unknown():
    assert vehicle_signals_from_msg(VehicleSignals(kind=77, custody=9)).kind is Kind.UNKNOWN
    found = port_signals_from_msg(StationSignals(custody=200, confirmed_holder=250))
    assert (found.custody, found.confirmed) == (Custody.UNKNOWN, Holder.UNKNOWN)


@pytest.mark.parametrize('code', list(Code))
def test_codes_are_those_of_the_messages(code):
    names = (f'TRANSFER_{code.name}', code.name)
    assert any(getattr(ErrorCode, name, None) == code for name in names)


def test_other_numbers_are_those_of_the_messages():
    for kind in Kind:
        assert getattr(VehicleSignals, f'KIND_{kind.name}') == kind
    for custody in Custody:
        assert getattr(StationSignals, f'CUSTODY_{custody.name}') == custody
    for holder in Holder:
        assert getattr(LoadCustody, f'HOLDER_{holder.name}') == holder
