# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse node with a clock and a client: actions, services, custody, restarts."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_ros.actions import PersistentGoal
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from linehaul_warehouse.model import PlaceKind, StepKind
from linehaul_warehouse.node import WarehouseNode
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import ErrorCode, LoadCustody
from linehaul_ros import names


class Bench:
    """A warehouse node, a clock that runs 20 times as fast, and clients in one executor."""

    def __init__(self, context, folder, now=100.0):
        parameters = [
            Parameter('plant', value='cell'),
            Parameter('state_dir', value=str(folder)),
            Parameter('use_sim_time', value=True),
            Parameter('cycle', value=0.2),
            Parameter('fill', value=0.02),
        ]
        self.node = WarehouseNode(context=context, parameter_overrides=parameters)
        self.tester = Node('tester', context=context)
        clock, seen = names.CLOCK, names.CUSTODY
        self.clock = self.tester.create_publisher(clock.type, clock.name, clock.qos)
        self.custody = self.tester.create_publisher(seen.type, seen.name, seen.qos)
        self.told = []
        self.tester.create_subscription(seen.type, seen.name, self.told.append, seen.qos)
        self.clients = {
            kind: ActionClient(self.tester, kind, endpoint.name)
            for kind, endpoint in (
                (RetrieveLoad, names.RETRIEVE_LOAD),
                (StoreLoad, names.STORE_LOAD),
            )
        }
        self.now = now
        self.tester.create_timer(0.02, self.tick)

    def tick(self):
        self.now += 0.4
        self.clock.publish(names.CLOCK.type(clock=to_time(self.now)))

    def stop_when(self, condition):
        """Let everything stand from the moment a condition holds; return what lets it go on."""
        warehouse, end, stopped = self.node.warehouse, self.node.end, []
        tick, advance = warehouse.tick, end.advance

        def look(now):
            if not stopped:
                tick(now)
                stopped.extend([True] if condition() else [])

        def go_on():
            warehouse.tick, end.advance = tick, advance

        warehouse.tick = look
        end.advance = lambda now: [] if stopped else advance(now)
        return go_on

    def begin(self, kind, results, seen, **fields):
        client = self.clients[kind]
        return PersistentGoal(
            self.tester, client, kind.Goal(**fields), results.append, seen.append
        )

    def send(self, executor, kind, **fields):
        results = []
        self.begin(kind, results, [], **fields)
        spin_until(executor, lambda: results)
        return results[0]

    def call(self, executor, endpoint, **fields):
        client = self.tester.create_client(endpoint.type, endpoint.name)
        spin_until(executor, client.service_is_ready)
        future = client.call_async(endpoint.type.Request(**fields))
        spin_until(executor, future.done)
        return future.result()

    def hold(self, load_id, kind, place):
        self.custody.publish(LoadCustody(load_id=load_id, holder_kind=kind, holder_id=place))


@pytest.fixture
def bench(tmp_path):
    with ros_context() as context:
        made = Bench(context, tmp_path)
        with spinning(context, made.node, made.tester) as executor:
            yield made, executor
            made.node.close()


GOOD = {'request_id': 'r1', 'item_id': 'compressor', 'quantity': 1}


def test_a_container_comes_to_the_port_and_is_gone_when_a_vehicle_has_it(bench):
    made, executor = bench
    seen, results = [], []
    made.begin(RetrieveLoad, results, seen, **GOOD)
    spin_until(executor, lambda: results)
    result = results[0]
    assert (result.error_code, result.port_id) == (0, 'wh_out_1')
    assert result.quantity > 0
    phases = [f.phase for f in seen]
    assert phases == sorted(phases)
    assert {f.load_id for f in seen if f.phase >= 2} == {result.load_id}
    assert any(m.holder_kind == LoadCustody.HOLDER_CRANE for m in made.told)
    assert repr(made.send(executor, RetrieveLoad, **GOOD)) == repr(result)
    reused = made.send(executor, RetrieveLoad, **(GOOD | {'quantity': 2}))
    assert reused.error_code == ErrorCode.RETRIEVE_ID_REUSED
    made.hold(result.load_id, LoadCustody.HOLDER_VEHICLE, 'agv_001')
    facts = made.node.warehouse.state.facts
    spin_until(executor, lambda: result.load_id not in facts.loads)
    assert made.node.end.floor.ports['wh_out_1'] == []


def test_every_bad_retrieval_gets_its_own_code(bench):
    made, executor = bench
    for changes, code in (
        ({'request_id': ''}, ErrorCode.INVALID_ARGUMENT),
        ({'item_id': 'nothing'}, ErrorCode.RETRIEVE_UNKNOWN_ITEM),
        ({'quantity': 0}, ErrorCode.RETRIEVE_QUANTITY_INVALID),
        ({'quantity': 4_000_000_000}, ErrorCode.RETRIEVE_NO_STOCK),
        ({'port_id': 'wh_in_1'}, ErrorCode.RETRIEVE_WRONG_PORT),
    ):
        result = made.send(executor, RetrieveLoad, **(GOOD | changes))
        assert result.error_code == code, changes
        assert result.error_msg


