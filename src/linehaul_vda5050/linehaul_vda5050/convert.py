# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicle contract dataclasses to ROS messages and back; round trips are identity.

NaN in a message is None in a dataclass. Words that a message has and this stack does not know
become UNKNOWN, for the validators to find. Zone requests and zone sets are not carried.
"""

import math
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, TypeVar

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import KeyValue

from linehaul_interfaces import msg as ros
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

Word = TypeVar('Word', bound=IntEnum)
NAN = math.nan


def time_to_msg(time: float) -> Time:
    """Turn seconds into a ROS time, to the nanosecond. Times outside its range are cut."""
    seconds = math.floor(time) if math.isfinite(time) else 0
    nanos = round((time - seconds) * 1e9) if math.isfinite(time) else 0
    seconds, nanos = (seconds + 1, 0) if nanos >= 10**9 else (seconds, nanos)
    return Time(sec=min(max(seconds, -(2**31)), 2**31 - 1), nanosec=nanos)


def time_from_msg(msg: Any) -> float:
    """Turn a ROS time into seconds."""
    return float((msg.sec * 10**9 + msg.nanosec) / 10**9)


def _nan(value: float | None) -> float:
    return NAN if value is None else float(value)


def _none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _word(kind: type[Word], value: int) -> Word:
    try:
        return kind(value)
    except ValueError:
        return kind(0)


def _pairs(items: Iterable[tuple[str, str]]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value) for key, value in items]


def header_to_msg(header: Header) -> Any:
    """Turn a header into its message."""
    return ros.VehicleHeader(
        header_id=header.header_id,
        stamp=time_to_msg(header.timestamp),
        version=header.version,
        manufacturer=header.manufacturer,
        serial_number=header.serial_number,
    )


def header_from_msg(msg: Any) -> Header:
    """Read a header."""
    time = time_from_msg(msg.stamp)
    return Header(msg.header_id, time, msg.version, msg.manufacturer, msg.serial_number)


# --- actions -------------------------------------------------------------------------------------


def action_to_msg(action: Action) -> Any:
    """Turn an action into its message."""
    return ros.VehicleAction(
        action_id=action.action_id,
        action_type=action.action_type,
        description=action.action_descriptor,
        blocking_type=int(action.blocking_type),
        retriable=action.retriable,
        parameters=_pairs((p.key, p.value) for p in action.action_parameters),
    )


def action_from_msg(msg: Any) -> Action:
    """Read an action."""
    return Action(
        action_type=msg.action_type,
        action_id=ActionId(msg.action_id),
        blocking_type=_word(BlockingType, msg.blocking_type),
        action_parameters=tuple(ActionParameter(p.key, p.value) for p in msg.parameters),
        action_descriptor=msg.description,
        retriable=msg.retriable,
    )


def instant_actions_to_msg(message: InstantActions) -> Any:
    """Turn instant actions into their message."""
    return ros.VehicleInstantActions(
        header=header_to_msg(message.header),
        actions=[action_to_msg(action) for action in message.actions],
    )


def instant_actions_from_msg(msg: Any) -> InstantActions:
    """Read instant actions."""
    return InstantActions(header_from_msg(msg.header), tuple(map(action_from_msg, msg.actions)))


# --- orders --------------------------------------------------------------------------------------


def _node_to_msg(node: Node) -> Any:
    position = node.node_position
    ellipse = position.allowed_deviation_xy if position else None
    return ros.VehicleNode(
        node_id=node.node_id,
        sequence_id=node.sequence_id,
        description=node.node_descriptor,
        released=node.released,
        map_id=position.map_id if position else '',
        x=position.x if position else NAN,
        y=position.y if position else NAN,
        theta=_nan(position.theta if position else None),
        allowed_deviation_a=ellipse.a if ellipse else NAN,
        allowed_deviation_b=ellipse.b if ellipse else NAN,
        allowed_deviation_angle=ellipse.theta if ellipse else 0.0,
        allowed_deviation_theta=_nan(position.allowed_deviation_theta if position else None),
        actions=[action_to_msg(action) for action in node.actions],
    )


def _position(msg: Any) -> NodePosition | None:
    if math.isnan(msg.x) and math.isnan(msg.y):
        return None
    a, b = msg.allowed_deviation_a, msg.allowed_deviation_b
    free = math.isnan(a) and math.isnan(b)
    return NodePosition(
        x=msg.x,
        y=msg.y,
        map_id=MapId(msg.map_id),
        theta=_none(msg.theta),
        allowed_deviation_xy=(
            None if free else AllowedDeviation(a, b, msg.allowed_deviation_angle)
        ),
        allowed_deviation_theta=_none(msg.allowed_deviation_theta),
    )


def _node_from_msg(msg: Any) -> Node:
    return Node(
        node_id=NodeId(msg.node_id),
        sequence_id=msg.sequence_id,
        released=msg.released,
        actions=tuple(map(action_from_msg, msg.actions)),
        node_position=_position(msg),
        node_descriptor=msg.description,
    )


def _curve_to_msg(curve: Trajectory | None) -> Any:
    if curve is None:
        return ros.VehicleTrajectory()
    return ros.VehicleTrajectory(
        degree=curve.degree,
        knot_vector=list(curve.knot_vector),
        x=[point.x for point in curve.control_points],
        y=[point.y for point in curve.control_points],
        weight=[point.weight for point in curve.control_points],
    )


def _curve_from_msg(msg: Any) -> Trajectory | None:
    if not msg.x and not msg.y:
        return None
    # Lists of different lengths leave NaN, for the validator to find.
    size = max(len(msg.x), len(msg.y), len(msg.weight))
    weight = list(msg.weight) or [1.0] * size
    columns = [[*column, *[NAN] * (size - len(column))] for column in (msg.x, msg.y, weight)]
    points = tuple(ControlPoint(*row) for row in zip(*columns, strict=True))
    return Trajectory(points, tuple(msg.knot_vector), msg.degree or 1)


def _edge_to_msg(edge: Edge, start: str, end: str) -> Any:
    return ros.VehicleEdge(
        edge_id=edge.edge_id,
        sequence_id=edge.sequence_id,
        description=edge.edge_descriptor,
        released=edge.released,
        start_node_id=start,
        end_node_id=end,
        maximum_speed=_nan(edge.maximum_speed),
        maximum_rotation_speed=_nan(edge.max_rotation_speed),
        length=_nan(edge.length),
        orientation=_nan(edge.orientation),
        orientation_type=int(edge.orientation_type),
        reach_orientation_before_entry=edge.reach_orientation_before_entering,
        corridor_left=edge.corridor.left_width if edge.corridor else 0.0,
        corridor_right=edge.corridor.right_width if edge.corridor else 0.0,
        trajectory=_curve_to_msg(edge.trajectory),
        actions=[action_to_msg(action) for action in edge.actions],
    )


def _edge_from_msg(msg: Any) -> Edge:
    line = msg.corridor_left == 0.0 and msg.corridor_right == 0.0
    return Edge(
        edge_id=EdgeId(msg.edge_id),
        sequence_id=msg.sequence_id,
        released=msg.released,
        actions=tuple(map(action_from_msg, msg.actions)),
        maximum_speed=_none(msg.maximum_speed),
        orientation=_none(msg.orientation),
        orientation_type=_word(OrientationType, msg.orientation_type),
        reach_orientation_before_entering=msg.reach_orientation_before_entry,
        max_rotation_speed=_none(msg.maximum_rotation_speed),
        length=_none(msg.length),
        trajectory=_curve_from_msg(msg.trajectory),
        corridor=None if line else Corridor(msg.corridor_left, msg.corridor_right),
        edge_descriptor=msg.description,
    )


def order_to_msg(order: Order) -> Any:
    """Turn an order into its message; the ends of edges are filled from the nodes."""
    ids = [*(node.node_id for node in order.nodes), *[''] * (len(order.edges) + 1)]
    return ros.VehicleOrder(
        header=header_to_msg(order.header),
        order_id=order.order_id,
        order_update_id=order.order_update_id,
        description=order.order_description,
        nodes=[_node_to_msg(node) for node in order.nodes],
        edges=[_edge_to_msg(e, ids[i], ids[i + 1]) for i, e in enumerate(order.edges)],
    )


def order_from_msg(msg: Any) -> Order:
    """Read an order."""
    return Order(
        header=header_from_msg(msg.header),
        order_id=OrderId(msg.order_id),
        order_update_id=msg.order_update_id,
        nodes=tuple(map(_node_from_msg, msg.nodes)),
        edges=tuple(map(_edge_from_msg, msg.edges)),
        order_description=msg.description,
    )


# --- states --------------------------------------------------------------------------------------


def _action_state_to_msg(state: ActionState) -> Any:
    return ros.VehicleActionState(
        action_id=state.action_id,
        action_type=state.action_type,
        status=int(state.action_status),
        result_description=state.action_result,
    )


def _action_state_from_msg(msg: Any) -> ActionState:
    status = _word(ActionStatus, msg.status)
    return ActionState(ActionId(msg.action_id), status, msg.action_type, msg.result_description)


def _load_to_msg(load: Load) -> Any:
    return ros.VehicleLoad(
        load_id=load.load_id,
        load_type=load.load_type,
        load_position=load.load_position,
        weight=_nan(load.weight),
    )


def _load_from_msg(msg: Any) -> Load:
    return Load(LoadId(msg.load_id), msg.load_type, msg.load_position, _none(msg.weight))


def _error_to_msg(error: Error) -> Any:
    return ros.VehicleError(
        error_type=error.error_type,
        level=int(error.error_level),
        description=error.error_description,
        hint=error.error_hint,
        references=_pairs((r.reference_key, r.reference_value) for r in error.error_references),
    )


def _error_from_msg(msg: Any) -> Error:
    return Error(
        msg.error_type,
        _word(ErrorLevel, msg.level),
        msg.description,
        msg.hint,
        tuple(Reference(pair.key, pair.value) for pair in msg.references),
    )


def _pose_fields(state: State) -> dict[str, Any]:
    pose, velocity = state.mobile_robot_position, state.velocity
    return {
        'map_id': pose.map_id if pose else '',
        'x': pose.x if pose else NAN,
        'y': pose.y if pose else NAN,
        'theta': pose.theta if pose else NAN,
        'localized': pose.localized if pose else False,
        'localization_score': _nan(pose.localization_score if pose else None),
        'vx': velocity.vx if velocity else NAN,
        'vy': velocity.vy if velocity else NAN,
        'omega': velocity.omega if velocity else NAN,
    }


def _power_fields(power: PowerSupply) -> dict[str, Any]:
    return {
        'state_of_charge': power.state_of_charge,
        'battery_voltage': _nan(power.battery_voltage),
        'battery_current': _nan(power.battery_current),
        'range': _nan(power.range),
        'charging': power.charging,
    }


def state_to_msg(state: State) -> Any:
    """Turn a state into its message."""
    elements = {
        'node_states': [_element(ros.VehicleNodeState, n, n.node_id) for n in state.node_states],
        'edge_states': [_element(ros.VehicleEdgeState, e, e.edge_id) for e in state.edge_states],
    }
    return ros.VehicleState(
        header=header_to_msg(state.header),
        order_id=state.order_id,
        order_update_id=state.order_update_id,
        last_node_id=state.last_node_id,
        last_node_sequence_id=state.last_node_sequence_id,
        action_states=[_action_state_to_msg(a) for a in state.action_states],
        instant_action_states=[_action_state_to_msg(a) for a in state.instant_action_states],
        distance_since_last_node=_nan(state.distance_since_last_node),
        driving=state.driving,
        paused=state.paused,
        new_base_request=state.new_base_request,
        loads_known=state.loads is not None,
        loads=[_load_to_msg(load) for load in state.loads or ()],
        operating_mode=int(state.operating_mode),
        active_emergency_stop=int(state.safety_state.active_emergency_stop),
        field_violation=state.safety_state.field_violation,
        errors=[_error_to_msg(error) for error in state.errors],
        **elements,
        **_pose_fields(state),
        **_power_fields(state.power_supply),
    )


def _element(make: Callable[..., Any], item: NodeState | EdgeState, name: str) -> Any:
    key = 'node_id' if isinstance(item, NodeState) else 'edge_id'
    return make(**{key: name}, sequence_id=item.sequence_id, released=item.released)


def _pose_from_msg(msg: Any) -> MobileRobotPosition | None:
    if math.isnan(msg.x) and math.isnan(msg.y):
        return None
    score = _none(msg.localization_score)
    return MobileRobotPosition(msg.x, msg.y, msg.theta, MapId(msg.map_id), msg.localized, score)


def _velocity_from_msg(msg: Any) -> Velocity | None:
    if math.isnan(msg.vx) and math.isnan(msg.vy) and math.isnan(msg.omega):
        return None
    return Velocity(msg.vx, msg.vy, msg.omega)


def _power_from_msg(msg: Any) -> PowerSupply:
    return PowerSupply(
        msg.state_of_charge,
        msg.charging,
        _none(msg.battery_voltage),
        _none(msg.battery_current),
        _none(msg.range),
    )


def state_from_msg(msg: Any) -> State:
    """Read a state."""
    nodes, edges = msg.node_states, msg.edge_states
    return State(
        header=header_from_msg(msg.header),
        order_id=OrderId(msg.order_id),
        order_update_id=msg.order_update_id,
        last_node_id=NodeId(msg.last_node_id),
        last_node_sequence_id=msg.last_node_sequence_id,
        node_states=tuple(NodeState(NodeId(n.node_id), n.sequence_id, n.released) for n in nodes),
        edge_states=tuple(EdgeState(EdgeId(e.edge_id), e.sequence_id, e.released) for e in edges),
        driving=msg.driving,
        action_states=tuple(map(_action_state_from_msg, msg.action_states)),
        instant_action_states=tuple(map(_action_state_from_msg, msg.instant_action_states)),
        power_supply=_power_from_msg(msg),
        operating_mode=_word(OperatingMode, msg.operating_mode),
        errors=tuple(map(_error_from_msg, msg.errors)),
        safety_state=SafetyState(
            _word(EmergencyStop, msg.active_emergency_stop), msg.field_violation
        ),
        mobile_robot_position=_pose_from_msg(msg),
        velocity=_velocity_from_msg(msg),
        loads=tuple(map(_load_from_msg, msg.loads)) if msg.loads_known else None,
        paused=msg.paused,
        new_base_request=msg.new_base_request,
        distance_since_last_node=_none(msg.distance_since_last_node),
    )


# --- connection and factsheet --------------------------------------------------------------------


def connection_to_msg(connection: Connection) -> Any:
    """Turn a connection into its message."""
    return ros.VehicleConnection(
        header=header_to_msg(connection.header),
        connection_state=int(connection.connection_state),
    )


def connection_from_msg(msg: Any) -> Connection:
    """Read a connection."""
    state = _word(ConnectionState, msg.connection_state)
    return Connection(header_from_msg(msg.header), state)


_PLAIN = (
    'series_name',
    'vehicle_class',
    'maximum_load_mass',
    'minimum_speed',
    'maximum_speed',
    'maximum_speed_loaded',
    'maximum_acceleration',
    'maximum_deceleration',
    'maximum_rotation_speed',
    'maximum_rotation_acceleration',
    'can_reverse',
    'load_places',
    'battery_capacity',
    'maximum_order_nodes',
    'minimum_state_interval',
)


def factsheet_to_msg(factsheet: Factsheet) -> Any:
    """Turn a factsheet into its message."""
    return ros.VehicleFactsheet(
        header=header_to_msg(factsheet.header),
        kinematic=int(factsheet.kinematics),
        mobile_robot_class=int(factsheet.mobile_robot_class),
        footprint_x=[x for x, _ in factsheet.footprint],
        footprint_y=[y for _, y in factsheet.footprint],
        loaded_footprint_x=[x for x, _ in factsheet.loaded_footprint],
        loaded_footprint_y=[y for _, y in factsheet.loaded_footprint],
        load_types=list(factsheet.load_types),
        action_types=list(factsheet.action_types),
        **{name: getattr(factsheet, name) for name in _PLAIN},
    )


def factsheet_from_msg(msg: Any) -> Factsheet:
    """Read a factsheet; outlines of unequal lengths are cut to the shorter."""
    return Factsheet(
        header=header_from_msg(msg.header),
        kinematics=_word(Kinematics, msg.kinematic),
        mobile_robot_class=_word(RobotClass, msg.mobile_robot_class),
        footprint=tuple(zip(msg.footprint_x, msg.footprint_y, strict=False)),
        loaded_footprint=tuple(zip(msg.loaded_footprint_x, msg.loaded_footprint_y, strict=False)),
        load_types=tuple(msg.load_types),
        action_types=tuple(msg.action_types),
        **{name: getattr(msg, name) for name in _PLAIN},
    )
