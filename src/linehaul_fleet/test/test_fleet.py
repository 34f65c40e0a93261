# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whole deliveries through the core, with vehicles that step from node to node."""

import functools
import itertools
import json
import random
from dataclasses import dataclass, field, replace
from math import inf, isnan, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_fleet.abilities import Abilities
from linehaul_fleet.changes import Change, moved
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Phase, Request
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.lines import GIVEN_UP_MOST
from linehaul_fleet.situation import Settings
from linehaul_fleet.work import Job, JobKind

from linehaul_fleet import turns, waiting
from linehaul_floor import PlaceKind, conflict_table, load_plant
from linehaul_vda5050 import (
    ActionState,
    ActionStatus,
    Connection,
    ConnectionState,
    EdgeState,
    Header,
    Load,
    MobileRobotPosition,
    NodeState,
    OperatingMode,
    PowerSupply,
    SafetyState,
    State,
)


@functools.cache
def cell():
    plant = load_plant('cell')
    return plant, {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}


@dataclass
class SteppingVehicle:
    """Follows its base one node a step and does the action at the end at once."""

    id: str
    node: str
    theta: float
    order: tuple = ('', 0)
    last: int = 0
    nodes: list = field(default_factory=list)
    edges: list = field(default_factory=list)
    actions: dict = field(default_factory=dict)
    loads: tuple = ()
    charge: float = 0.8
    fail: str = ''
    slow: str = ''
    wants_base: bool = False

    def take(self, order):
        if order.order_id != self.order[0]:
            self.actions, self.nodes, self.edges, self.last = {}, [], [], 0
        elif order.order_update_id <= self.order[1]:
            return
        self.order = (order.order_id, order.order_update_id)
        stitch = order.nodes[0].sequence_id
        self.nodes = [n for n in self.nodes if n.sequence_id < stitch] + [
            n for n in order.nodes if n.sequence_id > self.last
        ]
        self.edges = [e for e in self.edges if e.sequence_id < stitch] + [
            e for e in order.edges if e.sequence_id > self.last
        ]
        known = {a.action_id for n in order.nodes for a in n.actions}
        self.actions = {k: v for k, v in self.actions.items() if v[1].ended or k in known}
        for n in order.nodes:
            for a in n.actions:
                self.actions.setdefault(a.action_id, (a, ActionStatus.WAITING, n.sequence_id))

    def step(self):
        if self.nodes and self.nodes[0].released:
            node = self.nodes.pop(0)
            self.edges.pop(0)
            self.node, self.last = node.node_id, node.sequence_id
            self.theta = None
        for key, (action, status, at) in self.actions.items():
            if not status.ended and at == self.last:
                self.actions[key] = (action, self.act(action), at)

    def act(self, action):
        if self.fail == action.action_type:
            return ActionStatus.FAILED
        if self.slow == action.action_type:
            return ActionStatus.RUNNING
        if action.action_type == 'pick':
            self.loads = (Load(load_id=action.parameter('loadId')),)
        elif action.action_type == 'drop':
            self.loads = ()
        return ActionStatus.FINISHED

    def state(self):
        return State(
            header=Header(0, 0.0, serial_number=self.id),
            order_id=self.order[0],
            order_update_id=self.order[1],
            last_node_id=self.node,
            last_node_sequence_id=self.last,
            node_states=tuple(NodeState(n.node_id, n.sequence_id, n.released) for n in self.nodes),
            edge_states=tuple(EdgeState(e.edge_id, e.sequence_id, e.released) for e in self.edges),
            driving=False,
            action_states=tuple(
                ActionState(k, s, a.action_type) for k, (a, s, _) in self.actions.items()
            ),
            instant_action_states=(),
            power_supply=PowerSupply(self.charge, False),
            operating_mode=OperatingMode.AUTOMATIC,
            errors=(),
            safety_state=SafetyState(),
            mobile_robot_position=None
            if self.theta is None
            else MobileRobotPosition(0.0, 0.0, self.theta, 'cell'),
            loads=self.loads,
            new_base_request=self.wants_base,
        )


