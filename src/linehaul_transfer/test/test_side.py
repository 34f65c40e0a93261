# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A side's clock, disk, timers, heartbeats and memory of peers; bad records and settings."""

import math
from dataclasses import replace

import pytest
from linehaul_transfer.bench import PORT, VEHICLE, Rig
from linehaul_transfer.records import port_record, vehicle_record
from linehaul_transfer.side import SteadyClock

from linehaul_transfer import (
    CLEAR,
    Booked,
    Code,
    Custody,
    Forget,
    HeardPort,
    HeardVehicle,
    Holder,
    Kind,
    LoadId,
    PortSignals,
    PortState,
    Position,
    RecordError,
    SettingsError,
    Timers,
    VehicleSignals,
    VehicleState,
    port_state,
    restore_port,
    restore_vehicle,
    vehicle_state,
)

V, P = vehicle_state.Phase, port_state.Phase


def test_the_clock_neither_jumps_nor_runs_back():
    clock = SteadyClock()
    times = [clock.advance(now) for now in (50.0, 50.5, 1e9, math.nan, math.inf, 3.0, 3.25)]
    assert times == [0.0, 0.5, 1.5, 1.5, 1.5, 1.5, 1.75]


@pytest.mark.parametrize(
    'bad', [{'ta1': -1.0}, {'tp3': math.nan}, {'heartbeat': 0.0}, {'peer': 0.5}]
)
def test_timers_that_cannot_be_are_refused(bad):
    with pytest.raises(SettingsError):
        Timers(**bad)


@pytest.mark.parametrize('side', ['vehicle', 'port'])
def test_a_full_disk_makes_a_side_silent_and_still_until_there_is_room(side):
    rig = Rig(Kind.LOAD)
    rig.start()
    while rig.port.state.phase is not P.REQUESTING:
        rig.fair()
    rig.full.add(side)
    for _ in range(20):
        rig.fair()
    stuck = rig.vehicle if side == 'vehicle' else rig.port
    assert not stuck.saved
    assert not stuck.may_move
    assert rig.where is Holder.VEHICLE
    assert rig.settle().outcome in ('done', 'person')


def test_what_is_said_is_on_disk_first():
    rig = Rig(Kind.UNLOAD)
    phases = []

    def heard(_, message):
        if isinstance(message, VehicleSignals) and message.busy:
            phases.append(rig.disks['vehicle']['phase'])
        if isinstance(message, PortSignals) and message.ready:
            phases.append(rig.disks['port']['phase'])

    rig._heard = heard
    rig.start()
    rig.settle()
    assert set(phases) == {'busy', 'ready', 'transfer', 'moved'}


def test_levels_repeat_when_nothing_changes():
    said = []
    rig = Rig(Kind.LOAD, heard=lambda time, message: said.append((time, message.position)))
    for _ in range(50):
        rig.tick()
    assert 18 <= len(said) <= 22
    assert len({position for _, position in said}) >= 10


def test_a_peer_whose_start_number_went_back_is_heard_after_a_while():
    rig = Rig(Kind.LOAD)
    late = VehicleSignals(PORT, VEHICLE, Position('0000000009', 1))
    rig.port.handle(HeardVehicle(late), rig.now)
    rig.start()
    while rig.vehicle.state.phase is not V.IDLE:
        rig.fair()
    assert rig.vehicle.state.result.problem.code == Code.PEER_SILENT
    for _ in range(320):
        rig.tick()
        rig.air.clear()
    rig.start()
    assert rig.settle().outcome == 'done'


def test_a_port_that_holds_still_forgets_nobody():
    rig = Rig(Kind.LOAD)
    rig.start()
    while rig.port.state.phase is not P.READY:
        rig.hear() if rig.air else rig.tick()
    for _ in range(700):
        rig.tick()
        rig.air.clear()
    assert rig.port.state.phase is P.WITHDRAWN
    assert rig.port.state.last is not None


