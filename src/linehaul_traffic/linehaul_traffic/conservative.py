# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A planner that is safe and live on well-formed floors, and makes no promise beyond that.

Each vehicle that wants to go somewhere gets the quickest way that runs into nobody's resting
place, and its goal only while nobody else rests, or is going to rest, there. The execution graph
lets vehicles pass in the order in which their ways were committed. On a well-formed floor (every
place is a bay off the lanes) every vehicle gets to every place that becomes free. It does not
look at when vehicles will be where, so a way committed early makes later ones wait longer than
needed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from linehaul_floor.geometry import BoolArray

from linehaul_floor import Roadmap, RouteTable, shortest_route
from linehaul_traffic.execution import ExecutionGraph, Path, Wait
from linehaul_traffic.wish import NoWay, Wish


def find_way(
    wish: Wish,
    graph: ExecutionGraph,
    routes: Mapping[str, RouteTable],
    roadmap: Roadmap,
    closed: BoolArray | None = None,
) -> Path | Wait | NoWay:
    """Return the way for a wish, for whom it must wait, or that there is none.

    Args:
        wish: who wants to go where.
        graph: the execution graph, for who rests where.
        routes: a route table for each vehicle class, with closed edges taken out.
        roadmap: the roadmap.
        closed: (E,) edges that nobody may use now; the route tables leave them out too.
    """
    rests = graph.rests(wish.vehicle)
    if wish.goal in rests and wish.goal != wish.start:
        return Wait(wish.vehicle, rests[wish.goal], wish.goal)
    table = routes[wish.vehicle_class.id]
    route = table.route(wish.start, wish.goal, wish.heading)
    if route is None:
        return NoWay(wish)
    path = Path(tuple(route.nodes.tolist()), tuple(route.edges.tolist()))
    hit = graph.blocker(wish.vehicle, path)
    if hit is None:
        return path
    blocked = _closed(roadmap, list(rests), wish.start)
    if closed is not None:
        blocked |= closed
    detour = shortest_route(
        roadmap,
        wish.start,
        wish.goal,
        heading=wish.heading,
        vehicle_class=wish.vehicle_class,
        blocked=blocked,
    )
    if detour is None:
        return Wait(wish.vehicle, *hit)
    return Path(tuple(detour.nodes.tolist()), tuple(detour.edges.tolist()))


def _closed(roadmap: Roadmap, elements: Sequence[int], start: int) -> BoolArray:
    """Return (E,) edges that are taken, or end at a taken node."""
    taken = np.zeros(roadmap.node_count + roadmap.edge_count, bool)
    taken[list(elements)] = True
    taken[start] = False
    nodes, edges = taken[: roadmap.node_count], taken[roadmap.node_count :]
    return np.asarray(edges | nodes[roadmap.edge_end])