class Factory:
    """A fleet, its stepping vehicles and a warehouse that promises at once."""

    def __init__(self, ready_after=3, lookahead=30.0, plant=None, tries=2):
        self.plant, self.conflicts = cell()
        self.plant = plant or self.plant
        self.settings = Settings(lookahead=lookahead)
        self.fleet = Fleet(self.plant, self.conflicts, self.settings)
        self.journal, self.sent = [], []
        self.kept = {}
        self.now = 1.0
        self.lose = lambda: False
        self.ready_after, self.tries = ready_after, tries
        self.asked = {}
        self.vehicles = {}
        self.promise = nan
        self.one_port = False
        for spawn in self.plant.fleet:
            place = self.plant.places[spawn.place]
            self.vehicles[spawn.id] = SteppingVehicle(
                spawn.id, self.plant.roadmap.node_ids[place.node], place.heading
            )

    def request(self, name, station=None, item=None, quantity=1, earliest=nan, due=nan):
        stations = self.plant.places_of(PlaceKind.STATION)
        place = self.plant.places[station] if station else stations[int(name[1:]) % len(stations)]
        return self.fleet.request(
            Request(name, '', item or place.items[0], quantity, place.id, earliest, due, 100),
            self.now,
        )

    def restart(self):
        """Kill the fleet; a new one reads the journal."""
        history = [(t, from_record(*r)) for t, r in self.journal]
        self.fleet = Fleet(self.plant, self.conflicts, self.settings, history, self.kept)

    def run(self, steps):
        for _ in range(steps):
            self.step()

    def all_delivered(self, count):
        return all(self.phase(f'd{k}') is Phase.DELIVERED for k in range(count))

    def until(self, done, most=600):
        """Run until something is so."""
        for _ in range(most):
            if done():
                return
            self.step()
        raise AssertionError(f'not so after {most} steps')

    def step(self):
        self.now += 1.0
        for vehicle in self.vehicles.values():
            self.fleet.connection(vehicle.id, Connection(Header(0, 0.0), ConnectionState.ONLINE))
            if not self.lose():
                self.fleet.vehicle_state(vehicle.id, vehicle.state(), self.now)
        self.warehouse()
        self.fleet.tick(self.now, inf, self.tries)
        orders = self.fleet.take_orders(self.now)
        self.journal += [(self.now, to_record(e)) for e in self.fleet.take_events()]
        self.kept |= json.loads(json.dumps(self.fleet.take_kept()))
        self.sent += orders
        for vehicle_id, order in orders:
            if not self.lose():
                self.vehicles[vehicle_id].take(order)
        for vehicle in self.vehicles.values():
            vehicle.step()
        self.check()

    def warehouse(self):
        ports = [
            p
            for p in self.plant.places_of(PlaceKind.WAREHOUSE_PORT)
            if p.flow.name in ('OUT', 'BOTH')
        ]
        for delivery in self.fleet.retrievals(self.now):
            name = delivery.retrieval_id
            since = self.asked.setdefault(name, self.now)
            turn = 0 if self.one_port else list(self.asked).index(name) % len(ports)
            port, load = ports[turn].id, f'load-{name}'
            self.fleet.container_promised(name, port, load, self.now, since + self.promise)
            if self.now - since >= self.ready_after:
                self.fleet.container_ready(name, port, load, self.now)

    def check(self):
        """No two vehicles are on nodes that conflict, by the table itself."""
        index = self.plant.roadmap.node_index
        at = {v.id: index[v.node] for v in self.vehicles.values()}
        for a, b in itertools.combinations(at, 2):
            classes = tuple(self.fleet.model.vehicles[v].vehicle_class for v in (a, b))
            assert at[b] not in self.conflicts[classes].of(at[a]), (a, b)

    def phase(self, name):
        return self.fleet.model.deliveries[name].phase


def test_a_delivery_goes_from_request_to_delivered():
    factory = Factory()
    delivery = factory.request('d1')
    assert delivery.phase is Phase.ACCEPTED
    seen = []
    for _ in range(300):
        factory.step()
        if not seen or seen[-1] is not factory.phase('d1'):
            seen.append(factory.phase('d1'))
    assert seen[:2] == [Phase.ACCEPTED, Phase.FETCHING]
    assert seen[-2:] == [Phase.DELIVERING, Phase.DELIVERED]
    assert all(not v.loads for v in factory.vehicles.values())


def test_nothing_arrives_before_its_earliest_time_nor_blocks_a_port_meanwhile():
    factory = Factory()
    factory.request('d1', earliest=1500.0)
    factory.run(1100)
    assert 'd1' not in factory.asked
    factory.run(350)
    assert factory.phase('d1') is not Phase.DELIVERED
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=400)
    # The stepping vehicles drive and hand over faster than any class of the plant.
    assert factory.fleet.model.deliveries['d1'].ended >= 1450.0


