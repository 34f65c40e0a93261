# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in: a coded refusal or sound work, never an exception, never a changed state."""

import functools
from dataclasses import replace
from math import inf, isfinite, nan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linehaul_fleet.acts import Command, Holder, Mode, RoadLimited, RoadState
from linehaul_fleet.changes import Change
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Request
from linehaul_fleet.events import from_record, to_record
from linehaul_fleet.fleet import Fleet, class_pairs
from linehaul_fleet.joining import take_factsheet
from linehaul_fleet.operating import By, command_vehicle, confirm_load, limit_roads, set_mode
from linehaul_fleet.validating import check_state
from linehaul_vda5050.strategies import factsheets, states

from linehaul_floor import PlaceKind, conflict_table, load_plant
from linehaul_vda5050 import (
    ActionState,
    ActionStatus,
    Connection,
    ConnectionState,
    EdgeState,
    EmergencyStop,
    Error,
    ErrorLevel,
    Header,
    Load,
    MobileRobotPosition,
    NodeState,
    OperatingMode,
    PowerSupply,
    SafetyState,
    State,
    Velocity,
)

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VEHICLE = 'agv_001'
texts = st.one_of(
    st.just(''),
    st.text(max_size=20),
    st.text(st.characters(categories=('Cs', 'Cc', 'Co')), min_size=1, max_size=5),
    st.just('x' * 100_000),
    st.sampled_from(['fa1_01', 'casing', 'r1', 'agv_001', 'wh_out_1', 'crossing_se', "'; --"]),
)
numbers = st.one_of(
    st.floats(), st.sampled_from([nan, inf, -inf, -1.0, 0.0, 1e300, 5e-324, 1050.0])
)
whole = st.one_of(st.integers(), st.sampled_from([0, 1, -1, 2**31, 2**32, 2**63]))


@functools.cache
def plant_of_tests():
    plant = load_plant('cell')
    return plant, {(a, b): conflict_table(plant, a, b) for a, b in class_pairs(plant)}


def sound_state(fleet, vehicle_id=VEHICLE, **changes):
    """Return a state of a vehicle that stands at home, with some fields changed."""
    spawn = next(s for s in fleet.plant.fleet if s.id == vehicle_id)
    place = fleet.plant.places[spawn.place]
    state = State(
        header=Header(1, 1000.0, serial_number=str(vehicle_id)),
        order_id='',
        order_update_id=0,
        last_node_id=fleet.plant.roadmap.node_ids[place.node],
        last_node_sequence_id=0,
        node_states=(),
        edge_states=(),
        driving=False,
        action_states=(),
        instant_action_states=(),
        power_supply=PowerSupply(0.8, False),
        operating_mode=OperatingMode.AUTOMATIC,
        errors=(),
        safety_state=SafetyState(),
        mobile_robot_position=MobileRobotPosition(8.0, 2.0, place.heading, 'cell'),
        loads=(),
    )
    return replace(state, **changes)


def running_fleet(driving=False):
    """Return a fleet whose vehicles have reported; with an order under way if asked."""
    fleet = Fleet(*plant_of_tests())
    for spawn in fleet.plant.fleet:
        link = Connection(Header(0, 0.0), ConnectionState.ONLINE)
        fleet.connection(spawn.id, link)
        fleet.vehicle_state(spawn.id, sound_state(fleet, spawn.id), 1000.0)
    fleet.tick(1000.0)
    if driving:
        assert command_vehicle(fleet.situation, VEHICLE, 1, 'fa1_01', By('a'), 1000.0) is None
        fleet.tick(1001.0)
        assert fleet.take_orders(1001.0)
    fleet.take_events()
    return fleet


def fingerprint(fleet):
    """Return everything that a refused message must leave as it is."""
    model = fleet.model
    ways = {v: fleet.graph.path(v) for v in fleet.graph.vehicles}
    vehicles = {
        v.id: (v.state, v.job, v.leg, v.path, v.connection) for v in model.vehicles.values()
    }
    return repr((model.deliveries, vehicles, ways, model.control, list(fleet.graph.closed)))


def goes_on(fleet):
    """Let the fleet work for a while; what it wants to write can be written and read."""
    for k in range(3):
        fleet.tick(1002.0 + k, 0.0)
        fleet.take_orders(1002.0 + k)
        fleet.take_actions(1002.0 + k)
    for event in fleet.take_events():
        kind, body = to_record(event)
        from_record(kind, body)
    fleet.take_kept()


