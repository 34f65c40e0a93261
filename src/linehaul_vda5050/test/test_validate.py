# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings

from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    AllowedDeviation,
    BlockingType,
    ControlPoint,
    Edge,
    EdgeId,
    Error,
    ErrorLevel,
    FindingCode,
    Header,
    InstantActions,
    Load,
    LoadId,
    MapId,
    Node,
    NodeId,
    NodePosition,
    Order,
    OrderId,
    Trajectory,
    serious,
    validate_instant_actions,
    validate_order,
    validate_state,
)
from linehaul_vda5050 import strategies as some

HEADER = Header(1, 10.0, '3.0.0', 'linehaul', 'agv_001')


def action(name, blocking=BlockingType.HARD):
    return Action('pick', ActionId(name), blocking)


def order(released=(True, True, False)):
    nodes = tuple(Node(NodeId(f'n{i}'), 2 * i, released[i]) for i in range(3))
    edges = tuple(Edge(EdgeId(f'e{i}'), 2 * i + 1, released[i + 1]) for i in range(2))
    return Order(HEADER, OrderId('o'), 0, nodes, edges)


def with_node(index, **changes):
    base = order()
    nodes = list(base.nodes)
    nodes[index] = replace(nodes[index], **changes)
    return replace(base, nodes=tuple(nodes))


def with_edge(index, **changes):
    base = order()
    edges = list(base.edges)
    edges[index] = replace(edges[index], **changes)
    return replace(base, edges=tuple(edges))


def at(**changes):
    return with_node(1, node_position=replace(NodePosition(0.0, 0.0, MapId('m')), **changes))


nan, inf = math.nan, math.inf
WRONG = [
    (replace(order(), nodes=(), edges=()), FindingCode.NO_NODES, 'nodes'),
    (replace(order(), edges=order().edges[:1]), FindingCode.EDGE_COUNT, 'edges'),
    (replace(order(), edges=order().edges * 2), FindingCode.EDGE_COUNT, 'edges'),
    (with_node(1, sequence_id=4), FindingCode.SEQUENCE, 'nodes[1].sequenceId'),
    (with_node(0, sequence_id=1), FindingCode.SEQUENCE, 'nodes[0].sequenceId'),
    (with_node(0, sequence_id=2), FindingCode.SEQUENCE, 'nodes[0].sequenceId'),
    (with_edge(1, sequence_id=4), FindingCode.SEQUENCE, 'edges[1].sequenceId'),
    (order((True, False, True)), FindingCode.RELEASED_AFTER_UNRELEASED, 'nodes[2].released'),
    (order((False, False, False)), FindingCode.FIRST_NODE_UNRELEASED, 'nodes[0].released'),
    (with_edge(1, released=True), FindingCode.EDGE_WITHOUT_ENDS, 'edges[1].released'),
    (with_edge(0, released=False), FindingCode.EDGE_WITHOUT_ENDS, 'edges[0].released'),
    (with_node(1, node_id=NodeId(' ')), FindingCode.EMPTY_ID, 'nodes[1].nodeId'),
    (with_edge(0, edge_id=EdgeId('')), FindingCode.EMPTY_ID, 'edges[0].edgeId'),
    (replace(order(), order_id=OrderId('')), FindingCode.EMPTY_ID, 'orderId'),
    (replace(order(), order_update_id=-1), FindingCode.OUT_OF_RANGE, 'orderUpdateId'),
    (replace(order(), order_update_id=2**32), FindingCode.OUT_OF_RANGE, 'orderUpdateId'),
    (at(x=nan), FindingCode.NOT_FINITE, 'nodes[1].nodePosition.x'),
    (at(y=inf), FindingCode.NOT_FINITE, 'nodes[1].nodePosition.y'),
    (at(theta=3.2), FindingCode.OUT_OF_RANGE, 'nodes[1].nodePosition.theta'),
    (
        at(allowed_deviation_theta=-0.1),
        FindingCode.OUT_OF_RANGE,
        'nodes[1].nodePosition.allowedDeviationTheta',
    ),
    (
        at(allowed_deviation_xy=AllowedDeviation(-1.0, 1.0)),
        FindingCode.OUT_OF_RANGE,
        'nodes[1].nodePosition.allowedDeviationXY.a',
    ),
    (with_edge(0, maximum_speed=0.0), FindingCode.OUT_OF_RANGE, 'edges[0].maximumSpeed'),
    (with_edge(0, maximum_speed=nan), FindingCode.NOT_FINITE, 'edges[0].maximumSpeed'),
    (with_edge(0, orientation=4.0), FindingCode.OUT_OF_RANGE, 'edges[0].orientation'),
    (with_edge(0, length=-1.0), FindingCode.OUT_OF_RANGE, 'edges[0].length'),
    (
        with_edge(0, trajectory=Trajectory((ControlPoint(0.0, 0.0),), degree=1)),
        FindingCode.INCONSISTENT,
        'edges[0].trajectory.controlPoints',
    ),
    (
        with_node(1, actions=(action('a'), action('a'))),
        FindingCode.DUPLICATE_ACTION,
        'actions',
    ),
    (
        with_node(1, actions=(action('a', BlockingType.UNKNOWN),)),
        FindingCode.BLOCKING_TYPE,
        'nodes[1].actions[0].blockingType',
    ),
    (
        replace(order(), header=replace(HEADER, timestamp=nan)),
        FindingCode.BAD_HEADER,
        'timestamp',
    ),
    (
        replace(order(), header=replace(HEADER, serial_number='')),
        FindingCode.BAD_HEADER,
        'serialNumber',
    ),
    (replace(order(), header=replace(HEADER, header_id=-1)), FindingCode.OUT_OF_RANGE, 'headerId'),
]


