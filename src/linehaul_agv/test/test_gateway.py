# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway's words, without a broker: what goes through, what does not, and what is said."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_agv.errors import SettingError
from linehaul_agv.gateway.core import BURST, VALID, Fault, Gateway, Publish, Said
from linehaul_agv.gateway.peers import Peer, Peers, read_peers

from linehaul_vda5050 import (
    Action,
    ActionId,
    BlockingType,
    Connection,
    ConnectionState,
    Edge,
    EdgeId,
    Header,
    InstantActions,
    Node,
    NodeId,
    Order,
    OrderId,
    encode,
    factsheet_to_dict,
)
from linehaul_vda5050 import strategies as some

TOPIC = 'vda5050/v3/kit/agv_001'
HEADER = {
    'headerId': 7,
    'timestamp': '2026-01-01T00:00:00.000Z',
    'version': '3.0.0',
    'manufacturer': 'kit',
    'serialNumber': 'agv_001',
}
STATE = HEADER | {
    'orderId': '',
    'orderUpdateId': 0,
    'lastNodeId': 'n1',
    'lastNodeSequenceId': 0,
    'nodeStates': [],
    'edgeStates': [],
    'driving': False,
    'actionStates': [],
    'instantActionStates': [],
    'powerSupply': {'stateOfCharge': 80.0, 'charging': False},
    'operatingMode': 'AUTOMATIC',
    'errors': [],
    'safetyState': {'activeEmergencyStop': 'NONE', 'fieldViolation': False},
}


def hear(gateway, kind, value, now=10.0, topic=TOPIC):
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(gateway.hear(f'{topic}/{kind}', payload, now))


def online(gateway, now=10.0):
    return hear(gateway, 'connection', HEADER | {'connectionState': 'ONLINE'}, now)


@pytest.fixture
def gateway():
    one = Gateway(Peers(), classes=frozenset({'agv'}))
    online(one)
    return one


def order(count, base):
    """Return an order of so many nodes, so many of them released."""
    nodes = tuple(Node(NodeId(f'n{k}'), 2 * k, k < base) for k in range(count))
    edges = tuple(Edge(EdgeId(f'e{k}'), 2 * k + 1, k + 1 < base) for k in range(count - 1))
    return Order(Header(3, 0.0, serial_number='agv_001'), OrderId('o1'), 0, nodes, edges)


def test_a_state_comes_under_the_id_of_the_plant():
    gateway = Gateway(Peers((Peer('agv_007', 'Kit GmbH', '00:17'),)))
    header = {'manufacturer': 'Kit GmbH', 'serialNumber': '00:17'}
    [said] = hear(gateway, 'state', STATE | header, topic='vda5050/v3/Kit GmbH/00:17')
    assert said.vehicle_id == 'agv_007'
    assert said.message.header.serial_number == 'agv_007'
    assert said.message.power_supply.state_of_charge == 0.8


@pytest.mark.parametrize(
    ('word', 'wanted'),
    [
        ('ONLINE', ConnectionState.ONLINE),
        ('OFFLINE', ConnectionState.OFFLINE),
        ('CONNECTION_BROKEN', ConnectionState.CONNECTION_BROKEN),
        ('CONNECTIONBROKEN', ConnectionState.CONNECTION_BROKEN),  # VDA 5050 2
        ('HIBERNATING', ConnectionState.HIBERNATING),
    ],
)
def test_connections_count_in_the_order_they_arrive(gateway, word, wanted):
    old = HEADER | {'headerId': 0, 'timestamp': '2020-01-01T00:00:00.000Z'}  # a last will
    [said] = hear(gateway, 'connection', old | {'connectionState': word})
    assert said.message.connection_state is wanted
    sent = gateway.send('agv_001', order(2, 1), 11.0)
    assert isinstance(sent, Publish) is (word == 'ONLINE')


def test_what_can_be_understood_is_taken_and_told_once(gateway):
    strange = STATE | {'timestamp': '2026-01-01T00:00:00.000', 'serialNumber': '', 'colour': 3}
    first, second = hear(gateway, 'state', strange), hear(gateway, 'state', strange)
    assert {type(one) for one in first} == {Fault, Said}
    assert len(first) == 4
    assert [type(one) for one in second] == [Said]


