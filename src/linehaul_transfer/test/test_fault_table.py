# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Every row of the fault table: the end of both sides, who holds the load, what a person reads."""

import pytest
from linehaul_transfer.bench import LOAD, Rig

from linehaul_transfer import (
    Booked,
    Code,
    Confirm,
    Custody,
    Holder,
    Kind,
    LoadId,
    Sensed,
    Sensors,
    Timers,
    port_state,
    vehicle_state,
)

V, P = vehicle_state.Phase, port_state.Phase
BOTH = pytest.mark.parametrize('kind', [Kind.LOAD, Kind.UNLOAD])
EARLY = [V.SELECTED, V.VALID, V.REQUESTED]


def holder(rig: Rig) -> Holder:
    from linehaul_transfer import holder

    return holder(*rig.custody)


def at_first(kind: Kind) -> Holder:
    return Holder.VEHICLE if kind is Kind.LOAD else Holder.PORT


def until(rig: Rig, phase, *, most: int = 400) -> None:
    """Run a hand-off, one message at a time, until either side is in a phase."""
    for _ in range(most):
        if phase in (rig.vehicle.state.phase, rig.port.state.phase):
            return
        if rig.air:
            rig.hear()
        else:
            rig.tick()
            rig.sense()
            rig.move()
    raise AssertionError(f'never {phase}: {rig.vehicle.state.phase}, {rig.port.state.phase}')


def deaf(rig: Rig, seconds: float) -> None:
    """Let time pass in which no message arrives."""
    for _ in range(int(seconds * 10)):
        rig.tick()
        rig.air.clear()
        assert not rig.fault()


@BOTH
def test_a_hand_off_without_faults(kind):
    rig = Rig(kind)
    rig.start()
    ended = rig.settle()
    assert ended.outcome == 'done'
    assert ended.time < 3.0
    assert holder(rig) is (Holder.PORT if kind is Kind.LOAD else Holder.VEHICLE)
    assert rig.vehicle.notice is None
    assert rig.port.notice is None


@BOTH
def test_two_loads_in_continuous_hand_off(kind):
    seen = []
    rig = Rig(kind, heard=lambda _, message: seen.append(message))
    rig.start(kind, Kind.UNLOAD if kind is Kind.LOAD else Kind.LOAD)
    assert rig.settle().outcome == 'done'
    assert rig.vehicle.state.result.done == 2
    assert holder(rig) is at_first(kind)
    said = [m for m in seen if hasattr(m, 'cs') and m.session]
    assert {m.session for m in said} == {'agv_001-1-1', 'agv_001-1-2'}
    assert any(m.cont and m.busy for m in said)
    between = [m for m in said if m.session == 'agv_001-1-2' and not m.valid]
    assert between[0].cs


# -- peer silent


@BOTH
@pytest.mark.parametrize('phase', EARLY)
def test_silence_before_busy_withdraws_retries_and_leaves_the_booking(kind, phase):
    rig = Rig(kind)
    rig.start()
    until(rig, phase)
    deaf(rig, 40.0)
    assert rig.vehicle.state.phase is V.IDLE
    assert rig.vehicle.state.made == 3
    assert rig.vehicle.state.result.problem.code == Code.PEER_SILENT
    assert 'hand-off not done' in rig.vehicle.notice.text
    assert rig.custody == ((Custody.MINE, Custody.NONE), (Custody.NONE, Custody.MINE))[kind - 1]
    assert holder(rig) is at_first(kind)


@BOTH
def test_a_port_whose_vehicle_falls_silent_after_ready_holds_still_and_calls(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, P.READY)
    session = rig.port.state.session
    deaf(rig, 10.0)
    assert rig.port.state.phase is P.WITHDRAWN
    assert not rig.port.may_move
    assert 'The port holds still until agv_001 is heard' in rig.port.notice.text
    assert rig.port.notice.ask
    assert holder(rig) is at_first(kind)
    assert rig.settle().outcome == 'done'
    assert session not in rig.port.state.closed
    assert holder(rig) is not at_first(kind)


@BOTH
def test_the_third_failure_in_a_row_alarms_the_station_until_a_person_resets(kind):
    rig = Rig(kind, Timers(attempts=3, tp1=1.0))
    rig.start()
    for _ in range(800):
        rig.tick()
        rig.air = [m for m in rig.air if hasattr(m, 'cs')]
        while rig.air:
            rig.hear()
        if rig.vehicle.state.phase is V.IDLE:
            break
    assert rig.port.state.failures == 3
    assert '3 hand-offs in a row failed' in rig.port.notice.text
    assert rig.port.notice.ask
    assert holder(rig) is at_first(kind)
    rig.start()
    assert rig.settle().outcome in ('person', 'undone')
    rig.reset()
    for _ in range(200):
        rig.fair()
    rig.start()
    assert rig.settle().outcome == 'done'