@pytest.mark.parametrize(('wrong', 'code', 'path'), WRONG)
def test_finds_what_the_schema_lets_pass(wrong, code, path):
    assert (code, path) in {(f.code, f.path) for f in serious(validate_order(wrong))}


def test_good_order_has_no_findings():
    assert validate_order(order()) == []


@settings(max_examples=60, deadline=None)
@given(some.orders())
def test_made_orders_are_good(made):
    assert validate_order(made) == []


@settings(max_examples=60, deadline=None)
@given(some.states())
def test_made_states_are_good(state):
    assert validate_state(state) == []


def test_duplicate_action_on_node_and_edge():
    base = with_node(2, actions=(action('a'),))
    edges = (replace(base.edges[0], actions=(action('a'),)), base.edges[1])
    codes = {f.code for f in validate_order(replace(base, edges=edges))}
    assert codes == {FindingCode.DUPLICATE_ACTION}


def test_dirty_header_is_tolerable():
    dirty = replace(order(), header=replace(HEADER, manufacturer='', version='2'))
    findings = validate_order(dirty)
    assert {f.path for f in findings} == {'manufacturer', 'version'}
    assert serious(findings) == []


def test_instant_actions():
    assert validate_instant_actions(InstantActions(HEADER, ())) != []
    hard = InstantActions(HEADER, (action('a'),))
    assert serious(validate_instant_actions(hard)) == []
    assert [f.code for f in validate_instant_actions(hard)] == [FindingCode.BLOCKING_TYPE]
    twice = InstantActions(HEADER, (action('a', BlockingType.NONE),) * 2)
    assert [f.code for f in validate_instant_actions(twice)] == [FindingCode.DUPLICATE_ACTION]
    repeated = replace(
        action('a', BlockingType.NONE), action_parameters=(ActionParameter('k', ''),) * 2
    )
    codes = [f.code for f in validate_instant_actions(InstantActions(HEADER, (repeated,)))]
    assert codes == [FindingCode.DUPLICATE_PARAMETER]


@settings(max_examples=30, deadline=None)
@given(some.states())
def test_wrong_states(state):
    def codes(**changes):
        return {(f.code, f.path) for f in validate_state(replace(state, **changes))}

    power = replace(state.power_supply, state_of_charge=1.2)
    assert (FindingCode.OUT_OF_RANGE, 'powerSupply.stateOfCharge') in codes(power_supply=power)
    empty = replace(state.power_supply, state_of_charge=nan)
    assert (FindingCode.NOT_FINITE, 'powerSupply.stateOfCharge') in codes(power_supply=empty)
    loads = (Load(LoadId('l')), Load(LoadId('l')))
    assert (FindingCode.DUPLICATE_LOAD, 'loads') in codes(loads=loads)
    unnamed = Error('', ErrorLevel.UNKNOWN)
    found = codes(errors=(unnamed,))
    assert (FindingCode.EMPTY_ID, 'errors[0].errorType') in found
    assert (FindingCode.UNKNOWN_WORD, 'errors[0].errorLevel') in found
    if state.node_states:
        assert (FindingCode.INCONSISTENT, 'orderId') in codes(order_id=OrderId(''))
        back = (replace(state.node_states[0], sequence_id=0),)
        assert (FindingCode.SEQUENCE, 'nodeStates[0].sequenceId') in codes(
            node_states=back, last_node_sequence_id=2
        )
