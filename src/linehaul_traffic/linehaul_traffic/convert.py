# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Between the messages of the traffic node and its core."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import atan2, cos, isfinite, sin

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion
from linehaul_floor.occupancy import OCCUPIED, fine_resolution, occupancy_grid
from nav_msgs.msg import OccupancyGrid, Path
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from linehaul_floor import ClassId, NodeId, PlaceId, Plant
from linehaul_interfaces.action import ComputeRoute
from linehaul_traffic.markers import Kind, Shape
from linehaul_traffic.route_query import (
    Answer,
    AtNode,
    AtPlace,
    AtPose,
    Code,
    Query,
    Refusal,
    Spot,
)

_TYPES = {
    Kind.LINES: Marker.LINE_LIST,
    Kind.TRIANGLES: Marker.TRIANGLE_LIST,
    Kind.BALLS: Marker.SPHERE_LIST,
    Kind.TEXT: Marker.TEXT_VIEW_FACING,
}
_UNIT = 0.05  # how far from 1 the length of a quaternion may be


# Routes.


def to_query(goal: ComputeRoute.Goal, frame_id: str) -> Query | Refusal:
    """Convert a goal; refuse what says nothing or is in another frame than the map's."""
    start = _spot('start', goal.start_kind, goal.start_id, goal.start_pose, frame_id)
    if isinstance(start, Refusal):
        return start
    end = _spot('goal', goal.goal_kind, goal.goal_id, goal.goal_pose, frame_id)
    if isinstance(end, Refusal):
        return end
    return Query(ClassId(goal.vehicle_class), goal.loaded, start, end)


def _spot(which: str, kind: int, name: str, stamped: PoseStamped, frame_id: str) -> Spot | Refusal:
    if kind == ComputeRoute.Goal.AT_PLACE:
        return AtPlace(PlaceId(name))
    if kind == ComputeRoute.Goal.AT_NODE:
        return AtNode(NodeId(name))
    if kind != ComputeRoute.Goal.AT_POSE:
        text = f'{which}_kind: found {kind}, wanted AT_PLACE, AT_NODE or AT_POSE'
        return Refusal(Code.INVALID_ARGUMENT, text)
    if stamped.header.frame_id not in ('', frame_id):
        text = f'{which}_pose: found frame {stamped.header.frame_id[:60]!r}, wanted {frame_id!r}'
        return Refusal(Code.INVALID_ARGUMENT, text)
    return _pose(which, stamped.pose)


def _pose(which: str, pose: Pose) -> AtPose | Refusal:
    q = pose.orientation
    length = float(np.sqrt(q.x**2 + q.y**2 + q.z**2 + q.w**2))
    if length == 0.0:
        return AtPose(pose.position.x, pose.position.y, None)
    if not isfinite(length) or abs(length - 1.0) > _UNIT:
        text = f'{which}_pose: the quaternion has length {length:g}, wanted 1, or 0 for any yaw'
        return Refusal(Code.INVALID_ARGUMENT, text)
    yaw = atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y**2 + q.z**2))
    return AtPose(pose.position.x, pose.position.y, yaw)


def to_result(answer: Answer, plant: Plant, header: Header) -> ComputeRoute.Result:
    """Convert a route."""
    poses = [
        PoseStamped(header=header, pose=to_pose(x, y, yaw))
        for (x, y), yaw in zip(answer.xy.tolist(), answer.yaw.tolist(), strict=True)
    ]
    return ComputeRoute.Result(
        path=Path(header=header, poses=poses),
        node_ids=[plant.roadmap.node_ids[node] for node in answer.nodes],
        edge_ids=[plant.roadmap.edge_ids[edge] for edge in answer.edges],
        time=answer.time,
        length=answer.length,
    )


def refused(refusal: Refusal) -> ComputeRoute.Result:
    """Convert a refusal."""
    return ComputeRoute.Result(error_code=int(refusal.code), error_msg=refusal.text)


def to_pose(x: float, y: float, yaw: float) -> Pose:
    """Convert a pose in the plane."""
    turned = Quaternion(z=sin(yaw / 2.0), w=cos(yaw / 2.0))
    return Pose(position=Point(x=x, y=y), orientation=turned)


# Pictures.


def to_map(plant: Plant, header: Header, resolution: float = 0.0) -> OccupancyGrid:
    """Return the floor: 0 free, 100 where something stands.

    Args:
        plant: the plant.
        header: frame and time.
        resolution: size of a cell [m]; 0 chooses by the size of the floor.
    """
    grid = occupancy_grid(plant, resolution or fine_resolution(plant))
    upwards = np.where(grid.image[::-1] == OCCUPIED, 100, 0).astype(np.int8)
    message = OccupancyGrid(header=header)
    message.info.map_load_time = header.stamp
    message.info.resolution = float(grid.resolution)
    message.info.height, message.info.width = upwards.shape
    message.info.origin = to_pose(*grid.origin, 0.0)
    message.data = array('b', upwards.tobytes())
    return message


def to_markers(shapes: Sequence[Shape], frame_id: str, stamp: Time) -> MarkerArray:
    """Return markers that take the place of all that were there before."""
    header = Header(frame_id=frame_id, stamp=stamp)
    clear = Marker(header=header, action=Marker.DELETEALL)
    numbers: dict[str, int] = {}
    markers = [clear]
    for shape in shapes:
        number = numbers.get(shape.layer, 0)
        numbers[shape.layer] = number + 1
        markers.append(_marker(shape, number, header))
    return MarkerArray(markers=markers)


def _marker(shape: Shape, number: int, header: Header) -> Marker:
    red, green, blue, alpha = shape.color
    marker = Marker(header=header, ns=shape.layer, id=number, type=_TYPES[shape.kind])
    marker.color = ColorRGBA(r=red, g=green, b=blue, a=alpha)
    marker.pose.orientation.w = 1.0
    if shape.kind is Kind.TEXT:
        x, y, z = shape.points[0].tolist()
        marker.pose.position = Point(x=x, y=y, z=z)
        marker.scale.z = shape.size
        marker.text = shape.text
        return marker
    size = 1.0 if shape.kind is Kind.TRIANGLES else shape.size
    marker.scale.x = marker.scale.y = marker.scale.z = size
    marker.points = [Point(x=x, y=y, z=z) for x, y, z in shape.points.tolist()]
    marker.colors = [ColorRGBA(r=r, g=g, b=b, a=a) for r, g, b, a in shape.colors.tolist()]
    return marker
