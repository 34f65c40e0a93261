# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Load handling, battery, wheels that do not obey, and the memory on disk."""

import math
import pickle
from dataclasses import replace

import pytest
from linehaul_agv.assemble import home_pose, vehicle_of
from linehaul_agv.battery import BatteryReading, Charge, estimate, tell
from linehaul_agv.bench import make_action
from linehaul_agv.errors import MemoryFileError, SettingError
from linehaul_agv.follower import Motion
from linehaul_agv.handling import Handler, Method, finish, interrupted, start
from linehaul_agv.memory import MAGIC, Memory, Store
from linehaul_agv.stall import StallWatch, watch
from linehaul_vda5050.reach import Pose

from linehaul_agv import AgvState
from linehaul_floor import load_plant
from linehaul_vda5050 import ActionParameter, ActionStatus, Load, NodeId

PLANT = load_plant('cell')
CLASS = PLANT.classes['agv']
PORT, CHARGER, HOME = (PLANT.places[name] for name in ('wh_out_1', 'charge_1', 'park_1'))
LOAD = (Load('casing-1', 'container'),)
SERVICE = Handler(Method.SERVICE)


def action(kind, **parameters):
    pairs = tuple(ActionParameter(key, value) for key, value in parameters.items())
    return replace(make_action(kind, f'{kind}-1'), action_parameters=pairs)


@pytest.mark.parametrize(
    ('wanted', 'place', 'loads', 'text'),
    [
        (action('pick'), None, (), 'at no port'),
        (action('pick'), HOME, (), 'at no port'),
        (action('pick', stationName='fa1_01'), PORT, (), 'at wh_out_1, not at fa1_01'),
        (action('pick'), PORT, LOAD, 'carries'),
        (action('drop'), PORT, (), 'carries nothing'),
        (action('drop', loadId='other'), PORT, LOAD, 'carries casing-1, wanted other'),
        (action('startCharging'), PORT, (), 'at no charger'),
    ],
)
def test_what_cannot_work_fails_with_a_reason(wanted, place, loads, text):
    job = start(Handler(), wanted, place, loads, 10.0)
    answer, after = finish(job, loads)
    assert answer.status is ActionStatus.FAILED
    assert text in answer.result
    assert answer.error.reference('actionId') == wanted.action_id
    assert after == loads


def test_a_load_is_carried_between_pick_and_drop():
    pick = start(Handler(pick_time=5.0), action('pick', loadId='casing-1'), PORT, (), 10.0)
    assert pick.due == 15.0
    answer, loads = finish(pick, ())
    assert (answer.status, answer.result) == (ActionStatus.FINISHED, 'casing-1')
    assert loads == LOAD
    drop = start(Handler(), action('drop', loadId='casing-1'), PORT, loads, 20.0)
    assert finish(drop, loads)[1] == ()


def test_a_called_service_that_was_interrupted_needs_a_person():
    job = start(SERVICE, action('pick'), PORT, (), 10.0)
    assert job.called
    assert 'no answer' in finish(job, ())[0].result
    again = interrupted(SERVICE, job)
    assert again.due < 0.0
    assert 'a person must look' in finish(again, ())[0].result
    timed = start(Handler(), action('pick'), PORT, (), 10.0)
    assert interrupted(SERVICE, timed) == timed


def test_a_pick_by_handshake_ends_when_it_is_said_to_and_outlives_the_process():
    agreed = Handler(handshake=True)
    job = start(agreed, action('pick'), PORT, (), 10.0)
    assert job.called
    assert job.due == math.inf
    assert interrupted(agreed, job) == job
    answer, loads = finish(job, LOAD)  # what the handshake has said that it carries
    assert (answer.result, loads[0].load_id) == ('casing-1', 'casing-1')


