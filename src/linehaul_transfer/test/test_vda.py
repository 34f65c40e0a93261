# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A hand-off as VDA 5050 actions."""

import pytest
from linehaul_transfer.bench import LOAD, PORT, Rig
from linehaul_transfer.vda import Interlock, Status, interlock, job_of, report
from linehaul_transfer.vehicle_state import Phase

from linehaul_transfer import Code, Holder, Job, Kind, MotionFailed, Problem, Start, Transfer

DROP = Job('a1', PORT, (Transfer(Kind.LOAD, LOAD),))
WITH = {'stationName': PORT, 'loadId': LOAD}


def test_pick_and_drop_are_jobs():
    assert job_of('a1', 'drop', WITH) == DROP
    assert job_of('a2', 'pick', {'stationName': PORT}).transfers == (Transfer(Kind.UNLOAD, ''),)


@pytest.mark.parametrize(
    ('action', 'kind', 'parameters'),
    [
        ('', 'drop', WITH),
        ('a', 'dance', WITH),
        ('a', 'drop', {'stationName': PORT}),
        ('a', 'pick', {}),
    ],
)
def test_what_is_no_hand_off_is_refused(action, kind, parameters):
    found = job_of(action, kind, parameters)
    assert isinstance(found, Problem)
    assert found.code == Code.INVALID_ARGUMENT


def statuses(rig, seconds):
    seen = []
    for _ in range(int(seconds * 10)):
        rig.fair()
        now = report(rig.vehicle.state, 'a1').status
        if seen[-1:] != [now]:
            seen.append(now)
    return seen


def test_an_action_begins_runs_and_finishes():
    rig = Rig(Kind.LOAD)
    assert report(rig.vehicle.state, 'a1').status is Status.WAITING
    rig.vehicle.handle(Start(DROP), rig.now)
    assert statuses(rig, 5) == [Status.INITIALIZING, Status.RUNNING, Status.FINISHED]
    assert report(rig.vehicle.state, 'a1').text == LOAD


def test_a_frozen_action_is_paused_with_an_error_until_a_person_ends_it():
    rig = Rig(Kind.LOAD)
    rig.vehicle.handle(Start(DROP), rig.now)
    while rig.vehicle.state.phase is not Phase.BUSY:
        rig.fair()
    rig.vehicle.handle(MotionFailed('fork blocked'), rig.now)
    for _ in range(20):
        rig.fair()
    found = report(rig.vehicle.state, 'a1')
    assert (found.status, found.error_level) == (Status.PAUSED, 'CRITICAL')
    assert 'fork blocked' in found.text
    rig.attend(Holder.VEHICLE)
    assert report(rig.vehicle.state, 'a1').status is Status.FAILED


def test_a_port_that_does_not_answer_can_be_tried_again():
    rig = Rig(Kind.LOAD)
    rig.vehicle.handle(Start(DROP), rig.now)
    for _ in range(300):
        rig.tick()
        rig.air.clear()
    assert report(rig.vehicle.state, 'a1', retriable=True).status is Status.RETRIABLE
    failed = report(rig.vehicle.state, 'a1')
    assert (failed.status, failed.error_type) == (Status.FAILED, 'LOAD_HANDLING_FAILED')
    assert failed.code == Code.PEER_SILENT


def test_a_vehicle_that_only_knows_triggers_is_led_through():
    rig, triggers = Rig(Kind.LOAD), []
    rig.move = lambda: None
    waiting, handling, worked = Status.RUNNING, Status.WAITING, 0
    for _ in range(200):
        step = interlock(rig.vehicle.state, DROP, waiting, handling)
        if step.event is not None:
            rig.vehicle.handle(step.event, rig.now)
        if step.trigger:
            assert rig.vehicle.may_move
            assert rig.disks['vehicle']['phase'] == 'busy'
            triggers.append(step.trigger)
            waiting, handling = Status.FINISHED, Status.RUNNING
        if handling is Status.RUNNING:
            worked += 1
            if worked == 20:
                rig.where, handling = Holder.PORT, Status.FINISHED
        rig.fair()
    assert triggers == ['trigger-agv_001-1-1']
    assert rig.vehicle.state.result.done == 1
    assert interlock(rig.vehicle.state, DROP, waiting, handling) == Interlock()


def test_giving_up_cancels_the_order_and_no_trigger_was_sent():
    rig = Rig(Kind.LOAD)
    rig.vehicle.handle(Start(DROP), rig.now)
    for _ in range(300):
        rig.tick()
        rig.air.clear()
        assert not interlock(rig.vehicle.state, DROP, Status.RUNNING, Status.WAITING).trigger
    last = interlock(rig.vehicle.state, DROP, Status.RUNNING, Status.WAITING)
    assert 'TA1' in last.cancel


def test_a_failed_action_freezes():
    rig = Rig(Kind.LOAD)
    rig.vehicle.handle(Start(DROP), rig.now)
    while rig.vehicle.state.phase is not Phase.BUSY:
        rig.fair()
    step = interlock(rig.vehicle.state, DROP, Status.FINISHED, Status.FAILED)
    assert isinstance(step.event, MotionFailed)