def test_vehicles_go_home_when_nothing_is_left_to_do():
    factory = Factory()
    for vehicle in factory.vehicles.values():
        vehicle.charge = 0.95  # nobody charges meanwhile
    for k in range(4):
        factory.request(f'd{k}')
    factory.run(800)
    homes = {s.id: factory.plant.places[s.place].node for s in factory.plant.fleet}
    for vehicle in factory.vehicles.values():
        assert factory.plant.roadmap.node_index[vehicle.node] == homes[vehicle.id]
    assert not factory.fleet.model.open


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lost_messages_and_restarts_delay_deliveries_but_lose_none(seed):
    rng = random.Random(seed)
    factory = Factory(lookahead=rng.choice([2.0, 30.0]), tries=rng.choice([0, 2, 20]))
    factory.lose = lambda: rng.random() < 0.3
    for k in range(5):
        factory.request(f'd{k}')
    for _ in range(1500):
        factory.step()
        if rng.random() < 0.02:
            factory.restart()
        if not factory.fleet.model.open:
            break
    assert [factory.phase(f'd{k}') for k in range(5)] == [Phase.DELIVERED] * 5


@pytest.mark.parametrize('cancelled', [False, True])
def test_after_a_restart_nobody_is_thought_to_have_lost_its_load_before_it_has_spoken(cancelled):
    factory = Factory()
    factory.request('d1')
    factory.until(lambda: any(v.loads for v in factory.vehicles.values()))
    carrier = next(v for v in factory.vehicles.values() if v.loads)
    factory.now += 1.0
    factory.fleet.vehicle_state(carrier.id, carrier.state(), factory.now)
    if cancelled:
        factory.fleet.cancel('d1', factory.now)
    # Killed when the pick is in the journal, before there is a way with the load.
    factory.journal += [(factory.now, to_record(e)) for e in factory.fleet.take_events()]
    factory.restart()
    assert factory.fleet.model.vehicles[carrier.id].leg is None
    factory.lose = lambda: True
    factory.run(2)
    factory.lose = lambda: False
    assert not factory.fleet.model.abandoned
    if cancelled:
        factory.until(lambda: not carrier.loads)
    else:
        factory.until(lambda: factory.phase('d1') is Phase.DELIVERED)


def test_the_same_request_twice_is_one_delivery_also_after_a_restart():
    factory = Factory()
    first = factory.request('d1')
    assert factory.request('d1') is first
    factory.run(300)
    factory.restart()
    again = factory.request('d1')
    assert again.phase is Phase.DELIVERED
    assert len(factory.fleet.model.deliveries) == 1


def test_a_reused_request_id_is_refused_and_changes_nothing():
    factory = Factory()
    factory.request('d1', quantity=1)
    answer = factory.request('d1', quantity=2)
    assert isinstance(answer, Refusal)
    assert answer.code is Code.REQUEST_ID_REUSED
    assert factory.fleet.model.deliveries['d1'].request.quantity == 1


@pytest.mark.parametrize('steps', [0, 1, 5, 12, 25, 40, 60, 90])
def test_cancel_in_any_phase_ends_the_delivery_and_brings_the_load_back(steps):
    factory = Factory()
    factory.request('d1')
    factory.run(steps)
    if factory.phase('d1') is Phase.DELIVERED:
        assert not factory.fleet.cancel('d1', factory.now)
        return
    assert factory.fleet.cancel('d1', factory.now)
    assert factory.phase('d1') is Phase.CANCELLED
    factory.run(500)
    assert factory.phase('d1') is Phase.CANCELLED
    assert all(not v.loads for v in factory.vehicles.values())
    assert not factory.fleet.model.abandoned
    assert factory.request('d2') is not None
    factory.until(lambda: factory.phase('d2') is Phase.DELIVERED, most=400)


@pytest.mark.parametrize(
    ('action', 'code'), [('pick', Code.PICK_FAILED), ('drop', Code.DROP_FAILED)]
)
def test_a_failed_handover_ends_the_delivery_and_the_vehicle_does_not_drive_on_with_it(
    action, code
):
    factory = Factory()
    for vehicle in factory.vehicles.values():
        vehicle.fail = action
    factory.request('d1')
    for _ in range(200):
        factory.step()
        if factory.phase('d1').ended:
            break
    delivery = factory.fleet.model.deliveries['d1']
    assert (delivery.phase, delivery.code) == (Phase.FAILED, code)
    assert action in delivery.text
    for vehicle in factory.vehicles.values():
        vehicle.fail = ''
    factory.run(400)
    assert all(not v.loads for v in factory.vehicles.values())


def released(order):
    return sum(e.length for e in order.edges if e.released)


@pytest.mark.parametrize('wants', [False, True])
def test_who_says_that_its_base_ends_soon_is_released_more(wants):
    factory = Factory(lookahead=6.0)
    for vehicle in factory.vehicles.values():
        vehicle.wants_base = wants
    factory.request('d1')
    factory.until(lambda: factory.sent)
    assert (released(factory.sent[0][1]) > 8.0) == wants
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED)


