# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The traffic node: routes for whoever asks, and pictures of the floor and its traffic for RViz.

Vehicles are sent by the fleet node; what this node shows it has heard from `fleet/state` and
`traffic/state`.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any

from builtin_interfaces.msg import Time
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.qos import LATCHED
from linehaul_ros.run import run
from nav_msgs.msg import OccupancyGrid
from rclpy.action import ActionServer
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from linehaul_floor import PlantError, load_plant
from linehaul_interfaces.action import ComputeRoute
from linehaul_interfaces.msg import FleetState, RoadLimit, TrafficState
from linehaul_ros import names
from linehaul_traffic.convert import refused, to_map, to_markers, to_query, to_result
from linehaul_traffic.markers import roadmap_shapes, traffic_shapes
from linehaul_traffic.replay.convert import frame
from linehaul_traffic.road_state import unknown_ids
from linehaul_traffic.route_query import Refusal, Router

FINEST = 0.02  # [m] a map of finer cells would fill the memory

MAP = names.Topic('map', OccupancyGrid, LATCHED)
ROADMAP_MARKERS = names.Topic('traffic/roadmap', MarkerArray, LATCHED)
TRAFFIC_MARKERS = names.Topic('traffic/vehicles', MarkerArray, LATCHED)


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the traffic node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    frame_id: str = setting('map', doc='Frame of the map, of routes and of markers.')
    reach: float = setting(
        2.0, doc='How far from the roadmap a pose may be.', unit='m', low=0.1, high=50.0
    )
    path_spacing: float = setting(
        0.25, doc='Distance of the poses of a path; 0: nodes only.', unit='m', low=0.0, high=10.0
    )
    map_resolution: float = setting(
        0.0, doc='Cell of the map; 0: by the size of the floor.', unit='m', low=0.0, high=5.0
    )
    marker_period: float = setting(
        1.0, doc='Wall time between two pictures of the traffic.', unit='s', low=0.1, high=60.0
    )


class TrafficNode(Node):
    """Shell of `Router` and of the markers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('traffic', **kwargs)
        self._config = declare(self, Config)
        if 0.0 < self._config.map_resolution < FINEST:
            found = self._config.map_resolution
            raise ParameterError(f'map_resolution: found {found} m, wanted 0 or from {FINEST} m')
        self._plant = load_plant(self._config.plant)
        self._router = Router(self._plant, self._config.reach, self._config.path_spacing)
        self._closed: tuple[str, ...] = ()
        self._limits: dict[str, float] = {}
        self._fleet: FleetState | None = None
        self._traffic = TrafficState()
        self._new = False
        self._map = self._publisher(MAP)
        self._roadmap_markers = self._publisher(ROADMAP_MARKERS)
        self._traffic_markers = self._publisher(TRAFFIC_MARKERS)
        for topic, take in (
            (names.FLEET_STATE, self._hear_fleet),
            (names.TRAFFIC_STATE, self._hear_traffic),
        ):
            self.create_subscription(topic.type, topic.name, take, topic.qos)
        self._server = ActionServer(
            self, ComputeRoute, names.COMPUTE_ROUTE.name, execute_callback=self._execute
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self._config.marker_period, self._show, clock=steady)
        self._show_floor()
        self.get_logger().info(
            f'plant={self._plant.name} nodes={self._plant.roadmap.node_count} '
            f'edges={self._plant.roadmap.edge_count} places={len(self._plant.places)}'
        )

    def _publisher(self, topic: names.Topic) -> Any:
        return self.create_publisher(topic.type, topic.name, topic.qos)

    # Routes.

    async def _execute(self, handle: ServerGoalHandle) -> ComputeRoute.Result:
        began = time.monotonic()
        result = self._answer(handle.request)
        elapsed = time.monotonic() - began
        handle.publish_feedback(ComputeRoute.Feedback(elapsed=elapsed))
        if result.error_code:
            self.get_logger().warning(
                f'route refused: code={result.error_code} {result.error_msg}',
                throttle_duration_sec=1.0,
            )
            handle.abort()
        else:
            handle.succeed()
        return result

    def _answer(self, goal: ComputeRoute.Goal) -> ComputeRoute.Result:
        query = to_query(goal, self._config.frame_id)
        if isinstance(query, Refusal):
            return refused(query)
        answer = self._router.answer(query, self._closed, self._limits)
        if isinstance(answer, Refusal):
            return refused(answer)
        header = Header(frame_id=self._config.frame_id, stamp=self.get_clock().now().to_msg())
        return to_result(answer, self._plant, header)

    # What is heard.

    def _hear_fleet(self, message: FleetState) -> None:
        self._fleet = message
        self._new = True
        limits = {
            limit.element_id: limit.speed_limit
            for limit in message.limits
            if limit.state == RoadLimit.STATE_LIMITED
        }
        if limits != self._limits:
            self._limits = limits
            strange = unknown_ids(self._plant, limits)
            if strange:
                self.get_logger().warning(f'limited ids that the plant lacks: {strange[:5]}')

    def _hear_traffic(self, message: TrafficState) -> None:
        self._traffic = message
        self._new = True
        closed = tuple(message.closed_ids)
        if closed != self._closed:
            self._closed = closed
            strange = unknown_ids(self._plant, closed)
            if strange:
                self.get_logger().warning(f'closed ids that the plant lacks: {strange[:5]}')

    # What is shown.

    def _show_floor(self) -> None:
        header = Header(frame_id=self._config.frame_id)
        self._map.publish(to_map(self._plant, header, self._config.map_resolution))
        shapes = roadmap_shapes(self._plant)
        self._roadmap_markers.publish(to_markers(shapes, self._config.frame_id, Time()))

    def _show(self) -> None:
        """Show the traffic, when there is news and somebody to look at it."""
        looking = self._traffic_markers.get_subscription_count()
        if self._fleet is None or not self._new or not looking:
            return
        self._new = False
        shapes = traffic_shapes(self._plant, frame(self._fleet, self._traffic))
        markers = to_markers(shapes, self._config.frame_id, self._fleet.stamp)
        self._traffic_markers.publish(markers)


def main() -> None:
    """Run the node."""
    sys.exit(run(TrafficNode, broken=(PlantError,)))


if __name__ == '__main__':
    main()
