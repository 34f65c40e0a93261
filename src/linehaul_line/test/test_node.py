# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The line node with a clock and a stand-in for the fleet in one executor."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import yaml
from linehaul_line.node import LineNode
from linehaul_line.packml import State
from linehaul_ros.actions import action_server
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import from_time, to_time
from rclpy.action import CancelResponse
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future

from linehaul_floor import first_loads, load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState, ErrorCode, LoadCustody
from linehaul_interfaces.srv import ChangeDelivery, SetLineState
from linehaul_ros import names

_SPEC = spec_from_file_location('plcs', Path(__file__).with_name('test_station_client.py'))
PLCS = module_from_spec(_SPEC)
_SPEC.loader.exec_module(PLCS)

PLANT = load_plant('cell')
LINE = next(iter(PLANT.lines.values()))


SHIFT = {
    'format': 1,
    'lines': {
        'fa1': {
            'models': {'plain': {'bill': {'fa1_01': {'casing': 1}, 'fa1_02': {'compressor': 1}}}},
            'jis': {'fa1_01': 'casing', 'fa1_02': 'compressor'},
        }
    },
}


class Bench:
    """A line node, a clock that runs fast, and a fleet that delivers when told."""

    def __init__(self, context, state_dir, now=100.0, mappings='', shift='', fetch=False):
        self.node = LineNode(
            context=context,
            parameter_overrides=[
                Parameter('plant', value='cell'),
                Parameter('state_dir', value=str(state_dir)),
                Parameter('use_sim_time', value=True),
                Parameter('start', value=1.0),
                Parameter('mappings', value=str(mappings)),
                Parameter('shift', value=str(shift)),
                Parameter('fetch_empties', value=fetch),
                Parameter('known', value=60),
            ],
        )
        self.fleet = Node('fleet', context=context)
        self.now, self.step = now, 8.0
        self.goals, self.changes, self.lines, self.stations = {}, [], {}, {}
        clock = names.CLOCK
        self.clock = self.fleet.create_publisher(clock.type, clock.name, clock.qos)
        self.fleet.create_timer(0.02, self.tick)
        self.server = action_server(
            self.fleet, names.DELIVER_MATERIAL, self.deliver, lambda _: CancelResponse.ACCEPT
        )
        self.fleet.create_service(ChangeDelivery, names.CHANGE_DELIVERY.name, self.change)
        self.command = self.fleet.create_client(SetLineState, names.SET_LINE_STATE.name)
        line = names.LINE_STATE.of(LINE.id)
        self.fleet.create_subscription(line.type, line.name, self.hear, line.qos)

    def hear(self, message):
        self.lines[message.line_id] = message

    def tick(self):
        self.now += self.step
        self.clock.publish(names.CLOCK.type(clock=to_time(self.now)))

    async def deliver(self, handle):
        goal = handle.request
        arrived = self.goals.setdefault(goal.request_id, (goal, Future()))[1]
        state = DeliveryState(request_id=goal.request_id, phase=DeliveryState.PHASE_FETCHING)
        handle.publish_feedback(DeliverMaterial.Feedback(state=state))
        result = await arrived
        handle.succeed()
        return result

    def change(self, request, response):
        self.changes.append(request)
        return response

    def arrive(self, name, **fields):
        goal, future = self.goals[name]
        result = {'load_id': 'l1', 'quantity': goal.quantity, 'station_id': goal.station_id}
        future.set_result(DeliverMaterial.Result(**(result | fields)))

    def part(self, goal):
        assembly = self.node._desks[LINE.id].assembly
        return assembly.stock[goal.station_id, goal.item_id]

    def state(self, executor, target=LINE.id, **fields):
        request = SetLineState.Request(line_id=target, actor='test', **fields)
        spin_until(executor, self.command.service_is_ready)
        future = self.command.call_async(request)
        spin_until(executor, future.done)
        return future.result()