@pytest.mark.parametrize(
    'value',
    [
        b'\xff\x00',
        b'[]',
        b'null',
        {},
        STATE | {'serialNumber': 'agv_002'},
        STATE | {'lastNodeSequenceId': 'x'},
        STATE | {'operatingMode': 'DREAMING'},
        b' ' * 3_000_000,
    ],
)
def test_what_cannot_be_understood_is_refused(gateway, value):
    assert all(isinstance(one, Fault) for one in hear(gateway, 'state', value))


def test_nobody_speaks_under_a_foreign_number(gateway):
    [fault] = online(gateway) and hear(gateway, 'state', STATE, topic='vda5050/v3/other/agv_001')
    assert 'a vehicle of kit' in fault.text
    [fault] = hear(gateway, 'state', STATE, topic='vda5050/v3/kit/a.b')
    assert 'list it' in fault.text
    listed = Gateway(Peers((Peer('agv_007', 'kit', '17'),)))
    [fault] = hear(listed, 'state', STATE)
    assert 'not in the list' in fault.text


def test_a_state_counts_for_as_long_as_the_standard_says(gateway):
    hear(gateway, 'state', STATE, now=20.0)
    assert [s for s in gateway.tick(20.5) if isinstance(s, Said)] == []
    [again] = [s for s in gateway.tick(21.5) if isinstance(s, Said)]
    assert again.message.last_node_id == 'n1'
    assert [s for s in gateway.tick(20.0 + VALID) if isinstance(s, Said)] == []
    hear(gateway, 'state', STATE, now=100.0)
    hear(gateway, 'connection', HEADER | {'connectionState': 'CONNECTION_BROKEN'}, now=101.0)
    assert list(gateway.tick(105.0)) == []


def test_without_the_broker_all_are_cut_off(gateway):
    [said] = gateway.broker_lost(20.0)
    assert said.message.connection_state is ConnectionState.CONNECTION_BROKEN
    assert list(gateway.broker_lost(21.0)) == []
    assert isinstance(gateway.send('agv_001', order(2, 1), 22.0), Fault)


def test_orders_go_out_in_the_words_of_the_standard(gateway):
    sent = gateway.send('agv_001', order(3, 2), 1_767_225_600.5)
    assert sent.topic == f'{TOPIC}/order'
    value = json.loads(sent.payload)
    assert value['timestamp'] == '2026-01-01T00:00:00.500Z'
    assert (value['manufacturer'], value['serialNumber']) == ('kit', 'agv_001')
    assert [n['released'] for n in value['nodes']] == [True, True, False]
    later = json.loads(gateway.send('agv_001', order(3, 3), 1_767_225_601.0).payload)
    assert (value['headerId'], later['headerId']) == (0, 1)


def test_a_broken_order_never_leaves(gateway):
    good = order(3, 2)
    bad_edge = replace(good, edges=good.edges[:1])
    bad_number = replace(good.nodes[1], sequence_id=5)
    for bad in (
        replace(good, nodes=(), edges=()),
        bad_edge,
        replace(good, nodes=(good.nodes[0], bad_number, good.nodes[2])),
        replace(good, order_id=OrderId('')),
    ):
        assert isinstance(gateway.send('agv_001', bad, 20.0), Fault)
    loud = InstantActions(Header(0, 0.0), ())
    assert isinstance(gateway.act('agv_001', loud, 20.0), Fault)


def test_resends_are_capped(gateway):
    sent = [gateway.send('agv_001', order(2, 1), 20.0 + k / 1000) for k in range(500)]
    assert sum(isinstance(one, Publish) for one in sent) == BURST + 1
    assert isinstance(gateway.send('agv_001', order(2, 1), 30.0), Publish)


