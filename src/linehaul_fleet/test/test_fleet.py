# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whole deliveries through the core, with vehicles that step from node to node."""

import functools
import itertools
import json
import random
from dataclasses import dataclass, field
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Phase, Request
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs

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
        )


class Factory:
    """A fleet, its stepping vehicles and a warehouse that promises at once."""

    def __init__(self, ready_after=3):
        self.plant, self.conflicts = cell()
        self.fleet = Fleet(self.plant, self.conflicts)
        self.journal = []
        self.kept = {}
        self.now = 1.0
        self.lose = lambda: False
        self.ready_after = ready_after
        self.asked = {}
        self.vehicles = {}
        self.standing = {}
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
        self.fleet = Fleet(self.plant, self.conflicts, history=history, kept=self.kept)

    def run(self, steps):
        for _ in range(steps):
            self.step()

    def step(self):
        self.now += 1.0
        for vehicle in self.vehicles.values():
            self.fleet.connection(vehicle.id, Connection(Header(0, 0.0), ConnectionState.ONLINE))
            if not self.lose():
                self.fleet.vehicle_state(vehicle.id, vehicle.state(), self.now)
        self.warehouse()
        self.fleet.tick(self.now, 0.0005)
        orders = self.fleet.take_orders(self.now)
        self.journal += [(self.now, to_record(e)) for e in self.fleet.take_events()]
        self.kept |= json.loads(json.dumps(self.fleet.take_kept()))
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
            request_id = delivery.request.request_id
            since = self.asked.setdefault(request_id, self.now)
            port = ports[list(self.asked).index(request_id) % len(ports)].id
            self.fleet.container_promised(request_id, port, f'load-{request_id}', self.now)
            if self.now - since >= self.ready_after:
                self.fleet.container_ready(request_id, port, f'load-{request_id}', self.now)

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
    factory.run(400)
    assert factory.phase('d1') is Phase.DELIVERED
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


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lost_messages_and_restarts_delay_deliveries_but_lose_none(seed):
    rng = random.Random(seed)
    factory = Factory()
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
    factory.run(400)
    assert factory.phase('d2') is Phase.DELIVERED


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
    factory.run(400)
    assert factory.phase('d1') is Phase.DELIVERED


def test_a_vehicle_found_elsewhere_is_taken_as_it_is():
    factory = Factory()
    factory.request('d1')
    while not any(len(v.nodes) > 3 for v in factory.vehicles.values()):
        factory.step()
    busy = next(v for v in factory.vehicles.values() if v.nodes)
    busy.nodes, busy.edges, busy.actions = [], [], {}
    busy.order, busy.last = ('', 0), 0
    factory.run(600)
    assert factory.phase('d1') is Phase.DELIVERED


def test_one_vehicle_in_the_way_of_nobody_else_waits_for_its_goal():
    factory = Factory(ready_after=0)
    stations = factory.plant.places_of(PlaceKind.STATION)
    for k in range(6):
        factory.request(f'd{k}', station=stations[0].id)
    factory.run(2500)
    assert [factory.phase(f'd{k}') for k in range(6)] == [Phase.DELIVERED] * 6
