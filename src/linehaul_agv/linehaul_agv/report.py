# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the reported state together from what a vehicle remembers and what it measures."""

import math
from dataclasses import dataclass

import numpy as np
from linehaul_vda5050.factsheet import Outline
from numpy.typing import NDArray

from linehaul_agv.model import AgvState, Task
from linehaul_agv.vehicle import INSTANT_ACTIONS, ORDER_ACTIONS, Vehicle
from linehaul_floor import EdgeId
from linehaul_vda5050 import (
    ActionState,
    EdgeState,
    Factsheet,
    Header,
    Kinematics,
    Load,
    MobileRobotPosition,
    NodeState,
    OrderId,
    PowerSupply,
    RobotClass,
    SafetyState,
    State,
    Velocity,
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a vehicle measures now.

    Attributes:
        x, y, theta: True pose [m, rad]; NaN where it was never known.
        speed: Forwards [m/s], negative in reverse.
        omega: Turning speed [rad/s].
        moving: It drives or turns.
        distance: Way since the last node [m].
        power: Battery.
        loads: What it carries.
        localized: The pose can be trusted.
    """

    x: float
    y: float
    theta: float
    speed: float
    omega: float
    moving: bool
    distance: float
    power: PowerSupply
    loads: tuple[Load, ...]
    localized: bool = True


def base_left(vehicle: Vehicle, state: AgvState, distance: float) -> float:
    """Return how much of the base is still to drive [m]."""
    roadmap = vehicle.roadmap
    rows = [roadmap.edge_index[EdgeId(e.edge_id)] for e in state.edges if e.released]
    return max(float(sum(roadmap.length[row] for row in rows)) - distance, 0.0)


def wants_base(vehicle: Vehicle, state: AgvState, distance: float) -> bool:
    """Tell whether the base runs out while there is a horizon to drive."""
    horizon = bool(state.edges) and not state.edges[-1].released
    if not horizon or state.cancelling:
        return False
    return base_left(vehicle, state, distance) < vehicle.base_request_distance


class Elements:
    """Node, edge and action states of one vehicle, built anew only when they have changed.

    A vehicle reports far more often than its order changes, and orders can be long.
    """

    __slots__ = ('_edges', '_nodes', '_of', '_tasks')

    def __init__(self) -> None:
        self._of: tuple[object, object, object] = (None, None, None)
        self._nodes: tuple[NodeState, ...] = ()
        self._edges: tuple[EdgeState, ...] = ()
        self._tasks: tuple[ActionState, ...] = ()

    def __call__(self, state: AgvState) -> 'Elements':
        """Bring up to date with a state; what is the same tuple is not looked at."""
        nodes, edges, tasks = self._of
        if state.nodes is not nodes:
            self._nodes = tuple(
                NodeState(n.node_id, n.sequence_id, n.released) for n in state.nodes
            )
        if state.edges is not edges:
            self._edges = tuple(
                EdgeState(e.edge_id, e.sequence_id, e.released) for e in state.edges
            )
        if state.tasks is not tasks:
            self._tasks = tuple(map(_action_state, state.tasks))
        self._of = (state.nodes, state.edges, state.tasks)
        return self

    @property
    def states(
        self,
    ) -> tuple[tuple[NodeState, ...], tuple[EdgeState, ...], tuple[ActionState, ...]]:
        """Node, edge and action states."""
        return self._nodes, self._edges, self._tasks


def report(
    vehicle: Vehicle,
    state: AgvState,
    seen: Observation,
    header: Header,
    elements: Elements | None = None,
) -> State:
    """Build the state message.

    Args:
        vehicle: What the vehicle is.
        state: What it remembers.
        seen: What it measures.
        header: Head of the message.
        elements: Kept between the reports of one vehicle, to save work.
    """
    last = state.memory.last
    nodes, edges, actions = (elements or Elements())(state).states
    return State(
        header=header,
        order_id=last.order_id if last else OrderId(''),
        order_update_id=last.order_update_id if last else 0,
        last_node_id=state.last_node_id,
        last_node_sequence_id=state.last_sequence_id,
        node_states=nodes,
        edge_states=edges,
        driving=seen.moving,
        action_states=actions,
        instant_action_states=tuple(map(_action_state, state.instant)),
        power_supply=seen.power,
        operating_mode=state.mode,
        errors=state.errors,
        safety_state=SafetyState(),
        mobile_robot_position=_position(vehicle, seen),
        velocity=Velocity(seen.speed, 0.0, seen.omega),
        loads=seen.loads,
        paused=state.paused,
        new_base_request=wants_base(vehicle, state, seen.distance),
        distance_since_last_node=seen.distance,
    )


def _position(vehicle: Vehicle, seen: Observation) -> MobileRobotPosition | None:
    if math.isnan(seen.x):
        return None
    return MobileRobotPosition(seen.x, seen.y, seen.theta, vehicle.map_id, seen.localized)


def _action_state(task: Task) -> ActionState:
    return ActionState(task.action.action_id, task.status, task.action.action_type, task.result)


def factsheet(vehicle: Vehicle, header: Header) -> Factsheet:
    """Build the factsheet of a vehicle."""
    cls = vehicle.vehicle_class
    return Factsheet(
        header=header,
        series_name=cls.name,
        vehicle_class=cls.id,
        kinematics=Kinematics.DIFFERENTIAL,
        mobile_robot_class=RobotClass.FORKLIFT if 'fork' in cls.id else RobotClass.CARRIER,
        maximum_load_mass=cls.load_mass_max,
        minimum_speed=0.0,
        maximum_speed=cls.max_speed,
        maximum_speed_loaded=cls.max_speed_loaded,
        maximum_acceleration=cls.acceleration,
        maximum_deceleration=cls.deceleration,
        maximum_rotation_speed=cls.turn_rate,
        maximum_rotation_acceleration=cls.turn_acceleration,
        can_reverse=cls.can_reverse,
        footprint=_outline(cls.footprint),
        loaded_footprint=_outline(cls.loaded_footprint),
        load_types=('container',),
        load_places=1,
        battery_capacity=cls.battery.capacity_wh,
        minimum_state_interval=0.05,
        action_types=tuple(sorted(ORDER_ACTIONS | INSTANT_ACTIONS)),
    )


def _outline(corners: NDArray[np.float64]) -> Outline:
    return tuple((float(x), float(y)) for x, y in corners)