wrong_fields = st.fixed_dictionaries(
    {},
    optional={
        'request_id': texts,
        'order_id': texts,
        'item_id': texts,
        'quantity': whole,
        'station_id': texts,
        'earliest': numbers,
        'due': numbers,
        'priority': whole,
    },
)


@QUICK
@given(wrong_fields)
def test_a_request_with_any_fields_wrong_is_refused_with_a_code_or_sound(fields):
    fleet = running_fleet()
    station = fleet.plant.places_of(PlaceKind.STATION)[0]
    good = Request('r', '', station.items[0], 1, station.id, nan, nan, 100)
    request = replace(good, **fields)
    before = fingerprint(fleet)
    answer = fleet.request(request, 1001.0)
    if isinstance(answer, Refusal):
        assert fields
        assert answer.code in set(Code) - {Code.NONE, Code.INTERNAL}
        assert 0 < len(answer.text) < 1000
        assert fingerprint(fleet) == before
        assert not fleet.take_events()
    else:
        assert 0 < request.quantity <= fleet.plant.items[request.item_id].container_units
        assert 0 <= request.priority <= 255
        assert all(not t < 0.0 and t != inf for t in (request.earliest, request.due))
        assert request.station_id in fleet.plant.places
        assert len(request.request_id) <= 128
        assert len(request.order_id) <= 128
    goes_on(fleet)


node_states = st.lists(
    st.builds(NodeState, texts, whole, st.booleans()) | st.just(NodeState('p2', 2, True)),
    max_size=3,
).map(tuple)
garbage = st.fixed_dictionaries(
    {},
    optional={
        'header': st.builds(Header, whole, numbers, texts, texts, texts | st.just(VEHICLE)),
        'order_id': texts,
        'order_update_id': whole,
        'last_node_id': texts,
        'last_node_sequence_id': whole,
        'node_states': node_states,
        'edge_states': st.lists(st.builds(EdgeState, texts, whole, st.booleans()), max_size=3).map(
            tuple
        ),
        'driving': st.booleans(),
        'action_states': st.lists(
            st.builds(ActionState, texts, st.sampled_from(ActionStatus), texts, texts), max_size=3
        ).map(tuple),
        'instant_action_states': st.lists(
            st.builds(ActionState, texts, st.sampled_from(ActionStatus), texts, texts), max_size=3
        ).map(tuple),
        'power_supply': st.builds(
            PowerSupply, numbers, st.booleans(), st.none() | numbers, st.none() | numbers
        ),
        'operating_mode': st.sampled_from(OperatingMode),
        'errors': st.lists(
            st.builds(Error, texts, st.sampled_from(ErrorLevel), texts, texts), max_size=3
        ).map(tuple),
        'safety_state': st.builds(SafetyState, st.sampled_from(EmergencyStop), st.booleans()),
        'mobile_robot_position': st.none()
        | st.builds(MobileRobotPosition, numbers, numbers, numbers, texts, st.booleans()),
        'velocity': st.none() | st.builds(Velocity, numbers, numbers, numbers),
        'loads': st.none()
        | st.lists(st.builds(Load, texts, texts, texts, st.none() | numbers), max_size=3).map(
            tuple
        ),
        'paused': st.booleans(),
        'distance_since_last_node': st.none() | numbers,
    },
)


def hear(fleet, state):
    """Take a state in as the node does; return whether it was obeyed."""
    before = fingerprint(fleet)
    if check_state(fleet.situation, VEHICLE, state):
        assert fingerprint(fleet) == before
        return False
    fleet.vehicle_state(VEHICLE, state, 1001.5)
    return True


@QUICK
@given(changes=garbage, driving=st.booleans())
def test_a_state_with_any_fields_wrong_is_refused_or_sound(changes, driving):
    fleet = running_fleet(driving)
    state = sound_state(fleet, **changes)
    if hear(fleet, state):
        assert isfinite(state.power_supply.state_of_charge)
        assert state.last_node_id in fleet.plant.roadmap.node_index
    goes_on(fleet)


@QUICK
@given(states())
def test_a_sound_state_of_another_vehicle_or_plant_is_never_obeyed(state):
    fleet = running_fleet()
    if state.last_node_id not in fleet.plant.roadmap.node_index:
        assert not hear(fleet, state)
    goes_on(fleet)


