# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Messages and dataclasses say the same; codes and phases have the interface's numbers."""

from math import nan

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_warehouse.codes import Code
from linehaul_warehouse.convert import (
    retrieve_goal,
    stock_record,
    store_goal,
    to_retrieve,
    to_store,
    warehouse_state,
)
from linehaul_warehouse.model import (
    Load,
    Packml,
    Place,
    PlaceKind,
    Quality,
    RetrievalPhase,
    RetrieveRequest,
    StoragePhase,
    StoreRequest,
)
from linehaul_warehouse.rack import uniform_rack
from linehaul_warehouse.requests import same
from linehaul_warehouse.state import State
from linehaul_warehouse.travel import Drive

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import ErrorCode, PackmlState, StockRecord


@pytest.mark.parametrize('due', [nan, 12.25])
def test_a_retrieve_goal_and_back_is_identity(due):
    request = RetrieveRequest('r', 'fan', 3, 'o', 'p', due, 9)
    assert same(to_retrieve(retrieve_goal(request)), request)


@pytest.mark.parametrize('number', [nan, 12.25])
def test_a_store_goal_and_back_is_identity(number):
    request = StoreRequest(
        'r',
        'l',
        'fan',
        'L',
        3,
        'o',
        port_id='p',
        weight=number,
        height=number,
        expires=number,
        wanted=number,
    )
    assert same(to_store(store_goal(request)), request)


def test_codes_and_phases_are_those_of_the_interface():
    for code in Code:
        assert getattr(ErrorCode, code.name) == code
    for kind, phases in ((RetrieveLoad, RetrievalPhase), (StoreLoad, StoragePhase)):
        for phase in phases:
            if phase.name != 'ENDED':
                assert getattr(kind.Feedback, f'PHASE_{phase.name}') == phase
    for state in Packml:
        assert getattr(PackmlState, state.name) == state
    for quality in Quality:
        assert getattr(StockRecord, f'QUALITY_{quality.name}') == quality


def test_states_are_told():
    rack = uniform_rack('wh', 2, 3, 2, Drive(3.0, 0.75))
    message = warehouse_state(State(rack), 5.0)
    assert (message.warehouse_id, message.cells, len(message.cranes)) == ('wh', 24, 2)
    assert message.port_ids == list(rack.ports)
    load = Load('l', 'fan', 'L', 3, Place(PlaceKind.CELL, rack.ids[0]), 1.5, held_until=7.0)
    record = stock_record(load)
    assert (record.cell_id, record.stored.sec, record.reserved_until.sec) == (rack.ids[0], 1, 7)