def test_a_line_asks_takes_what_comes_and_obeys(tmp_path):
    with ros_context() as context:
        bench = Bench(context, tmp_path)
        with spinning(context, bench.node, bench.fleet) as executor:
            spin_until(executor, lambda: bench.goals)
            name, (goal, _) = next(iter(bench.goals.items()))
            assert goal.quantity == PLANT.items[goal.item_id].container_units
            assert from_time(goal.due) > bench.now
            bench.step = 0.0
            before = bench.part(goal)
            assert name in [one.request for one in before.promises]
            assert bench.state(executor, command=SetLineState.Request.COMMAND_HOLD).error_code == 0
            bench.step = 0.5
            spin_until(executor, lambda: bench.changes)
            assert bench.changes[0].change == ChangeDelivery.Request.CHANGE_HOLD
            stock = bench.node._desks[LINE.id].assembly
            key = (goal.station_id, goal.item_id)
            room = replace(before, contents=before.contents[:1], empties=0)
            bench.node._desks[LINE.id].assembly = replace(
                stock, stock={**stock.stock, key: replace(room, promises=before.promises)}
            )
            bench.arrive(name)
            spin_until(executor, lambda: name not in bench.node._asking.open)
            assert bench.part(goal).quantity == room.quantity + goal.quantity
            assert bench.part(goal).promises == ()
            spin_until(executor, lambda: bench.lines[LINE.id].state.state == State.HELD)
            refused = bench.state(executor, command=SetLineState.Request.COMMAND_RESET)
            assert refused.error_code == ErrorCode.LINE_TRANSITION_NOT_ALLOWED
            hold, unhold = SetLineState.Request.COMMAND_HOLD, SetLineState.Request.COMMAND_UNHOLD
            assert bench.state(executor, command=unhold).error_code == 0
            station = LINE.stations[1]
            what = {'target': station, 'reason': 'gripper'}
            assert bench.state(executor, command=hold, **what).error_code == 0
            assert bench.node._desks[LINE.id].assembly.andon >= {station}
            assert 'has a fault' in bench.state(executor, command=unhold).error_msg
            assert bench.state(executor, command=unhold, **what).error_code == 0
            refused = bench.state(executor, command=unhold, **what)
            assert refused.error_code == ErrorCode.LINE_TRANSITION_NOT_ALLOWED
            assert 'has no fault' in refused.error_msg
            assert bench.state(executor, command=hold).error_code == 0
            speed = SetLineState.Request.COMMAND_SET_SPEED
            assert (
                bench.state(executor, command=speed, speed_factor=3.0).error_code
                == ErrorCode.LINE_SPEED_OUT_OF_RANGE
            )
        assert bench.node.close() == 0


@contextmanager
def commands(context, *lines):
    """Start commands of the line's package beside a node; give the processes."""
    env = {**os.environ, 'ROS_DOMAIN_ID': str(context.get_domain_id())}
    words = [[sys.executable, '-m', *line] for line in lines]
    running = [subprocess.Popen(one, env=env, stdout=subprocess.PIPE, text=True) for one in words]
    try:
        yield running
    finally:
        for one in running:
            if one.poll() is None:
                one.kill()
            one.wait()
            one.stdout.close()


def test_a_person_gives_units_from_a_file_sees_the_lines_and_stops_a_station(tmp_path):
    units, station = tmp_path / 'units.csv', LINE.stations[1]
    units.write_text(
        'unit_id,order_id,owner,model_id,due\n'
        + ''.join(f'x{k},order-{k},anna,{LINE.id}_standard,{100 * k}\n' for k in range(5)),
        encoding='utf-8',
    )
    send = 'linehaul_line.send_sequence', '--line', LINE.id, '--units', str(units)
    lines = 'linehaul_line.operator_cli', '--wait', '60'
    with ros_context() as context:
        bench = Bench(context, tmp_path)
        bench.step = 0.1
        with (
            spinning(context, bench.node, bench.fleet) as executor,
            commands(
                context,
                [*send, '--actor', 'anna', '--wait', '60'],
                [*lines, '--json', '--most', '99'],
                [*lines, 'hold', station, '--reason', 'gripper'],
                [*lines, 'speed', LINE.id, '3'],
            ) as running,
        ):
            spin_until(executor, lambda: all(one.poll() is not None for one in running), 90.0)
            assert [one.returncode for one in running] == [0, 0, 0, 1]
            said = [one.communicate()[0] for one in running]
            desk, first = bench.node._desks[LINE.id], int(said[0].split()[-2])
        found = [desk.assembly.sequence.at(first + k) for k in range(5)]
        assert [(u.id, u.order, u.owner) for u in found] == [
            (f'x{k}', f'order-{k}', 'anna') for k in range(5)
        ]
        assert found[4].due == pytest.approx(found[0].due + 400.0)
        assert desk.given
        seen = json.loads(said[1])
        assert [one['line'] for one in seen['lines']] == [LINE.id]
        assert {one['station'] for one in seen['parts']} == set(LINE.stations)
        assert desk.assembly.held == {station: 'gripper'}
        bench.node.close()


