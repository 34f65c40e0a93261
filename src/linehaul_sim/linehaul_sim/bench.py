# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A test bench: a simulated plant, and a dispatcher that drives vehicles along shortest routes.

For tests and experiments without a fleet; nothing that runs the plant imports it.
"""

import math
from collections.abc import Callable, Mapping

from linehaul_floor import PlaceId, Route, shortest_route
from linehaul_sim.world import World
from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionParameter,
    BlockingType,
    Edge,
    EdgeId,
    Header,
    InstantActions,
    MapId,
    Node,
    NodeId,
    NodePosition,
    Order,
    OrderId,
)


class Dispatcher:
    """Makes orders for one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sent = 0

    def _header(self, vehicle_id: str) -> Header:
        self._sent += 1
        return Header(self._sent, self.world.now, serial_number=vehicle_id)

    def route(self, vehicle_id: str, place_id: str) -> Route:
        """Return the shortest route of a vehicle from where it stands to a place.

        Raises:
            ValueError: there is none.
        """
        i = self.world.vehicle(vehicle_id)
        bodies = self.world.data.bodies
        route = shortest_route(
            self.world.plant.roadmap,
            int(bodies.node[i]),
            self.world.plant.places[PlaceId(place_id)].node,
            heading=float(bodies.pose[i, 2]),
            vehicle_class=self.world.vehicles[i].vehicle_class,
        )
        if route is None:
            raise ValueError(f'no route for {vehicle_id!r} to {place_id!r}')
        return route

    def order(
        self,
        vehicle_id: str,
        route: Route,
        order_id: str,
        *,
        base: int | None = None,
        first: int = 0,
        update: int = 0,
        action: str = '',
        parameters: Mapping[str, str] | None = None,
    ) -> Order:
        """Return an order along a route.

        Args:
            vehicle_id: Who drives.
            route: The whole way.
            order_id: Order id.
            base: Number of nodes of the route that are released; all where left out.
            first: Node of the route at which this message begins.
            update: Order update id.
            action: Action type at the last node; '' for none.
            parameters: Of the action.
        """
        r, count = self.world.plant.roadmap, len(route.nodes)
        base = count if base is None else base
        pairs = tuple(ActionParameter(key, value) for key, value in (parameters or {}).items())
        act = Action(action, ActionId(f'{order_id}.{action}'), BlockingType.HARD, pairs)
        nodes, edges = [], []
        for k in range(first, count):
            n = int(route.nodes[k])
            x, y = r.xy[n].tolist()
            acts = (act,) if action and k == count - 1 else ()
            position = NodePosition(x, y, MapId(self.world.plant.name))
            nodes.append(Node(NodeId(r.node_ids[n]), 2 * k, k < base, acts, position))
        for k in range(first, count - 1):
            e = int(route.edges[k])
            turned = math.cos(r.vehicle_heading[e] - r.travel_heading[e]) < 0.0
            orientation = math.pi if turned else 0.0
            name, speed = EdgeId(r.edge_ids[e]), float(r.speed[e])
            edges.append(Edge(name, 2 * k + 1, k + 1 < base, (), speed, orientation))
        header = self._header(vehicle_id)
        return Order(header, OrderId(order_id), update, tuple(nodes), tuple(edges))

    def go(
        self, vehicle_id: str, place_id: str, order_id: str, action: str = '', **parameters: str
    ) -> Route:
        """Send a vehicle to a place with the whole way released."""
        route = self.route(vehicle_id, place_id)
        order = self.order(vehicle_id, route, order_id, action=action, parameters=parameters)
        self.world.send_order(vehicle_id, order)
        return route

    def instant(self, vehicle_id: str, action_type: str, action_id: str) -> None:
        """Send one instant action."""
        action = Action(action_type, ActionId(action_id), BlockingType.NONE)
        message = InstantActions(self._header(vehicle_id), (action,))
        self.world.send_instant_actions(vehicle_id, message)

    def idle(self, vehicle_id: str) -> bool:
        """Tell whether a vehicle has nothing left to do and stands."""
        agv = self.world.data.agvs[self.world.vehicle(vehicle_id)]
        return agv.idle and not agv.driving

    def run(self, until: Callable[[], bool], most: float = 600.0) -> float:
        """Step the world until something holds.

        Returns:
            Plant time that went by [s].

        Raises:
            TimeoutError: it does not hold after `most` seconds of plant time.
        """
        begin = self.world.now
        while not until():
            if self.world.now - begin > most:
                raise TimeoutError(f'not reached after {most} s of plant time')
            self.world.step()
            self.world.take_outputs()
        return self.world.now - begin

    def arrive(self, *vehicle_ids: str) -> float:
        """Step the world until vehicles are idle; see run."""
        return self.run(lambda: all(map(self.idle, vehicle_ids)))