@BOTH
def test_silence_in_busy_freezes_both_and_a_person_books_the_load(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, P.TRANSFER)
    deaf(rig, 70.0)
    assert (rig.vehicle.state.phase, rig.port.state.phase) == (V.FROZEN, P.FROZEN)
    assert holder(rig) is Holder.IN_TRANSFER
    assert 'stopped half-way' in rig.port.notice.text
    assert f'confirm session {rig.port.state.session}' in rig.port.notice.text
    assert rig.vehicle.notice.ask
    assert rig.say(Holder.PORT).code == Code.STILL_MOVING
    assert rig.settle().outcome == 'person'
    for _ in range(20):
        rig.fair()
    assert not rig.say(Holder.PORT)
    assert holder(rig) is Holder.IN_TRANSFER
    for _ in range(20):
        rig.fair()
    assert rig.over
    assert holder(rig) is Holder.PORT
    done = rig.vehicle.state.result.done
    assert done == (1 if kind is Kind.LOAD else 0)


@BOTH
def test_silence_after_the_load_has_moved_freezes_the_port(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, P.MOVED)
    deaf(rig, 70.0)
    assert (rig.vehicle.state.phase, rig.port.state.phase) == (V.FROZEN, P.FROZEN)
    assert holder(rig) in (Holder.PORT, Holder.IN_TRANSFER)
    rig.settle()
    rig.attend(Holder.VEHICLE)
    assert holder(rig) is Holder.VEHICLE


@BOTH
def test_silence_after_compt_settles_itself_when_it_ends(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, V.COMPLETE)
    deaf(rig, 2.2)
    assert rig.vehicle.state.late
    assert 'booked, but fa1_01 does not answer' in rig.vehicle.notice.text
    for _ in range(30):
        rig.fair()
    assert rig.over
    assert not rig.vehicle.state.result.problem


# -- emergency stops


@BOTH
@pytest.mark.parametrize('side', ['vehicle', 'port'])
@pytest.mark.parametrize('phase', EARLY)
def test_a_stop_before_busy_waits_for_a_reset_and_then_goes_on(kind, side, phase):
    rig = Rig(kind)
    rig.start()
    until(rig, phase)
    rig.health(side, healthy=False)
    for _ in range(30):
        rig.fair()
    rig.health(side, healthy=True)
    for _ in range(400):
        rig.fair()
    assert holder(rig) is at_first(kind)
    stopped = rig.vehicle if side == 'vehicle' else rig.port
    assert stopped.notice.ask
    assert 'stop' in stopped.notice.text
    rig.reset()
    rig.start()
    assert rig.settle().outcome == 'done'


@BOTH
@pytest.mark.parametrize('side', ['vehicle', 'port'])
def test_a_stop_in_busy_stands_at_once_and_asks(kind, side):
    rig = Rig(kind)
    rig.start()
    until(rig, P.TRANSFER)
    rig.health(side, healthy=False)
    if side == 'vehicle':
        assert not rig.vehicle.may_move
    for _ in range(50):
        rig.fair()
    assert (rig.vehicle.state.phase, rig.port.state.phase) == (V.FROZEN, P.FROZEN)
    assert 'emergency stop of' in rig.port.notice.text
    rig.health(side, healthy=True)
    for _ in range(50):
        rig.fair()
    assert rig.vehicle.state.phase is V.FROZEN
    rig.attend(Holder.VEHICLE)
    assert holder(rig) is Holder.VEHICLE


# -- loads that are not as they should be


def test_an_empty_pick_fails_at_once_and_asks_for_supply():
    rig = Rig(Kind.UNLOAD)
    rig.seen = lambda: (Sensors(), Sensors())
    rig.port.handle(Sensed(Sensors()), rig.now)
    rig.start()
    for _ in range(20):
        rig.fair()
    result = rig.vehicle.state.result
    assert result.problem.code == Code.EMPTY_PICK
    assert result.problem.text == 'fa1_01 should hold box-7 but is empty: supply it again'
    assert rig.vehicle.state.made == 1
    assert rig.port.state.custody is Custody.MINE or rig.port.state.holding == LOAD


def test_a_drop_on_an_occupied_port_gets_no_request_and_keeps_the_load():
    seen = []
    rig = Rig(Kind.LOAD, heard=lambda _, message: seen.append(message))
    rig.seen = lambda: (Sensors(True, True), Sensors(True, True))
    rig.port.handle(Sensed(Sensors(True, True)), rig.now)
    rig.start()
    for _ in range(20):
        rig.fair()
    assert rig.vehicle.state.result.problem.code == Code.OCCUPIED
    assert 'go elsewhere' in rig.vehicle.state.result.problem.text
    assert rig.vehicle.state.custody is Custody.MINE
    assert not any(getattr(m, 'l_req', False) for m in seen)