@QUICK
@given(data=st.data())
def test_a_state_that_claims_any_way_of_its_own_order_never_breaks_the_fleet(data):
    fleet = running_fleet(driving=True)
    leg = fleet.model.vehicles[VEHICLE].leg
    ids = fleet.plant.roadmap.node_ids
    reached = data.draw(st.integers(0, len(leg.path.nodes) - 1))
    last = data.draw(st.integers(0, len(leg.path.nodes) + 3))
    nodes = tuple(
        NodeState(
            ids[leg.path.nodes[min(k, len(leg.path.nodes) - 1)]],
            2 * k,
            data.draw(st.booleans()),
        )
        for k in range(reached + 1, last)
    )
    state = sound_state(
        fleet,
        order_id=leg.order_id,
        order_update_id=data.draw(st.integers(0, 3)),
        last_node_id=ids[leg.path.nodes[reached]],
        last_node_sequence_id=2 * reached,
        node_states=nodes,
        driving=data.draw(st.booleans()),
        operating_mode=data.draw(st.sampled_from(list(OperatingMode)[1:])),
    )
    hear(fleet, state)
    goes_on(fleet)


@QUICK
@given(factsheets, texts)
def test_any_factsheet_is_refused_sets_aside_or_fits(sheet, vehicle_id):
    fleet = running_fleet()
    for name in (VEHICLE, vehicle_id):
        answer = take_factsheet(fleet.situation, name, sheet, 1001.0)
        assert answer is None or answer.text
    goes_on(fleet)


@QUICK
@given(
    st.one_of(
        st.tuples(st.just('mode'), whole | st.sampled_from(Mode)),
        st.tuples(st.just('vehicle'), texts, whole | st.sampled_from(Command), texts),
        st.tuples(st.just('load'), texts, whole | st.sampled_from(Holder), texts),
        st.tuples(st.just('road'), texts, st.sampled_from(RoadState), numbers),
        st.tuples(st.just('delivery'), texts, numbers, whole),
    ),
    texts,
    texts,
)
def test_any_wish_of_a_person_is_refused_with_a_code_or_done(wish, actor, reason):
    fleet = running_fleet()
    station = fleet.plant.places_of(PlaceKind.STATION)[0]
    fleet.request(Request('r1', '', station.items[0], 1, station.id, nan, nan, 100), 1001.0)
    fleet.take_events()
    s, by, before = fleet.situation, By(actor, reason), fingerprint(fleet)
    match wish:
        case 'mode', mode:
            answer = set_mode(s, mode, by, 1001.0)
        case 'vehicle', vehicle_id, command, place_id:
            answer = command_vehicle(s, vehicle_id, command, place_id, by, 1001.0)
        case 'load', load_id, holder, holder_id:
            answer = confirm_load(s, load_id, holder, holder_id, by, 1001.0)
        case 'road', element, state, speed:
            limit = RoadLimited(element, state, speed, actor, reason)
            answer = limit_roads(s, [limit], actor, 1001.0)
        case 'delivery', request_id, due, priority:
            change = Change(due=due, priority=priority)
            answer = fleet.change(request_id, change, actor, reason, 1001.0)
    if answer is not None:
        assert answer.code in set(Code) - {Code.NONE, Code.INTERNAL}
        assert answer.text
        assert fingerprint(fleet) == before
        assert not fleet.take_events()
    goes_on(fleet)


@pytest.mark.parametrize(
    ('changes', 'why'),
    [
        ({'header': Header(1, 1000.0, serial_number='agv_002')}, 'serialNumber'),
        ({'last_node_id': 'nowhere'}, 'lastNodeId'),
        ({'power_supply': PowerSupply(nan, False)}, 'stateOfCharge'),
        ({'power_supply': PowerSupply(-0.1, False)}, 'stateOfCharge'),
        ({'mobile_robot_position': MobileRobotPosition(1e6, 0.0, 0.0, 'cell')}, 'Position'),
        ({'mobile_robot_position': MobileRobotPosition(nan, 0.0, 0.0, 'cell')}, 'Position'),
        ({'operating_mode': OperatingMode.UNKNOWN}, 'operatingMode'),
        ({'loads': (Load('a'), Load('a'))}, 'loads'),
        ({'errors': (Error('', ErrorLevel.FATAL),)}, 'errorType'),
        ({'errors': (Error('x', ErrorLevel.WARNING),) * 20_000}, 'errors'),
    ],
)
def test_a_nonsense_state_is_refused_with_the_field_that_is_wrong(changes, why):
    fleet = running_fleet()
    findings = check_state(fleet.situation, VEHICLE, sound_state(fleet, **changes))
    assert any(why in str(finding) for finding in findings)
