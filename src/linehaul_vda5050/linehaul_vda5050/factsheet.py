# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle is and can do: the content of the VDA 5050 3.0 factsheet that this stack uses.

The standard nests these fields deeply; here they are flat, and factsheet_json gives them their
places in the standard's object.
"""

from dataclasses import dataclass

from linehaul_vda5050.enums import Kinematics, RobotClass
from linehaul_vda5050.header import Header

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Factsheet:
    """What the vehicle is.

    Attributes:
        header: Head of the message.
        series_name: Name of the series.
        vehicle_class: Class id of the plant file.
        kinematics: How it moves.
        mobile_robot_class: How it carries.
        maximum_load_mass: Heaviest load [kg].
        minimum_speed: Slowest controlled speed [m/s].
        maximum_speed: Without load [m/s].
        maximum_speed_loaded: With load [m/s].
        maximum_acceleration: [m/s^2].
        maximum_deceleration: [m/s^2], positive.
        maximum_rotation_speed: [rad/s].
        maximum_rotation_acceleration: [rad/s^2].
        can_reverse: Drives backwards.
        footprint: Corners (x, y) without load, vehicle frame, counter-clockwise [m].
        loaded_footprint: Corners with the largest load; empty: as without.
        load_types: Kinds of load it carries.
        load_places: Loads it can hold at once.
        battery_capacity: [Wh].
        maximum_order_nodes: Most nodes of an order; 0: no limit.
        minimum_state_interval: Shortest time between two states [s].
        action_types: Actions it can do.
    """

    header: Header
    series_name: str
    vehicle_class: str
    kinematics: Kinematics
    mobile_robot_class: RobotClass
    maximum_load_mass: float
    minimum_speed: float
    maximum_speed: float
    maximum_speed_loaded: float
    maximum_acceleration: float
    maximum_deceleration: float
    maximum_rotation_speed: float
    maximum_rotation_acceleration: float
    can_reverse: bool
    footprint: Outline
    loaded_footprint: Outline = ()
    load_types: tuple[str, ...] = ()
    load_places: int = 1
    battery_capacity: float = 0.0
    maximum_order_nodes: int = 0
    minimum_state_interval: float = 0.0
    action_types: tuple[str, ...] = ()