def test_the_battery_is_estimated_until_the_robot_tells_it():
    battery = CLASS.battery
    hour = {'dt': 3600.0, 'charge_power': 2000.0}
    idle = estimate(Charge(0.5), battery, moving=False, **hour)
    assert idle.level == pytest.approx(0.5 - battery.idle_power / battery.capacity_wh)
    assert estimate(Charge(0.5), battery, moving=True, **hour).level < idle.level
    assert estimate(Charge(0.5, charging=True), battery, moving=False, **hour).level == 1.0
    assert not estimate(Charge(0.5, charging=True), battery, moving=True, **hour).charging
    told = tell(idle, BatteryReading(0.7, True, 48.0), 5.0)
    assert (told.level, told.charging, told.voltage, told.current) == (0.7, True, 48.0, None)
    assert estimate(told, battery, moving=True, **hour) == told
    for nonsense in (math.nan, -0.1, 1.1, math.inf):
        assert tell(told, BatteryReading(nonsense, False), 6.0) == told


def test_wheels_that_do_not_follow_are_found_and_forgiven_once_they_do():
    stall, text = watch(StallWatch(), Motion(speed=1.0), Pose(0, 0, 0), 0.1)
    ticks = 0
    while not text:
        stall, text = watch(stall, Motion(speed=1.0), Pose(0, 0, 0), 0.1)
        ticks += 1
    assert ticks == 5
    assert watch(stall, Motion(), Pose(0.02, 0, 0), 0.1)[1]
    assert not watch(stall, Motion(), Pose(0.1, 0, 0), 0.1)[1]
    stall = StallWatch(Pose(0, 0, 0))
    for i in range(100):
        stall, text = watch(stall, Motion(speed=0.5), Pose(0.04 * i, 0, 0), 0.1)
        assert not text


@pytest.fixture
def vehicle():
    return vehicle_of(PLANT, 'agv_002', 0.1)


def memory(node):
    return Memory(AgvState(last_node_id=NodeId(node)), Charge(0.5), loads=LOAD)


def test_the_newest_memory_comes_back(tmp_path, vehicle):
    store = Store(tmp_path, vehicle)
    assert store.load() is None
    for node in ('a', 'b', 'c'):
        store.save(memory(node))
    store.close()
    again = Store(tmp_path, vehicle)
    assert again.load() == memory('c')
    again.save(memory('d'))
    assert Store(tmp_path, vehicle).load() == memory('d')


def test_every_torn_write_leaves_the_memory_before_it(tmp_path, vehicle):
    store = Store(tmp_path, vehicle)
    store.save(memory('a'))
    store.save(memory('b'))
    newest = tmp_path / 'agv_002.0'
    content = newest.read_bytes()
    assert content.startswith(MAGIC)
    for length in (0, 10, 27, len(content) // 2, len(content) - 1):
        newest.write_bytes(content[:length])
        assert Store(tmp_path, vehicle).load() == memory('a')
    flipped = bytearray(content)
    flipped[-5] ^= 255
    newest.write_bytes(flipped)
    assert Store(tmp_path, vehicle).load() == memory('a')


def test_a_memory_that_cannot_be_used_is_refused(tmp_path, vehicle):
    store = Store(tmp_path, vehicle)
    store.save(memory('a'))
    other = vehicle_of(load_plant('jiaozhou'), 'agv_002', 0.1)
    with pytest.raises(MemoryFileError, match='map, roadmap'):
        Store(tmp_path, other).load()
    (tmp_path / 'agv_002.1').write_bytes(b'rubbish')
    with pytest.raises(MemoryFileError, match='no readable state'):
        Store(tmp_path, vehicle).load()
    (tmp_path / 'file').write_text('')
    with pytest.raises(MemoryFileError, match='cannot keep'):
        Store(tmp_path / 'file', vehicle)


def test_the_memory_pickles_small(vehicle):
    assert len(pickle.dumps(memory('a'))) < 5000


def test_a_vehicle_that_is_not_of_the_plant_is_refused():
    with pytest.raises(SettingError, match="found 'agv_9', wanted one of plant 'cell': agv_001"):
        vehicle_of(PLANT, 'agv_9', 0.1)
    with pytest.raises(SettingError, match='wanted at most'):
        vehicle_of(PLANT, 'agv_001', 0.2)
    pose = home_pose(PLANT, vehicle_of(PLANT, 'agv_001', 0.1))
    assert (pose.x, pose.y) == (8.0, 2.0)