def test_a_load_that_is_not_expected_is_refused_at_ready():
    seen = []
    rig = Rig(Kind.LOAD, heard=lambda _, message: seen.append(message))
    rig.port.handle(Booked(expected=frozenset({LoadId('box-8')})), rig.now)
    rig.start()
    for _ in range(30):
        rig.fair()
    assert rig.vehicle.state.result.problem.code == Code.WRONG_LOAD
    assert 'take it to clarification' in rig.vehicle.state.result.problem.text
    assert any(getattr(m, 'l_req', False) for m in seen)
    assert not any(getattr(m, 'ready', False) for m in seen)
    assert holder(rig) is Holder.VEHICLE


def test_a_load_that_reads_as_another_is_refused_at_ready():
    rig = Rig(Kind.UNLOAD)
    other = Sensors(True, True, LoadId('box-9'))
    rig.seen = lambda: (Sensors(), other)
    rig.start()
    for _ in range(30):
        rig.fair()
    assert rig.vehicle.state.result.problem.code == Code.WRONG_LOAD
    assert 'box-9 was read' in rig.vehicle.state.result.problem.text
    assert rig.port.state.holding == LOAD


def test_presence_without_placement_keeps_l_req_until_tp3_and_then_asks():
    rig = Rig(Kind.LOAD)
    rig.start()
    until(rig, P.TRANSFER)
    rig.where = Holder.IN_TRANSFER
    rig.move = lambda: None
    for _ in range(590):
        rig.fair()
    assert rig.port.state.phase is P.TRANSFER
    for _ in range(20):
        rig.fair()
    assert rig.port.state.phase is P.FROZEN
    assert rig.vehicle.state.phase is V.FROZEN
    assert rig.port.notice.code == Code.NOT_PLACED
    assert 'there but not in its place (TP3)' in rig.port.notice.text
    assert holder(rig) is Holder.IN_TRANSFER


# -- restarts, repeats


@BOTH
@pytest.mark.parametrize(
    ('side', 'phase'),
    [
        (side, phase)
        for side in ('vehicle', 'port')
        for phase in (*EARLY, P.REQUESTING, P.READY, P.MOVED, V.COMPLETE, P.CLOSED)
        if (side, phase) != ('vehicle', P.MOVED)  # BUSY then: see below
    ],
)
def test_a_restart_goes_on_or_begins_anew(kind, side, phase):
    rig = Rig(kind)
    rig.start()
    until(rig, phase)
    rig.die(side)
    assert rig.settle().outcome == 'done'
    assert holder(rig) is (Holder.PORT if kind is Kind.LOAD else Holder.VEHICLE)


@BOTH
def test_a_port_that_restarts_while_the_load_moves_goes_on(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, P.TRANSFER)
    rig.die('port')
    assert rig.port.state.phase is P.TRANSFER
    assert rig.settle().outcome == 'done'


@BOTH
def test_a_vehicle_that_restarts_while_the_load_moves_asks(kind):
    rig = Rig(kind)
    rig.start()
    until(rig, P.TRANSFER)
    rig.die('vehicle')
    assert not rig.vehicle.may_move
    assert rig.settle().outcome == 'person'
    assert 'was started again while the load moved' in rig.vehicle.notice.text
    assert holder(rig) is Holder.IN_TRANSFER


@BOTH
def test_the_same_job_again_is_the_same_job_also_after_a_restart(kind):
    rig = Rig(kind)
    rig.start()
    rig.settle()
    made = rig.vehicle.state.made
    rig.die('vehicle')
    rig.jobs -= 1
    assert not rig.start(kind)
    assert rig.vehicle.state.job is None
    assert rig.vehicle.state.made == 0 < made
    assert rig.vehicle.state.result.done == 1


@BOTH
def test_all_messages_of_a_session_once_more_change_nothing(kind):
    seen = []
    rig = Rig(kind, heard=lambda _, message: seen.append(message))
    rig.start()
    rig.settle()
    for restart in (False, True):
        if restart:
            rig.die('port')
        before = rig.custody
        rig.air += seen
        while rig.air:
            rig.hear()
            assert not rig.fault()
        assert rig.custody == before
        rig.settle()
        assert rig.over
        assert not rig.asks


def test_a_person_cannot_speak_of_another_session_or_change_the_word():
    rig = Rig(Kind.LOAD)
    rig.start()
    assert rig.say(Holder.PORT).code == Code.UNKNOWN_SESSION
    until(rig, P.TRANSFER)
    rig.die('vehicle')
    rig.settle()
    for _ in range(10):
        rig.fair()
    state = rig.port.state
    nobody = Confirm(state.session, Holder.PORT, '')
    assert rig.port.handle(nobody, rig.now).code == Code.INVALID_ARGUMENT
    assert not rig.say(Holder.PORT)
    assert rig.say(Holder.VEHICLE).code == Code.ALREADY_CONFIRMED
    assert not rig.say(Holder.PORT)