def test_a_long_horizon_is_cut_to_what_the_vehicle_takes(gateway):
    limits = {'maximumArrayLengths': {'order.nodes': 4}}
    hear(gateway, 'factsheet', HEADER | {'protocolLimits': limits})
    value = json.loads(gateway.send('agv_001', order(9, 2), 20.0).payload)
    assert len(value['nodes']) == 4
    assert len(value['edges']) == 3
    fault = gateway.send('agv_001', order(9, 6), 21.0)
    assert 'at most' in fault.text


def test_a_vehicle_that_does_not_say_what_it_is_gets_asked_three_times(gateway):
    asked = []
    for now in range(11, 300):
        asked += [(now, one) for one in gateway.tick(float(now)) if isinstance(one, Publish)]
    assert [now for now, _ in asked] == [12, 22, 82]
    names = [json.loads(one.payload)['actions'][0] for _, one in asked]
    assert {one['actionType'] for one in names} == {'factsheetRequest'}
    assert len({one['actionId'] for one in names}) == 3


@settings(max_examples=30, deadline=None)
@given(some.factsheets)
def test_factsheets_go_through(sheet):
    gateway = Gateway(Peers(), classes=frozenset({'agv'}))
    value = factsheet_to_dict(sheet) | HEADER
    value['typeSpecification']['seriesDescription'] = 'agv'
    [said] = hear(gateway, 'factsheet', value)
    assert said.message.vehicle_class == 'agv'
    assert said.message.footprint == sheet.footprint
    value['typeSpecification']['seriesDescription'] = 'the silent one'
    value['typeSpecification']['seriesName'] = 'S3'
    [said] = hear(gateway, 'factsheet', value)
    assert said.message.vehicle_class == ''


@settings(max_examples=60, deadline=None)
@given(st.one_of(some.states(), some.connections))
def test_what_a_vehicle_writes_is_what_arrives(message):
    header = replace(message.header, manufacturer='kit', serial_number='agv_001')
    message = replace(message, header=header)
    kind = 'connection' if isinstance(message, Connection) else 'state'
    gateway = Gateway(Peers())
    assert hear(gateway, kind, encode(message).encode()) == [Said('agv_001', message)]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.binary(max_size=200))
def test_nothing_that_arrives_is_an_exception(topic, payload):
    gateway = Gateway(Peers())
    for name in (topic, f'{TOPIC}/state', f'{TOPIC}/factsheet', f'{TOPIC}/{topic}'):
        assert all(isinstance(one, Fault) for one in gateway.hear(name, payload, 1.0))


@pytest.mark.parametrize(
    'text',
    [
        '',
        'vehicles: []',
        'vehicles: [1]',
        'vehicles: [{id: a}]',
        'vehicles: [{id: a b, manufacturer: k}]',
        'vehicles: [{id: a, manufacturer: k, serial: x/y}]',
        'vehicles: [{id: a, manufacturer: k}, {id: a, manufacturer: k, serial: b}]',
        'vehicles: [{id: a, manufacturer: k}, {id: b, manufacturer: k, serial: a}]',
        'vehicles: [{id: a, manufacturer: k, colour: red}]',
        '{',
    ],
)
def test_a_list_that_is_none_is_refused_in_words(tmp_path, text):
    path = tmp_path / 'vehicles.yaml'
    path.write_text(text)
    with pytest.raises(SettingError, match=str(path)):
        read_peers(path)


def test_a_list_of_vehicles(tmp_path):
    path = tmp_path / 'vehicles.yaml'
    path.write_text("vehicles: [{id: agv_001, manufacturer: kit, serial: '17', class: agv}]")
    assert read_peers(path) == (Peer('agv_001', 'kit', '17', 'agv'),)


def test_an_action_that_blocks_is_not_for_now(gateway):
    hard = Action('startPause', ActionId('a1'), BlockingType.HARD)
    sent = gateway.act('agv_001', InstantActions(Header(0, 0.0), (hard,)), 20.0)
    assert isinstance(sent, Fault)
    good = replace(hard, blocking_type=BlockingType.NONE)
    assert isinstance(
        gateway.act('agv_001', InstantActions(Header(0, 0.0), (good,)), 20.0), Publish
    )
