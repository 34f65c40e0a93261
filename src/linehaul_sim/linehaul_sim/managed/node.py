# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated floor before a warehouse node: custody both ways, and storages announced."""

from collections.abc import Callable
from typing import Any

from linehaul_ros.actions import PersistentGoal, action_client
from rclpy.node import Node

from linehaul_floor import Flow, PlaceId
from linehaul_interfaces.msg import LoadCustody
from linehaul_ros import names
from linehaul_sim.convert import (
    custody_to_msg,
    gone_to_msg,
    store_goal,
    told_from_msg,
)
from linehaul_sim.inputs import Input
from linehaul_sim.loads import Load
from linehaul_sim.managed.ports import Heard
from linehaul_sim.world import World
from linehaul_vda5050 import LoadId


class ManagedPorts:
    """Ports of a world that a warehouse node sees to; part of the simulation node.

    Args:
        node: who speaks.
        world: with managed ports in its settings.
        take: notes an input of the world for the disk.
        publish: tells who holds a load.
    """

    def __init__(
        self,
        node: Node,
        world: World,
        take: Callable[[Input], None],
        publish: Callable[[LoadCustody], None],
    ) -> None:
        self._node, self._world, self._take, self._publish = node, world, take, publish
        managed = (PlaceId(name) for name in world.settings.managed_ports)
        self._entrances = [p for p in managed if world.plant.places[p].flow is Flow.IN]
        self._client = action_client(node, names.STORE_LOAD)
        self._goals: dict[str, PersistentGoal] = {}
        self._said: dict[LoadId, str] = {}
        custody = names.CUSTODY
        node.create_subscription(custody.type, custody.name, self._heard, custody.qos)

    def _heard(self, message: LoadCustody) -> None:
        """Hear the warehouse; answer where a load is if it is not where it says."""
        told = told_from_msg(message)
        heard = self._world.hear_warehouse(told)
        if heard is Heard.TAKEN:
            self._take(told)
        elif heard is Heard.ELSEWHERE:
            load = self._world.data.ledger.loads.get(LoadId(told.load_id))
            gone = gone_to_msg(told.load_id, self._world.now)
            self._publish(custody_to_msg(load) if load is not None else gone)

    def each_second(self) -> None:
        """Say what stands where loads go in, and have it stored."""
        ledger = self._world.data.ledger
        for port_id in self._entrances:
            for load_id in ledger.ports[port_id].loads:
                load = ledger.loads[load_id]
                self._publish(custody_to_msg(load))
                self._store(load)

    def _store(self, load: Load) -> None:
        """Ask for the storage of a load, once for each time that it comes."""
        goal = store_goal(load)
        if goal.request_id in self._goals:
            return

        def ended(result: Any) -> None:
            del self._goals[goal.request_id]
            if result.error_code and self._said.get(load.id) != result.error_msg:
                self._said[load.id] = result.error_msg
                text = f'load={load.id} port={load.holder_id} not stored: {result.error_msg}'
                self._node.get_logger().warning(text)
            elif not result.error_code:
                self._said.pop(load.id, None)

        self._goals[goal.request_id] = PersistentGoal(self._node, self._client, goal, ended)
