# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The way of a vehicle as straight legs, and where a pose is on one of them.

A leg is one released edge of the order, with the heading that the body has on it. Distances along
a leg count from its start; across is positive to the left of the body; turned is the body's yaw
against the leg's heading.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from linehaul_floor.geometry import wrap_angle
from linehaul_vda5050.reach import Pose

from linehaul_agv.route_check import STRAIGHT, turn_between
from linehaul_agv.vehicle import Vehicle
from linehaul_floor import EdgeId
from linehaul_vda5050 import Edge


@dataclass(frozen=True, slots=True)
class Leg:
    """One edge to drive.

    Attributes:
        end_sequence: Sequence id of the node at its end.
        x, y: Its start [m].
        travel, heading: Direction of travel and yaw of the body [rad]; opposite in reverse.
        length: [m], above 0.
        speed: Limit [m/s] of edge and order.
    """

    end_sequence: int
    x: float
    y: float
    travel: float
    heading: float
    length: float
    speed: float

    @property
    def forth(self) -> int:
        """1 where it is driven forwards, -1 in reverse."""
        return 1 if math.cos(self.travel - self.heading) > 0.0 else -1


Way = tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pose is on a leg: along and across [m], turned [rad] in (-pi, pi]."""

    along: float
    across: float
    turned: float


def make_way(vehicle: Vehicle, edges: Sequence[Edge], end: int) -> Way:
    """Return the legs of the edges that lead to nodes up to a sequence id.

    Args:
        vehicle: Its roadmap knows the edges; the executor has refused all others.
        edges: Edges ahead, in order.
        end: Sequence id of the last node to drive to.
    """
    return tuple(_leg(vehicle, edge) for edge in edges if edge.sequence_id < end)


def _leg(vehicle: Vehicle, edge: Edge) -> Leg:
    roadmap = vehicle.roadmap
    row = roadmap.edge_index[EdgeId(edge.edge_id)]
    x, y = roadmap.xy[roadmap.edge_start[row]].tolist()
    return Leg(
        edge.sequence_id + 1,
        x,
        y,
        float(roadmap.travel_heading[row]),
        float(roadmap.vehicle_heading[row]),
        float(roadmap.length[row]),
        min(float(roadmap.speed[row]), edge.maximum_speed or math.inf),
    )


def locate(leg: Leg, pose: Pose) -> Place:
    """Return where a pose is on a leg."""
    dx, dy = pose.x - leg.x, pose.y - leg.y
    along = dx * math.cos(leg.travel) + dy * math.sin(leg.travel)
    across = dy * math.cos(leg.heading) - dx * math.sin(leg.heading)
    return Place(along, across, wrap_angle(pose.theta - leg.heading))


def stands_between(before: Leg, after: Leg) -> bool:
    """Tell whether a vehicle must stand between two legs: to turn, or to reverse."""
    turned = turn_between(before.heading, after.heading) > STRAIGHT
    return turned or before.forth != after.forth


def room_to_stand(way: Way, along: float) -> float:
    """Return the distance [m] from a place on the first leg to where the vehicle must stand."""
    room = way[0].length - along
    for before, after in itertools.pairwise(way):
        if stands_between(before, after):
            break
        room += after.length
    return room