def test_a_container_is_stored_also_when_it_came_before_its_request(bench):
    made, executor = bench
    heard = made.custody.get_subscription_count
    spin_until(executor, lambda: made.node.warehouse.state.in_cell and heard() >= 2)
    made.hold('late', LoadCustody.HOLDER_PORT, 'wh_in_1')
    spin_until(executor, lambda: made.node.end.floor.ports['wh_in_1'] == ['late'])
    goal = {'request_id': 's1', 'load_id': 'late', 'item_id': 'compressor', 'quantity': 3}
    result = made.send(executor, StoreLoad, **goal)
    assert result.error_code == 0
    load = made.node.warehouse.state.facts.loads['late']
    assert (load.place.kind, load.place.id) == (PlaceKind.CELL, result.cell_id)
    again = made.send(executor, StoreLoad, **(goal | {'request_id': 's2'}))
    assert again.error_code == ErrorCode.STORE_LOAD_PRESENT
    found = made.call(executor, names.LOOK_UP_STOCK, load_id='late')
    assert [r.cell_id for r in found.records] == [result.cell_id]


def test_what_was_set_down_unannounced_and_fetched_again_is_forgotten(bench):
    made, executor = bench
    heard = made.custody.get_subscription_count
    floor = made.node.end.floor
    spin_until(executor, lambda: made.node.warehouse.state.in_cell and heard() >= 2)
    made.hold('lost', LoadCustody.HOLDER_PORT, 'wh_in_1')
    spin_until(executor, lambda: floor.ports['wh_in_1'] == ['lost'])
    made.hold('lost', LoadCustody.HOLDER_VEHICLE, 'agv_001')
    spin_until(executor, lambda: floor.ports['wh_in_1'] == [])
    assert 'lost' not in made.node.warehouse.state.facts.loads


def test_a_retrieval_is_cancelled_and_the_load_stays(bench):
    made, executor = bench
    seen, results = [], []
    due = to_time(made.now + 50_000.0)
    goal = made.begin(RetrieveLoad, results, seen, **GOOD, due=due)
    spin_until(executor, lambda: seen)
    goal.cancel()
    spin_until(executor, lambda: results)
    assert results[0].error_code == ErrorCode.CANCELLED
    assert not made.node.warehouse.state.open_retrievals


@pytest.mark.parametrize('phase', ['picking', 'on the fork', 'conveyor'])
def test_a_retrieval_is_cancelled_at_any_phase_and_its_load_is_stock_again(bench, phase):
    made, executor = bench
    facts, floor = made.node.warehouse.state.facts, made.node.end.floor
    crane = floor.cranes['wh']
    begun = {
        'picking': lambda: crane.step and crane.step.kind is StepKind.PICK,
        'on the fork': lambda: crane.load_id,
        'conveyor': lambda: floor.ports['wh_out_1'],
    }
    results = []
    go_on = made.stop_when(begun[phase])
    goal = made.begin(RetrieveLoad, results, [], **GOOD)
    spin_until(executor, begun[phase])
    load_id = facts.retrievals[GOOD['request_id']].load_id
    goal.cancel()
    spin_until(executor, lambda: not facts.retrievals[GOOD['request_id']].open)
    go_on()
    spin_until(executor, lambda: results)
    assert results[0].error_code == ErrorCode.CANCELLED
    assert made.send(executor, RetrieveLoad, **GOOD) == results[0]
    spin_until(executor, lambda: facts.loads[load_id].place.kind is PlaceKind.CELL)
    spin_until(executor, lambda: not crane.load_id and not floor.ports['wh_out_1'])
    assert facts.loads[load_id].held_by == ''
    assert made.node.warehouse.state.in_cell == floor.cells


def test_what_stands_at_its_port_is_no_longer_cancelled(bench):
    made, executor = bench
    done = made.send(executor, RetrieveLoad, **GOOD)
    late = made.node.warehouse.cancel_retrieval(GOOD['request_id'], made.now)
    assert (done.error_code, late.code) == (0, ErrorCode.NOT_ALLOWED)
    assert made.node.end.floor.ports['wh_out_1'] == [done.load_id]


def test_storages_are_cancelled_until_their_load_has_come(bench):
    made, executor = bench
    heard = made.custody.get_subscription_count
    spin_until(executor, lambda: made.node.warehouse.state.in_cell and heard() >= 2)
    goal = {'request_id': 's1', 'load_id': 'n1', 'item_id': 'compressor', 'quantity': 3}
    seen, results = [], []
    storage = made.begin(StoreLoad, results, seen, **goal)
    spin_until(executor, lambda: seen)
    assert seen[0].port_id == 'wh_in_1'
    storage.cancel()
    spin_until(executor, lambda: results)
    assert results[0].error_code == ErrorCode.CANCELLED
    seen, results = [], []
    storage = made.begin(StoreLoad, results, seen, **(goal | {'request_id': 's2'}))
    spin_until(executor, lambda: seen)
    made.hold('n1', LoadCustody.HOLDER_PORT, 'wh_in_1')
    spin_until(executor, lambda: 'n1' in made.node.warehouse.state.facts.loads)
    storage.cancel()  # too late: it goes on, and into its cell
    spin_until(executor, lambda: results)
    assert (results[0].error_code, results[0].cell_id != '') == (0, True)
    assert made.node.warehouse.state.in_cell[results[0].cell_id] == 'n1'