def test_a_port_can_be_taken_out_of_a_session_whose_vehicle_is_gone():
    rig = Rig(Kind.LOAD)
    rig.start()
    while rig.port.state.phase is not P.READY:
        rig.hear() if rig.air else rig.tick()
    session = rig.port.state.session
    wrong = rig.port.handle(Forget(session, Holder.VEHICLE, 'me'), rig.now)
    assert wrong.code == Code.UNKNOWN_SESSION
    for _ in range(60):
        rig.tick()
        rig.air.clear()
    assert not rig.port.handle(Forget(session, Holder.VEHICLE, 'me'), rig.now)
    assert rig.port.state.phase is P.IDLE
    assert session in rig.port.state.closed


NONSENSE = [
    {'valid': True},
    {'valid': True, 'session': 's', 'cs': True},
    {'busy': True},
    {'compt': True, 'busy': True, 'valid': True, 'cs': True, 'session': 's', 'kind': Kind.LOAD},
    {'position': Position('', 5)},
    {'vehicle_id': ''},
    {'session': 's' * 200},
    {'port_id': 'another'},
]


@pytest.mark.parametrize('bad', NONSENSE)
def test_nonsense_of_a_vehicle_is_ignored(bad):
    rig = Rig(Kind.LOAD)
    before = rig.port.state
    signals = VehicleSignals(PORT, VEHICLE, Position('5', 1))
    rig.port.handle(HeardVehicle(replace(signals, **bad)), rig.now)
    assert rig.port.state == before


@pytest.mark.parametrize(
    'bad',
    [
        {'l_req': True, 'u_req': True, 'session': 'agv_001-1-1'},
        {'ready': True},
        {'position': Position('', 9)},
        {'port_id': 'x' * 300},
    ],
)
def test_nonsense_of_a_port_is_ignored(bad):
    rig = Rig(Kind.LOAD)
    rig.start()
    before = rig.vehicle.state
    signals = PortSignals(PORT, Position('5', 1), ho_avbl=True)
    rig.vehicle.handle(HeardPort(replace(signals, **bad)), rig.now)
    assert rig.vehicle.state == before


def test_books_are_closed_while_a_vehicle_is_at_the_port():
    rig = Rig(Kind.LOAD)
    rig.start()
    while rig.port.state.phase is not P.REQUESTING:
        rig.fair()
    refused = rig.port.handle(Booked(LoadId('other')), rig.now)
    assert refused.code == Code.STILL_MOVING
    assert rig.port.state.holding == ''


def test_a_port_serves_one_vehicle_and_the_other_waits_without_failing():
    rig = Rig(Kind.LOAD)
    rig.start()
    while rig.port.state.phase is not P.REQUESTING:
        rig.fair()
    other = VehicleSignals(
        PORT, 'agv_002', Position('1', 1), 's2', Kind.LOAD, LoadId('y'), cs=True, valid=True
    )
    rig.port.handle(HeardVehicle(other), rig.now)
    assert rig.port.state.vehicle == VEHICLE
    assert rig.settle().outcome == 'done'
    assert rig.port.state.vehicle in (VEHICLE, 'agv_002')


RECORDS = {
    'vehicle': (vehicle_record(VehicleState(VEHICLE)), restore_vehicle, VEHICLE),
    'port': (port_record(PortState(PORT)), restore_port, PORT),
}


@pytest.mark.parametrize('side', RECORDS)
@pytest.mark.parametrize(
    'bad',
    [
        {'format': 99},
        {'phase': 'dancing'},
        {'custody': 77},
        {'last': [1]},
        {'problem': ['x', 'y']},
        {'boot': None},
    ],
)
def test_a_record_that_is_none_is_told(side, bad):
    record, restore, name = RECORDS[side]
    with pytest.raises(RecordError):
        restore(name, 3, {**record, **bad}, CLEAR)
    with pytest.raises(RecordError):
        restore('somebody-else', 3, record, CLEAR)
    missing = {key: value for key, value in record.items() if key != 'phase'}
    with pytest.raises(RecordError):
        restore(name, 3, missing, CLEAR)


def test_a_record_without_a_job_cannot_be_busy():
    record = {**RECORDS['vehicle'][0], 'phase': 'busy', 'custody': int(Custody.IN_TRANSFER)}
    with pytest.raises(RecordError):
        restore_vehicle(VEHICLE, 3, record, CLEAR)