def test_a_vehicle_that_takes_only_short_orders_gets_short_ones():
    factory = Factory()
    for name in factory.vehicles:
        factory.fleet.situation.desk.abilities[name] = Abilities(nodes=4)
    factory.request('d1')
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED)
    assert max(len(order.nodes) for _, order in factory.sent) == 4


def test_a_vehicle_with_a_low_battery_charges_before_it_works_again():
    factory = Factory()
    for vehicle in factory.vehicles.values():
        vehicle.charge = 0.1
    factory.request('d1')
    factory.run(150)
    assert factory.phase('d1') is Phase.ACCEPTED
    chargers = {
        factory.plant.roadmap.node_ids[p.node] for p in factory.plant.places_of(PlaceKind.CHARGER)
    }
    charging = [v for v in factory.vehicles.values() if v.node in chargers]
    assert charging
    charging[0].charge = 0.95
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=400)


def test_a_vehicle_found_elsewhere_is_taken_as_it_is():
    factory = Factory()
    factory.request('d1')
    while not any(len(v.nodes) > 3 for v in factory.vehicles.values()):
        factory.step()
    busy = next(v for v in factory.vehicles.values() if v.nodes)
    busy.nodes, busy.edges, busy.actions = [], [], {}
    busy.order, busy.last = ('', 0), 0
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=600)


def test_one_vehicle_in_the_way_of_nobody_else_waits_for_its_goal():
    factory = Factory(ready_after=0)
    stations = factory.plant.places_of(PlaceKind.STATION)
    for k in range(6):
        factory.request(f'd{k}', station=stations[0].id)
    factory.until(lambda: factory.all_delivered(6), most=2500)


def test_nobody_who_comes_later_passes_by_who_waits_at_a_station():
    """One once waited ten minutes at the door, while three that were due later passed by."""
    factory = Factory(ready_after=0, lookahead=2.0)
    station = factory.plant.places_of(PlaceKind.STATION)[0].id
    for vehicle in factory.vehicles.values():
        vehicle.slow = 'drop'
    factory.request('d0', station=station)
    factory.until(lambda: factory.phase('d0') is Phase.DELIVERING)
    factory.request('d1', station=station, due=factory.now + 500.0)
    factory.until(lambda: factory.phase('d1') is Phase.LOADED)
    for name in ('d2', 'd3'):
        factory.request(name, station=station, due=factory.now + 900.0)
    first = factory.fleet.model.vehicles[factory.fleet.model.deliveries['d1'].vehicle_id]
    factory.until(lambda: first.leg is None and a_late_comer_is_under_way(factory, station))
    for vehicle in factory.vehicles.values():
        vehicle.slow = ''
    factory.until(lambda: factory.all_delivered(4), most=1500)
    ended = [factory.fleet.model.deliveries[f'd{k}'].ended for k in range(4)]
    assert ended[0] < ended[1] < min(ended[2:])


@pytest.mark.parametrize(('urgent', 'goes'), [(100.0, False), (1000.0, True), (inf, True)])
def test_who_is_out_of_a_bay_before_a_more_urgent_one_is_there_goes_first(
    monkeypatch, urgent, goes
):
    factory = Factory()
    station = factory.plant.places_of(PlaceKind.STATION)[0]
    factory.request('d1', station=station.id, due=factory.now + 50.0)
    factory.request('d2', station=station.id)
    first, second, third = factory.fleet.model.vehicles.values()
    first.job = Job(JobKind.DELIVERY, station.id, None, 'd1', 'load-1')
    second.job = Job(JobKind.DELIVERY, station.id, None, 'd2', 'load-2')
    third.job = Job(JobKind.RETURN, 'wh_in_1', station.id, None, 'empty')
    s = factory.fleet.situation
    s.model.abandoned_at['empty'] = factory.now
    s.desk.wanted = {station.id: [second, third, first]}
    when = {first.id: urgent, second.id: 90.0, third.id: 90.0}
    monkeypatch.setattr(turns, '_there', lambda _, vehicle, *__: when[vehicle.id])
    assert turns.my_bay(s, first, station, factory.now)
    assert not turns.my_bay(s, second, station, factory.now)  # empties wait no longer than that
    assert turns.my_bay(s, third, station, factory.now) == goes


def a_late_comer_is_under_way(factory, station):
    vehicles = factory.fleet.model.vehicles.values()
    return any(v.loads and v.leg and v.leg.place_id != station for v in vehicles)


