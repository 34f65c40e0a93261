#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A line station: asks for material, and takes it over by the load handshake.

    python examples/station.py fa1_01 casing 4

It knows the ROS interfaces and nothing else of linehaul. A real one replaces `light_barrier`.
"""

import sys
import time

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import StationSignals, VehicleSignals


class Station(Node):
    """The passive side of one port."""

    def __init__(self, port: str) -> None:
        super().__init__('station_' + port)
        start = f'{time.time_ns():020d}'  # instance ids must sort by time
        self.me = StationSignals(port_id=port, instance_id=start, es=True, ho_avbl=True)
        self.busy_since = float('inf')
        qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.out = self.create_publisher(StationSignals, f'port/{port}/station_signals', qos)
        self.create_subscription(VehicleSignals, f'port/{port}/vehicle_signals', self.heard, qos)
        self.create_timer(0.2, self.look)

    def light_barrier(self) -> bool:
        """Stand in for a sensor: the load is in place two seconds after BUSY."""
        return time.monotonic() > self.busy_since + 2.0

    def heard(self, v: VehicleSignals) -> None:
        """Answer the levels of a vehicle with levels."""
        me, known = self.me, v.session_id == self.me.session_id
        if me.vehicle_id in ('', v.vehicle_id):
            on = v.valid and v.kind == v.KIND_LOAD and (known or not me.load_present)
            me.session_id, me.vehicle_id = (v.session_id, v.vehicle_id) if on else ('', '')
            me.l_req, me.load_id = on and not me.load_placed, v.load_id
            me.ready = on and (v.tr_req or (known and me.ready and not v.compt))
            since = min(self.busy_since, time.monotonic())
            self.busy_since = since if on and v.busy else float('inf')
        self.look()

    def look(self) -> None:
        """Read the sensor and say all levels."""
        if self.light_barrier():
            self.me.load_present, self.me.load_placed, self.me.l_req = True, True, False
        self.me.sequence += 1
        self.out.publish(self.me)


rclpy.init()
name, item, quantity = sys.argv[1:4]
station = Station(name)
client = ActionClient(station, DeliverMaterial, 'deliver_material')
goal = DeliverMaterial.Goal(station_id=name, item_id=item, quantity=int(quantity), priority=100)
goal.request_id = f'{name}-{station.me.instance_id}'
client.wait_for_server()
rclpy.spin_until_future_complete(station, asked := client.send_goal_async(goal))
rclpy.spin_until_future_complete(station, answer := asked.result().get_result_async())
result = answer.result().result
print(result.error_msg or f'got {result.load_id}')  # noqa: T201
