# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_bringup.picture`: the running factory's floor as a picture, now.

Listens to `fleet/state` and `traffic/state` of whatever factory runs, and draws its vehicles with
their released and planned ways over the plant.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rclpy
from linehaul_floor.draw_traffic import Sighting
from linehaul_floor.export import pictures
from linehaul_ros.run import make_executor
from rclpy.node import Node

from linehaul_floor import Plant, PlantError, load_plant
from linehaul_interfaces.msg import FleetState, TrafficState, VehiclePath, VehicleSummary
from linehaul_ros import names


class _Listener(Node):
    """Keeps the last state of fleet and traffic."""

    def __init__(self) -> None:
        super().__init__('picture')
        self.fleet: FleetState | None = None
        self.traffic: TrafficState | None = None
        for topic, take in (
            (names.FLEET_STATE, self._fleet),
            (names.TRAFFIC_STATE, self._traffic),
        ):
            self.create_subscription(topic.type, topic.name, take, topic.qos)

    def _fleet(self, message: FleetState) -> None:
        self.fleet = message

    def _traffic(self, message: TrafficState) -> None:
        self.traffic = message


def sightings(plant: Plant, fleet: FleetState, traffic: TrafficState) -> list[Sighting]:
    """Return the vehicles of two messages with their ways; unknown nodes are left out."""
    paths = {path.vehicle_id: path for path in traffic.paths}
    return [_sighting(plant, v, paths.get(v.vehicle_id)) for v in fleet.vehicles]


def _sighting(plant: Plant, vehicle: VehicleSummary, path: VehiclePath | None) -> Sighting:
    here = np.array([[vehicle.x, vehicle.y]])
    released = planned = np.empty((0, 2))
    if path is not None:
        index = plant.roadmap.node_index
        nodes = [index[n] for n in path.node_ids if n in index]
        xy = plant.roadmap.xy[nodes]
        count = path.released_nodes
        released = np.concatenate([here, xy[1:count]])
        planned = xy[max(count - 1, 0) :]
    return Sighting(
        id=vehicle.vehicle_id,
        vehicle_class=vehicle.vehicle_class,  # type: ignore[arg-type]
        x=vehicle.x,
        y=vehicle.y,
        theta=vehicle.theta,
        loaded=bool(vehicle.load_ids),
        working=vehicle.work != VehicleSummary.WORK_IDLE,
        released=released,
        planned=planned,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Draw one picture; return the exit code: 0 drawn, 1 no factory, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_bringup.picture',
        description='Draw the floor of the running factory as it is now.',
    )
    parser.add_argument('--out', type=Path, default=Path('floor.png'), help='.png or .svg file')
    parser.add_argument('--plant', default='', help='plant file, where its name is not enough')
    parser.add_argument('--wait', type=float, default=15.0, help='seconds to wait for a factory')
    options = parser.parse_args(argv)
    if options.out.suffix not in ('.png', '.svg'):
        parser.error(f'--out {options.out}: a .png or .svg file is wanted')
    heard = _listen(options.wait)
    if heard is None:
        print('no factory runs here; start one with `make run`', file=sys.stderr)  # noqa: T201
        return 1
    fleet, traffic = heard
    try:
        plant = load_plant(options.plant or fleet.plant)
    except PlantError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    drawn = pictures(plant, sightings(plant, fleet, traffic), options.out.stem)
    options.out.write_bytes(drawn[options.out.stem + options.out.suffix])
    print(options.out)  # noqa: T201
    return 0


def _listen(wait: float) -> tuple[FleetState, TrafficState] | None:
    rclpy.init()
    executor, node = make_executor(), _Listener()
    executor.add_node(node)
    end = time.monotonic() + wait
    while (node.fleet is None or node.traffic is None) and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    executor.remove_node(node)
    node.destroy_node()
    rclpy.try_shutdown()
    if node.fleet is None or node.traffic is None:
        return None
    return node.fleet, node.traffic


if __name__ == '__main__':
    sys.exit(main())