def test_a_vehicle_leaves_before_its_container_is_there_and_both_arrive_together():
    factory = Factory(ready_after=60)
    factory.promise = 60.0
    factory.request('d1')
    factory.run(40)
    assert factory.phase('d1') is Phase.FETCHING
    assert not factory.fleet.model.deliveries['d1'].at_port
    factory.run(30)
    assert factory.phase('d1') >= Phase.LOADED


def test_of_many_at_one_port_each_waits_for_its_turn_and_none_blocks_the_bay():
    factory = Factory(ready_after=20)
    factory.promise, factory.one_port = 20.0, True
    for k in range(6):
        factory.request(f'd{k}')
    factory.until(lambda: factory.all_delivered(6), most=1500)


def test_containers_that_come_in_another_order_than_promised_block_nobody():
    factory = Factory(ready_after=10**9)
    factory.one_port = True
    factory.promise = 5.0
    factory.request('d0')
    factory.request('d1')
    factory.run(60)
    port = factory.fleet.model.deliveries['d1'].port_id
    factory.fleet.container_ready('d1', port, 'load-d1', factory.now)
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=300)
    factory.fleet.container_ready('d0', port, 'load-d0', factory.now)
    factory.until(lambda: factory.phase('d0') is Phase.DELIVERED, most=300)


def test_an_urgent_delivery_takes_the_vehicle_of_another_and_says_why():
    factory = Factory(ready_after=0, lookahead=2.0)
    for vehicle in list(factory.fleet.model.vehicles.values())[1:]:
        factory.vehicles.pop(vehicle.id)
    now = factory.now
    factory.request('d0', due=now + 4000.0)
    while factory.phase('d0') is not Phase.FETCHING:
        factory.step()
    factory.request('d1', due=factory.now + 60.0)
    factory.run(4)
    model = factory.fleet.model
    changes = [r for _, r in factory.journal if r[0] == 'DeliveryReassigned']
    assert len(changes) == 1
    assert model.deliveries['d0'].reassignments == 1
    reason = changes[0][1]['reason']
    assert reason.startswith('d0: agv_001 -> later, slack +')
    assert 'because agv_001 fetches d1 instead' in reason
    factory.run(800)
    assert model.deliveries['d1'].ended < model.deliveries['d0'].ended
    assert factory.phase('d0') is Phase.DELIVERED


def test_a_change_of_the_due_time_changes_the_assignment_in_the_next_cycle():
    factory = Factory(ready_after=0, lookahead=2.0)
    for vehicle in list(factory.fleet.model.vehicles.values())[1:]:
        factory.vehicles.pop(vehicle.id)
    now = factory.now
    factory.request('d0', due=now + 2000.0)
    factory.request('d1', due=now + 4000.0)
    while factory.phase('d0') is not Phase.FETCHING:
        factory.step()
    assert factory.phase('d1') is Phase.ACCEPTED
    change = Change(due=factory.now + 30.0, priority=200)
    assert factory.fleet.change('d1', change, 'fa1', 'the line runs faster', factory.now) is None
    factory.run(2)
    assert factory.fleet.model.deliveries['d1'].vehicle_id == 'agv_001'
    assert factory.phase('d0') is Phase.ACCEPTED


def held_load():
    """Return a factory in which a load is on its way to a line that stands, and who has it."""
    factory = Factory(lookahead=2.0)
    factory.request('d1')
    while factory.phase('d1') < Phase.LOADED:
        factory.step()
    factory.fleet.change('d1', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(300)
    assert factory.phase('d1') in (Phase.LOADED, Phase.DELIVERING)
    return factory, next(v for v in factory.vehicles.values() if v.loads)


def test_a_load_for_a_line_that_stands_waits_near_its_station_and_goes_on_when_it_runs():
    """From its home a vehicle once came minutes late: the line had stood for one."""
    factory, carrier = held_load()
    station = factory.plant.places[factory.fleet.model.deliveries['d1'].station_id]
    assert factory.plant.roadmap.node_index[carrier.node] == station.node
    factory.restart()
    factory.fleet.change('d1', Change(hold=False), 'fa1', 'runs', factory.now)
    factory.run(5)
    assert factory.phase('d1') is Phase.DELIVERED


def test_who_waits_with_a_load_at_a_station_makes_room_for_who_has_to_do_there():
    factory, carrier = held_load()
    station = factory.fleet.model.deliveries['d1'].station_id
    factory.fleet.bring_back('empty-1', station, factory.now)
    factory.until(lambda: loads_under_way(factory) - {carrier.id} != set())
    factory.until(lambda: loads_under_way(factory) == {carrier.id})
    assert 'empty-1' not in factory.fleet.model.abandoned
    factory.fleet.change('d1', Change(hold=False), 'fa1', 'runs', factory.now)
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED)