def test_every_bad_storage_gets_its_own_code(bench):
    made, executor = bench
    spin_until(executor, lambda: made.node.warehouse.state.in_cell)
    present = next(iter(made.node.warehouse.state.in_cell.values()))
    goal = {'request_id': 's1', 'load_id': 'n1', 'item_id': 'compressor', 'quantity': 3}
    waiting = made.begin(StoreLoad, [], [], **(goal | {'request_id': 's0', 'load_id': 'n0'}))
    for changes, code in (
        ({'request_id': ''}, ErrorCode.INVALID_ARGUMENT),
        ({'load_id': ''}, ErrorCode.INVALID_ARGUMENT),
        ({'weight': -1.0}, ErrorCode.INVALID_ARGUMENT),
        ({'port_id': 'wh_out_1'}, ErrorCode.STORE_WRONG_PORT),
        ({'load_id': present}, ErrorCode.STORE_LOAD_PRESENT),
        ({'request_id': 's0'}, ErrorCode.STORE_ID_REUSED),
    ):
        result = made.send(executor, StoreLoad, **(goal | changes))
        assert result.error_code == code, changes
        assert result.error_msg
    waiting.forget()


def test_the_floor_is_told_again_who_has_a_load_that_it_thinks_it_has(bench):
    made, executor = bench
    heard = made.custody.get_subscription_count
    state = made.node.warehouse.state
    spin_until(executor, lambda: state.in_cell and heard() >= 2)
    cell, load_id = next(iter(state.in_cell.items()))
    made.hold(load_id, LoadCustody.HOLDER_PORT, 'wh_in_1')
    spin_until(executor, lambda: any(m.holder_id == cell for m in made.told))
    done = made.send(executor, RetrieveLoad, **GOOD)
    said = [m for m in made.told if m.holder_id == done.port_id]
    spin_until(executor, lambda: len(made.told) > 3 + len(said))  # again, each second
    stamps = {m.stamp.sec for m in made.told if m.holder_id == done.port_id}
    assert len(stamps) == 1


def test_people_count_adjust_block_and_stop(bench):
    made, executor = bench
    spin_until(executor, lambda: made.node.warehouse.state.in_cell)
    cell, load_id = next(iter(made.node.warehouse.state.in_cell.items()))
    load = made.node.warehouse.state.facts.loads[load_id]
    count = {'cell_id': cell, 'load_id': load_id, 'item_id': load.item_id, 'actor': 'ann'}
    for recount in (True, False):
        answer = made.call(executor, names.COUNT_CELL, quantity=1, **count)
        assert (answer.error_code, answer.recount) == (0, recount)
    assert made.node.warehouse.state.facts.loads[load_id].quantity == 1
    answer = made.call(
        executor,
        names.ADJUST_STOCK,
        load_id=load_id,
        set_quantity=True,
        quantity=5,
        quality=2,
        actor='ann',
        reason='found more',
    )
    assert answer.error_code == 0
    assert made.node.warehouse.state.facts.loads[load_id].quantity == 5
    for actor, code in (('', ErrorCode.INVALID_ARGUMENT), ('ann', 0)):
        fields = {'aisle_id': 'wh', 'blocked': True, 'actor': actor, 'reason': 'inspection'}
        assert made.call(executor, names.SET_AISLE_STATE, **fields).error_code == code
    refused = made.send(executor, RetrieveLoad, **GOOD)
    assert refused.error_code == ErrorCode.RETRIEVE_BLOCKED
    stop = {'command': 4, 'actor': 'ann', 'reason': 'door'}
    assert made.call(executor, names.COMMAND_CRANE, **stop).error_code == 0
    wrong = made.call(executor, names.COMMAND_CRANE, aisle_id='x', command=2, actor='ann')
    assert wrong.error_code == ErrorCode.UNKNOWN_ID


def test_a_node_that_died_goes_on_with_the_load_on_its_fork(tmp_path):
    with ros_context() as context:
        first = Bench(context, tmp_path)
        with spinning(context, first.node, first.tester) as executor:
            first.stop_when(lambda: first.node.end.floor.cranes['wh'].load_id)
            first.begin(RetrieveLoad, [], [], **GOOD)
            spin_until(executor, lambda: first.node.end.floor.cranes['wh'].load_id)
            carried = first.node.end.floor.cranes['wh'].load_id
            first.node._store.close()  # no goodbye: what is in the files is all there is
    with ros_context() as context:
        second = Bench(context, tmp_path, first.now)
        with spinning(context, second.node, second.tester) as executor:
            result = second.send(executor, RetrieveLoad, **GOOD)
            assert (result.error_code, result.load_id) == (0, carried)
            second.node.close()
