# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies of the vehicle contract, for the tests of all packages.

Times are whole milliseconds, as JSON carries them, and state of charge is whole per mille, so
that round trips can be exact. Nothing but tests imports this module.
"""

from hypothesis import strategies as st

from linehaul_vda5050.connection import Connection
from linehaul_vda5050.enums import (
    ActionStatus,
    BlockingType,
    ConnectionState,
    EmergencyStop,
    ErrorLevel,
    Kinematics,
    OperatingMode,
    OrientationType,
    RobotClass,
)
from linehaul_vda5050.factsheet import Factsheet
from linehaul_vda5050.header import Header
from linehaul_vda5050.ids import ActionId, EdgeId, LoadId, MapId, NodeId, OrderId
from linehaul_vda5050.order import (
    Action,
    ActionParameter,
    AllowedDeviation,
    ControlPoint,
    Corridor,
    Edge,
    InstantActions,
    Node,
    NodePosition,
    Order,
    Trajectory,
)
from linehaul_vda5050.state import (
    ActionState,
    EdgeState,
    Error,
    Load,
    MobileRobotPosition,
    NodeState,
    PowerSupply,
    Reference,
    SafetyState,
    State,
    Velocity,
)

names = st.text('abcXYZ019_.:-', min_size=1, max_size=8)
texts = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=8)
uint32 = st.integers(0, 2**32 - 1)
metres = st.floats(-1e4, 1e4)
lengths = st.floats(0.0, 1e4)
speeds = st.floats(0.01, 5.0)
angles = st.floats(-3.14159265, 3.14159265)
times = st.integers(0, 2 * 10**12).map(lambda millis: millis / 1000)

headers = st.builds(Header, uint32, times, st.just('3.0.0'), names, names)
parameters = st.builds(ActionParameter, names, texts)
blocking_types = st.sampled_from(list(BlockingType)[1:])


def actions(
    blocking: st.SearchStrategy[BlockingType] = blocking_types,
) -> st.SearchStrategy[Action]:
    """Make actions with the given blocking types."""
    unique = st.lists(parameters, max_size=2, unique_by=lambda p: p.key).map(tuple)
    return st.builds(Action, names, names.map(ActionId), blocking, unique, texts, st.booleans())


ellipses = st.builds(AllowedDeviation, lengths, lengths, st.floats(-1.57, 1.57))
positions = st.builds(
    NodePosition,
    metres,
    metres,
    names.map(MapId),
    st.none() | angles,
    st.none() | ellipses,
    st.none() | st.floats(0.0, 3.14),
)
points = st.lists(st.builds(ControlPoint, metres, metres, speeds), min_size=2, max_size=4)
curves = st.builds(Trajectory, points.map(tuple), st.just(()), st.just(1))
corridors = st.builds(Corridor, speeds, speeds)
optional_speeds = st.none() | speeds


@st.composite
def orders(draw: st.DrawFn, max_nodes: int = 4) -> Order:
    """Make an order that is right in itself."""
    size = draw(st.integers(1, max_nodes))
    base = draw(st.integers(1, size))
    first = draw(st.sampled_from([0, 2, 10]))
    nodes, edges, count = [], [], 0
    for index in range(size):
        acts = []
        for action in draw(st.lists(actions(), max_size=2)):
            acts.append(_numbered(action, count))
            count += 1
        nodes.append(_node(draw, first + 2 * index, index < base, tuple(acts)))
        if index:
            edges.append(_edge(draw, first + 2 * index - 1, index < base))
    update = draw(uint32) if first == 0 else draw(st.integers(1, 2**32 - 1))
    name = OrderId(draw(names))
    return Order(draw(headers), name, update, tuple(nodes), tuple(edges), draw(texts))


def _numbered(action: Action, number: int) -> Action:
    return Action(
        action.action_type,
        ActionId(f'{action.action_id}/{number}'),
        action.blocking_type,
        action.action_parameters,
        action.action_descriptor,
        action.retriable,
    )


def _node(draw: st.DrawFn, sequence: int, released: bool, acts: tuple[Action, ...]) -> Node:
    position = draw(st.none() | positions)
    return Node(NodeId(draw(names)), sequence, released, acts, position, draw(texts))


def _edge(draw: st.DrawFn, sequence: int, released: bool) -> Edge:
    return Edge(
        EdgeId(draw(names)),
        sequence,
        released,
        (),
        draw(optional_speeds),
        draw(st.none() | angles),
        draw(st.sampled_from(list(OrientationType)[1:])),
        draw(st.booleans()),
        draw(optional_speeds),
        draw(st.none() | lengths),
        draw(st.none() | curves),
        draw(st.none() | corridors),
        draw(texts),
    )


instant_actions = st.builds(
    InstantActions,
    headers,
    st.lists(
        actions(st.just(BlockingType.NONE)),
        min_size=1,
        max_size=3,
        unique_by=lambda a: a.action_id,
    ).map(tuple),
)
action_states = st.lists(
    st.builds(
        ActionState, names.map(ActionId), st.sampled_from(list(ActionStatus)[1:]), texts, texts
    ),
    max_size=3,
    unique_by=lambda a: a.action_id,
).map(tuple)
references = st.lists(st.builds(Reference, names, texts), max_size=2).map(tuple)
errors = st.builds(Error, names, st.sampled_from(list(ErrorLevel)[1:]), texts, texts, references)
loads = st.lists(
    st.builds(Load, names.map(LoadId), texts, texts, st.none() | lengths),
    max_size=2,
    unique_by=lambda load: load.load_id,
).map(tuple)
optional_numbers = st.none() | metres
powers = st.builds(
    PowerSupply,
    st.integers(0, 1000).map(lambda n: n / 10 / 100.0),
    st.booleans(),
    optional_numbers,
    optional_numbers,
    st.none() | lengths,
)
robot_positions = st.builds(
    MobileRobotPosition,
    metres,
    metres,
    angles,
    names.map(MapId),
    st.booleans(),
    st.none() | st.floats(0.0, 1.0),
)


@st.composite
def states(draw: st.DrawFn) -> State:
    """Make a state that is right in itself."""
    last = 2 * draw(st.integers(0, 5))
    size = draw(st.integers(0, 3))
    base = draw(st.integers(0, size))
    name = draw(names)
    nodes = [NodeState(NodeId(name), last + 2 + 2 * i, i < base) for i in range(size)]
    edges = [EdgeState(EdgeId(name), last + 1 + 2 * i, i < base) for i in range(size)]
    return State(
        header=draw(headers),
        order_id=OrderId(name),
        order_update_id=draw(uint32),
        last_node_id=NodeId(draw(texts)),
        last_node_sequence_id=last,
        node_states=tuple(nodes),
        edge_states=tuple(edges),
        driving=draw(st.booleans()),
        action_states=draw(action_states),
        instant_action_states=draw(action_states),
        power_supply=draw(powers),
        operating_mode=draw(st.sampled_from(list(OperatingMode)[1:])),
        errors=tuple(draw(st.lists(errors, max_size=2))),
        safety_state=SafetyState(
            draw(st.sampled_from(list(EmergencyStop)[1:])), draw(st.booleans())
        ),
        mobile_robot_position=draw(st.none() | robot_positions),
        velocity=draw(st.none() | st.builds(Velocity, metres, metres, metres)),
        loads=draw(st.none() | loads),
        paused=draw(st.booleans()),
        new_base_request=draw(st.booleans()),
        distance_since_last_node=draw(st.none() | lengths),
    )


connections = st.builds(Connection, headers, st.sampled_from(list(ConnectionState)[1:]))
outlines = st.lists(st.tuples(metres, metres), min_size=3, max_size=5).map(tuple)
word_lists = st.lists(names, max_size=3, unique=True).map(tuple)
factsheets = st.builds(
    Factsheet,
    header=headers,
    series_name=names,
    vehicle_class=names,
    kinematics=st.sampled_from(list(Kinematics)[1:]),
    mobile_robot_class=st.sampled_from(list(RobotClass)[1:]),
    maximum_load_mass=lengths,
    minimum_speed=lengths,
    maximum_speed=lengths,
    maximum_speed_loaded=lengths,
    maximum_acceleration=lengths,
    maximum_deceleration=lengths,
    maximum_rotation_speed=lengths,
    maximum_rotation_acceleration=lengths,
    can_reverse=st.booleans(),
    footprint=outlines,
    loaded_footprint=outlines,
    load_types=word_lists,
    load_places=st.integers(0, 9),
    battery_capacity=lengths,
    maximum_order_nodes=st.integers(0, 1000),
    minimum_state_interval=lengths,
    action_types=word_lists,
)