def test_a_bay_that_is_left_for_somebody_is_none_to_wait_in():
    """Who has just fetched a load stands in the bay still: others went for it, and came back."""
    factory, carrier = held_load()
    s, model = factory.fleet.situation, factory.fleet.model
    vehicle = model.vehicles[carrier.id]
    other = next(v for v in model.vehicles.values() if v.id != vehicle.id)
    other.job, other.leg = None, None

    def candidates():
        return [p.id for p in waiting._candidates(s, vehicle)]

    station = next(p for p in candidates() if s.plant.places[p].kind is PlaceKind.STATION)
    other.job = Job(JobKind.RETURN, 'wh_in_1', station, None, 'empty')
    for loads in (None, vehicle.state.loads):
        other.state = replace(other.state, loads=loads)
        assert waiting.in_demand(s, s.plant.places[station], vehicle)
        assert station not in candidates()
    assert not any(waiting.in_demand(s, s.plant.places[p], vehicle) for p in candidates())


def loads_under_way(factory):
    return {v.id for v in factory.vehicles.values() if v.loads}


def test_a_vehicle_on_its_way_to_a_load_is_called_back_when_the_line_stands():
    factory = Factory(ready_after=0, lookahead=2.0)
    factory.request('d1')
    while factory.phase('d1') is not Phase.FETCHING:
        factory.step()
    factory.fleet.change('d1', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(150)
    assert factory.phase('d1') is Phase.ACCEPTED
    assert not any(v.loads for v in factory.vehicles.values())
    reasons = [r[1]['reason'] for _, r in factory.journal if r[0] == 'DeliveryReassigned']
    assert reasons == ['d1: agv_001 -> later, fa1_02 wants it later']
    factory.fleet.change('d1', Change(hold=False), 'fa1', 'runs', factory.now)
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=300)