def test_a_used_container_is_told_until_the_floor_knows_and_it_has_left(tmp_path):
    with ros_context() as context:
        bench = Bench(context, tmp_path, fetch=True)
        used, custody, told = names.USED_LOADS, names.CUSTODY, []
        bench.fleet.create_subscription(used.type, used.name, told.append, used.qos)
        floor = bench.fleet.create_publisher(custody.type, custody.name, custody.qos)
        with spinning(context, bench.node, bench.fleet) as executor:
            spin_until(executor, lambda: len({m.load_id for m in told}) < len(told))
            load = told[0].load_id
            assert load in {name for _, _, name in first_loads(PLANT)}
            floor.publish(LoadCustody(load_id=load, holder_kind=LoadCustody.HOLDER_PORT))
            side = bench.node._desks[LINE.id].side
            spin_until(executor, lambda: load not in side.used)
            told.clear()  # while it stands it is told on, for whoever was away
            spin_until(executor, lambda: load in {m.load_id for m in told})
            assert load in side.empties
            floor.publish(LoadCustody(load_id=load, holder_kind=LoadCustody.HOLDER_VEHICLE))
            spin_until(executor, lambda: load not in side.empties)
        bench.node.close()


@pytest.mark.filterwarnings('ignore')
def test_a_real_line_is_seen_through_its_plc(tmp_path):
    """Whatever the simulated line would do: state, position and stock are those of the PLC."""
    words, port = [0] * 40, PLCS.free_port()
    words[0], words[2], words[20] = 2, 7, 13  # held; position 7; casings beside fa1_01
    mapping = PLCS.MODBUS | {'address': f'127.0.0.1:{port}'}
    (tmp_path / 'maps').mkdir()
    (tmp_path / 'maps' / 'fa1.yaml').write_text(yaml.safe_dump(mapping), encoding='utf-8')
    with PLCS.in_thread(lambda: PLCS.modbus_server(port, words)), ros_context() as context:
        bench = Bench(context, tmp_path, mappings=tmp_path / 'maps')
        with spinning(context, bench.node, bench.fleet) as executor:
            spin_until(
                executor,
                lambda: LINE.id in bench.lines and bench.lines[LINE.id].state.state == State.HELD,
            )
            assert bench.lines[LINE.id].position == 7
            assert bench.node._desks[LINE.id].assembly.stock['fa1_01', 'casing'].quantity == 13
            assert not bench.goals
        bench.node.close()


def test_a_killed_line_comes_back_with_its_requests(tmp_path):
    shift = tmp_path / 'shift.yaml'
    shift.write_text(yaml.safe_dump(SHIFT), encoding='utf-8')
    with ros_context() as context:
        bench = Bench(context, tmp_path, shift=shift)
        with spinning(context, bench.node, bench.fleet) as executor:
            spin_until(executor, lambda: bench.goals)
            bench.step = 0.0
            name, (goal, _) = next(iter(bench.goals.items()))
            position = bench.node._desks[LINE.id].assembly.position
        # Not closed: as after kill -9.
        again = Bench(context, tmp_path, now=bench.now, shift=shift)
        with spinning(context, again.node, again.fleet) as executor:
            spin_until(executor, lambda: name in again.goals)
            assert again.goals[name][0] == goal
            assert name in [one.request for one in again.part(goal).promises]
            desk = again.node._desks[LINE.id]
            assert desk.assembly.position >= position
            assert desk.batches == bench.node._desks[LINE.id].batches
            assert again.node._asking.open == bench.node._asking.open
            assert [unit.model for unit in desk.assembly.sequence.units[:4]] == ['plain'] * 4
        again.node.close()
        bench.node.close()