def test_a_load_whose_line_stands_does_not_keep_the_others_from_the_port():
    factory = Factory(ready_after=10**9)
    factory.one_port, factory.promise = True, 3.0
    factory.request('d0')
    factory.run(5)
    port = factory.fleet.model.deliveries['d0'].port_id
    factory.fleet.change('d0', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.fleet.container_ready('d0', port, 'load-d0', factory.now)
    factory.request('d1')
    factory.run(200)
    assert factory.phase('d0') in (Phase.LOADED, Phase.DELIVERING)
    factory.fleet.container_ready('d1', port, 'load-d1', factory.now)
    factory.until(lambda: factory.phase('d1') is Phase.DELIVERED, most=300)


def test_a_line_at_double_speed_gets_its_container_in_half_the_time():
    """The earliest time once stood still, came after the due time, and nobody fetched it."""
    factory = Factory(lookahead=2.0)
    begin = factory.now
    factory.request('d1', earliest=begin + 1000.0, due=begin + 2000.0)
    factory.run(5)
    change = Change(due=factory.now + (begin + 2000.0 - factory.now) / 2.0)
    factory.fleet.change('d1', change, 'fa1', 'double speed', factory.now)
    earliest = factory.fleet.model.deliveries['d1'].earliest
    assert earliest == pytest.approx(factory.now + (begin + 1000.0 - factory.now) / 2.0)
    factory.run(1)
    factory.restart()
    assert factory.fleet.model.deliveries['d1'].earliest == earliest
    factory.run(700)
    d1 = factory.fleet.model.deliveries['d1']
    assert d1.phase is Phase.DELIVERED
    assert earliest - 30.0 < d1.ended < d1.due


@given(
    earliest=st.none() | st.floats(0.0, 3000.0),
    due=st.none() | st.floats(0.0, 3000.0),
    new_due=st.none() | st.floats(0.0, 3000.0),
)
def test_a_window_that_moves_stays_a_window(earliest, due, new_due):
    now = 1000.0
    earliest, due, new_due = (nan if x is None else x for x in (earliest, due, new_due))
    found = moved(earliest, due, new_due, now)
    if not earliest > now or isnan(new_due):
        assert str(found) == str(earliest)
    else:
        assert found >= now or found == earliest
        if not due < earliest:
            assert found <= max(new_due, now) or found == pytest.approx(new_due)


def test_a_load_that_is_too_soon_waits_for_its_place():
    """A vehicle that gets a load of another delivery may be minutes before there is room."""
    factory = Factory(lookahead=2.0)
    factory.request('d1')
    while factory.phase('d1') < Phase.LOADED:
        factory.step()
    d1 = factory.fleet.model.deliveries['d1']
    d1.earliest = factory.now + 300.0
    factory.run(250)
    assert d1.phase in (Phase.LOADED, Phase.DELIVERING)
    factory.run(200)
    assert d1.phase is Phase.DELIVERED
    assert d1.ended > d1.earliest - 30.0


def loaded_for_a_line_that_will_stand(due=nan):
    """Return a factory with a load on its way to the first station, and where else it is used."""
    plant = cell()[0]
    one, other = plant.places_of(PlaceKind.STATION)[:2]
    item = one.items[0]
    places = {**plant.places, other.id: replace(other, items=(*other.items, item))}
    factory = Factory(lookahead=2.0, plant=replace(plant, places=places))
    factory.request('held', station=one.id, item=item, due=factory.now + due)
    while factory.phase('held') < Phase.LOADED:
        factory.step()
    return factory, other.id, item


def test_a_load_for_a_line_that_stands_does_not_come_before_another_has_a_place():
    """It once did: on the whole plant vehicles stood before full places of the other line."""
    factory, other, item = loaded_for_a_line_that_will_stand()
    load = factory.fleet.model.deliveries['held'].load_id
    factory.request('later', station=other, item=item, earliest=factory.now + 5000.0)
    factory.run(2)
    factory.fleet.change('held', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(200)
    assert factory.fleet.model.deliveries['held'].load_id == load
    assert factory.phase('later') is Phase.ACCEPTED


def test_a_load_for_a_line_that_stands_serves_another_that_needs_the_same():
    factory, other, item = loaded_for_a_line_that_will_stand()
    load = factory.fleet.model.deliveries['held'].load_id
    factory.ready_after = 400
    factory.request('needs', station=other, item=item, due=factory.now + 120.0)
    factory.run(2)
    factory.fleet.change('held', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(200)
    needs = factory.fleet.model.deliveries['needs']
    assert (needs.phase, needs.load_id) == (Phase.DELIVERED, load)
    factory.restart()
    factory.fleet.change('held', Change(hold=False), 'fa1', 'runs', factory.now)
    factory.run(800)
    held = factory.fleet.model.deliveries['held']
    assert held.phase is Phase.DELIVERED
    assert held.load_id != load


def test_a_delivery_that_could_not_wait_for_another_load_keeps_its_own_when_its_line_stands():
    """It once lost four loads to others that had time, and was fifteen minutes late."""
    factory, other, item = loaded_for_a_line_that_will_stand(due=150.0)
    load = factory.fleet.model.deliveries['held'].load_id
    factory.ready_after = 400
    factory.request('has time', station=other, item=item, due=factory.now + 5000.0)
    factory.run(2)
    factory.fleet.change('held', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(200)
    held = factory.fleet.model.deliveries['held']
    assert (held.load_id, held.given_up) == (load, 0)
    left = held.due_if_released(factory.now) - factory.now
    assert left == pytest.approx(held.due - held.held_since)


def test_a_delivery_gives_only_so_many_loads_to_others():
    factory, other, item = loaded_for_a_line_that_will_stand()
    held = factory.fleet.model.deliveries['held']
    held.given_up = GIVEN_UP_MOST
    load, factory.ready_after = held.load_id, 400
    factory.request('needs', station=other, item=item, due=factory.now + 120.0)
    factory.run(2)
    factory.fleet.change('held', Change(hold=True), 'fa1', 'stands', factory.now)
    factory.run(200)
    assert held.load_id == load


@pytest.mark.parametrize(
    ('change', 'code'),
    [
        (Change(due=float('inf')), Code.INVALID_ARGUMENT),
        (Change(priority=256), Code.INVALID_ARGUMENT),
        (Change(priority=-1), Code.INVALID_ARGUMENT),
        (Change(station_id='nowhere'), Code.UNKNOWN_STATION),
        (Change(station_id='park_1'), Code.UNKNOWN_STATION),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(change, code):
    factory = Factory()
    before = factory.request('d1')
    was = (before.due, before.priority, before.station_id, before.hold)
    refusal = factory.fleet.change('d1', change, 'x', 'y', factory.now)
    assert refusal.code is code
    assert str(was) == str((before.due, before.priority, before.station_id, before.hold))
    assert factory.fleet.change('none', Change(), 'x', 'y', factory.now).code is Code.UNKNOWN_ID


def test_an_empty_container_is_taken_from_its_station_to_a_port_that_takes_it_in():
    factory = Factory()
    station = factory.plant.places_of(PlaceKind.STATION)[0].id
    assert factory.fleet.bring_back('empty-1', station, factory.now) is None
    assert factory.fleet.bring_back('empty-1', station, factory.now) is None
    assert len(factory.fleet.take_events()) == 1
    at = []
    for _ in range(300):
        factory.step()
        at += [v.node for v in factory.vehicles.values() if v.loads]
    jobs = [r[1]['job'] for _, r in factory.journal if r[0] == 'JobGiven']
    returns = [j for j in jobs if j['load_id'] == 'empty-1']
    assert [(j['source'], j['target']) for j in returns] == [(station, 'wh_in_1')]
    assert at
    assert not any(v.loads for v in factory.vehicles.values())
    assert not factory.fleet.model.abandoned


@pytest.mark.parametrize(
    ('load', 'place', 'code'),
    [
        ('', 'fa1_01', Code.TEXT_INVALID),
        ('a b', 'fa1_01', Code.TEXT_INVALID),
        ('x', 'nowhere', Code.UNKNOWN_ID),
        ('x', 'park_1', Code.UNKNOWN_ID),
        ('x', 'wh_in_1', Code.UNKNOWN_ID),
    ],
)
def test_what_cannot_be_taken_away_is_refused_in_words(load, place, code):
    factory = Factory()
    assert factory.fleet.bring_back(load, place, factory.now).code is code
    assert not factory.fleet.model.abandoned


def ends_of(journal):
    """Return the phases that each delivery went through, in order, and its terminal ones."""
    phases = {}
    for _, (kind, body) in journal:
        if kind == 'PhaseReached':
            phases.setdefault(body['request_id'], []).append(Phase(body['phase']))
    return phases


def plain(model):
    """Return what of a model must survive a restart, as text."""
    volatile = ('eta',)
    deliveries = {
        k: [(n, str(getattr(d, n))) for n in d.__slots__ if n not in volatile]
        for k, d in model.deliveries.items()
    }
    jobs = {v.id: (v.job, v.leg, v.orders) for v in model.vehicles.values()}
    return deliveries, jobs, model.abandoned, list(model.open), model.retrievals


WHAT = ('request', 'again', 'cancel', 'hold', 'release', 'due', 'promised', 'ready', 'refused')


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    acts=st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 4)), min_size=5, max_size=40),
)
def test_any_sequence_of_events_ends_each_delivery_once_and_replays_to_the_same(seed, acts):
    rng = random.Random(seed)
    factory = Factory(rng.choice([0, 5, 40]), lookahead=rng.choice([2.0, 30.0]))
    factory.promise = 10.0
    factory.lose = lambda: rng.random() < 0.2
    for what, k in acts:
        act(factory, what, f'd{k}', rng)
        factory.run(rng.choice([0, 1, 3, 15]))
        if rng.random() < 0.15:
            before = plain(factory.fleet.model)
            factory.restart()
            assert plain(factory.fleet.model) == before
    for name in list(factory.fleet.model.open):
        factory.fleet.change(name, Change(hold=False), 'x', 'y', factory.now)
    factory.lose = lambda: False
    for _ in range(2500):
        if not factory.fleet.model.open:
            break
        factory.step()
    factory.journal += [(factory.now, to_record(e)) for e in factory.fleet.take_events()]
    for name, phases in ends_of(factory.journal).items():
        assert [p.ended for p in phases].count(True) == 1, (name, phases)
        assert phases[-1].ended
    assert {d.phase.ended for d in factory.fleet.model.deliveries.values()} <= {True}
    before = plain(factory.fleet.model)
    factory.restart()
    assert plain(factory.fleet.model) == before


def act(factory, what, name, rng):
    """Do something to a delivery, whether it makes sense at this moment or not."""
    fleet, now = factory.fleet, factory.now
    port = next(p.id for p in factory.plant.places_of(PlaceKind.WAREHOUSE_PORT))
    match what:
        case 'request' | 'again':
            factory.request(name)
        case 'cancel':
            fleet.cancel(name, now)
        case 'hold' | 'release':
            fleet.change(name, Change(hold=what == 'hold'), 'x', 'y', now)
        case 'due':
            fleet.change(name, Change(due=now + rng.uniform(-500.0, 500.0)), 'x', 'y', now)
        case 'promised':
            fleet.container_promised(name, port, f'load-{name}', now, now + rng.uniform(-9, 99))
        case 'refused':
            fleet.container_refused(name, 'no stock', now)
        case 'ready':
            known = fleet.model.deliveries.get(name)
            if known is not None and known.load_id is not None:
                fleet.container_ready(name, known.port_id, known.load_id, now)
    factory.journal += [(now, to_record(e)) for e in fleet.take_events()]
