# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The earliest way of one vehicle between the claims of all others.

Safe-interval path planning: a label says when a vehicle can be at the end of an edge within one
free interval of the pose there. From a label the vehicle goes on rolling, at once, or stands and
goes on later; for each free interval of the next pose the earliest way into it is kept. The edge
and the pose behind it must be free from the claim on, and the node where it turns; the pose it
leaves must stay free until the next node is reached. Labels are taken in order of arrival plus
the time that the rest takes on an empty floor, so the first label at the goal is the earliest.

One simplification: of two labels on the same edge and in the same interval the earlier wins,
though the later may arrive rolling and the other from rest (less than two seconds apart).

Source: Phillips, Likhachev (2011) "SIPP: safe interval path planning for dynamic environments";
with continuous times and edge intervals as in Cohen et al. (2019) and Ma et al. (2019).
"""

from typing import NamedTuple

import numpy as np
from linehaul_floor.route_kernels import heap_drop, heap_push
from numba import njit

from linehaul_traffic.road_model import RoadArrays
from linehaul_traffic.road_queues import Queues, ahead, element, free_until, next_free


class Search(NamedTuple):
    """Room for one search of up to R labels, E edges.

    Attributes:
        edge, parent: (R,) edge at whose end the label is, label before it.
        turn: (R,) seconds stood and turned before the edge, or ROLL.
        claim, leave, reach: (R,) times of the step over the edge.
        until: (R,) the node must be left behind by then (free interval).
        brake: (R,) the edge must be left behind by then.
        following: (R,) next label on the same edge.
        keys, items: (R,) heap.
        newest, stamp: (E,) latest label on an edge, valid where stamp is that of the search.
        number: (1,) of the search.
    """

    edge: np.ndarray
    parent: np.ndarray
    turn: np.ndarray
    claim: np.ndarray
    leave: np.ndarray
    reach: np.ndarray
    until: np.ndarray
    brake: np.ndarray
    following: np.ndarray
    keys: np.ndarray
    items: np.ndarray
    newest: np.ndarray
    stamp: np.ndarray
    number: np.ndarray


def new_search(edges: int, labels: int = 60_000) -> Search:
    """Return room for searches."""
    ints = [np.empty(labels, np.int32) for _ in range(2)]
    floats = [np.empty(labels) for _ in range(6)]
    heap = [np.empty(labels, np.int32), np.empty(labels), np.empty(labels, np.int32)]
    marks = [np.zeros(edges, np.int32), np.zeros(edges, np.int64), np.zeros(1, np.int64)]
    return Search._make([*ints, *floats, *heap, *marks])


@njit(cache=True)
def _offer(
    s: Search,
    used: int,
    heap: int,
    edge: int,
    parent: int,
    turn: float,
    claim: float,
    leave: float,
    reach: float,
    until: float,
    brake: float,
    left: float,
) -> tuple[int, int]:
    """Add a label unless a better one is there; return the numbers of labels and heap entries."""
    if s.stamp[edge] != s.number[0]:
        s.stamp[edge] = s.number[0]
        s.newest[edge] = -1
    k = s.newest[edge]
    while k >= 0:
        if s.until[k] == until and s.reach[k] <= reach:
            return used, heap
        k = s.following[k]
    if used == s.edge.size:
        return used, heap
    s.edge[used], s.parent[used], s.turn[used] = edge, parent, turn
    s.claim[used], s.leave[used], s.reach[used] = claim, leave, reach
    s.until[used], s.brake[used] = until, brake
    s.following[used] = s.newest[edge]
    s.newest[edge] = used
    heap = heap_push(s.keys, s.items, heap, reach + left, used)
    return used + 1, heap


@njit(cache=True)
def _stand(  # noqa: D417 - the rest is that of _offer and earliest
    s: Search,
    q: Queues,
    road: RoadArrays,
    v: int,
    used: int,
    heap: int,
    edge: int,
    parent: int,
    turn: float,
    ready: float,
    until: float,
    left: float,
) -> tuple[int, int]:
    """Offer the earliest step over an edge into each free interval, for a vehicle that stands.

    Args:
        turn: seconds to turn first.
        ready: when the vehicle could begin to turn or go.
        until: when the node it stands on must have been left behind.
    """
    m = q.motion[v]
    along, into = road.nodes + edge, road.poses + edge
    turning = road.start[edge]
    lead = road.lead_rest[m]
    drive = road.up[m, edge] + road.run[m, edge]
    lasting = lead + max(turn, 0.0) + drive
    claim = ready - lead
    while claim + lasting <= until:
        old = -np.inf
        while claim != old:
            old = claim
            claim = next_free(q, road, v, along, claim, lasting)
            claim = next_free(q, road, v, into, claim, lasting)
            if turn > 0.0:
                claim = next_free(q, road, v, turning, claim, lasting)
        reach = claim + lasting
        if reach > until or claim == np.inf:
            break
        high = free_until(q, road, v, into, claim)
        edge_high = min(free_until(q, road, v, along, claim), until)
        if turn > 0.0:
            edge_high = min(edge_high, free_until(q, road, v, turning, claim))
        used, heap = _offer(
            s, used, heap, edge, parent, turn, claim, reach - drive, reach, high, edge_high, left
        )
        if high == np.inf:
            break
        claim = high
    return used, heap


@njit(cache=True)
def _roll(
    s: Search,
    q: Queues,
    road: RoadArrays,
    v: int,
    used: int,
    heap: int,
    edge: int,
    parent: int,
    at: float,
    until: float,
    left: float,
) -> tuple[int, int]:
    """Offer the step over an edge without stopping before it, if everything is free for it."""
    m = q.motion[v]
    along, into = road.nodes + edge, road.poses + edge
    claim = at - road.lead_roll[m]
    reach = at + road.run[m, edge]
    if reach > until:
        return used, heap
    if next_free(q, road, v, along, claim, reach - claim) != claim:
        return used, heap
    if next_free(q, road, v, into, claim, reach - claim) != claim:
        return used, heap
    high = free_until(q, road, v, into, claim)
    edge_high = min(free_until(q, road, v, along, claim), until)
    return _offer(s, used, heap, edge, parent, -1.0, claim, at, reach, high, edge_high, left)


@njit(cache=True)
def earliest(  # noqa: D417 - arrays of one shape share a line
    s: Search,
    q: Queues,
    road: RoadArrays,
    v: int,
    goal: int,
    togo: np.ndarray,
    closed: np.ndarray,
    starts: np.ndarray,
    start_turn: np.ndarray,
    at: float,
    since: float,
    before: int,
    rolling: bool,
    until: float,
) -> tuple[int, int]:
    """Return the last label of the earliest way to a node, -1 if none was found; and labels used.

    Args:
        s: room for the search.
        q: queues; blocks of v itself do not count.
        road: the roads.
        v: the vehicle.
        goal: the node; it must be free from arrival on, for ever.
        togo: (E,) seconds from the beginning of each edge to the goal on an empty floor.
        closed: (E,) edges not to use.
        starts, start_turn: (m,) first edges, and seconds to stand and turn before each, or ROLL.
        at: when the vehicle is at its first node.
        since: no claim may begin before this time.
        before: edge by which it comes there, -1: it stands there.
        rolling: whether it may go on without stopping.
        until: when the first node must be left behind.
    """
    s.number[0] += 1
    used, heap = 0, 0
    m = q.motion[v]
    for k in range(starts.size):
        edge = starts[k]
        if closed[edge] or not togo[edge] < np.inf:
            continue
        left = togo[edge] - road.run[m - m % 2, edge]
        brake = 0.0
        if start_turn[k] == -1.0:
            if rolling and at - road.lead_roll[m] >= since:
                used, heap = _roll(s, q, road, v, used, heap, edge, -1, at, until, left)
            if before >= 0:
                brake = road.down[m, before]
        elif before >= 0:
            brake = road.down[m, before]
        ready = max(at + brake, since + road.lead_rest[m])
        used, heap = _stand(s, q, road, v, used, heap, edge, -1, start_turn[k], ready, until, left)
    while heap > 0:
        here = s.items[0]
        heap = heap_drop(s.keys, s.items, heap)
        edge = s.edge[here]
        if road.end[edge] == goal:
            if s.until[here] == np.inf and s.reach[here] + road.down[m, edge] <= s.brake[here]:
                s.reach[here] += road.down[m, edge]
                return here, used
            continue
        rest = s.reach[here] + road.down[m, edge]
        for k in range(road.next_indptr[edge], road.next_indptr[edge + 1]):
            f = road.next_edge[k]
            if closed[f] or not togo[f] < np.inf:
                continue
            turn = road.next_turn[q.kind[v], k]
            left = togo[f] - road.run[m - m % 2, f]
            if turn == -1.0:
                used, heap = _roll(
                    s, q, road, v, used, heap, f, here, s.reach[here], s.until[here], left
                )
            elif rest > s.brake[here]:
                continue
            used, heap = _stand(
                s, q, road, v, used, heap, f, here, turn, rest, s.until[here], left
            )
    return -1, used


@njit(cache=True)
def write_way(s: Search, q: Queues, road: RoadArrays, v: int, position: int, label: int) -> int:
    """Write the way that ends with a label into a vehicle's path behind a node position.

    Returns:
        The number of nodes of the path, or minus that if the path has no room for them.
    """
    count, k = 0, label
    while k >= 0:
        count += 1
        k = s.parent[k]
    size = position + count + 1
    if size > q.node.shape[1]:
        return -size
    m = q.motion[v]
    p, k = size - 2, label
    reach = s.reach[label]
    while k >= 0:
        edge = s.edge[k]
        q.edge[v, p], q.node[v, p + 1] = edge, road.end[edge]
        q.turn[v, p], q.claim[v, p] = s.turn[k], s.claim[k]
        q.leave[v, p], q.reach[v, p + 1] = s.leave[k], reach
        if s.parent[k] >= 0:
            before = s.edge[s.parent[k]]
            reach = s.reach[s.parent[k]]
            if s.turn[k] != -1.0:
                reach += road.down[m, before]
        p -= 1
        k = s.parent[k]
    q.size[v] = size
    return size


@njit(cache=True)
def start_late(  # noqa: D417 - as in earliest
    q: Queues, road: RoadArrays, v: int, position: int
) -> None:
    """Let a way that is not on the lists yet begin as late as it can without arriving later.

    The search drives as early as possible and waits before what is taken, where it is in others'
    way. Here every stretch between two stops is moved back into the wait behind it, as far as
    what it needs stays free; so waits gather where the way begins, which is a bay as a rule.

    Args:
        q, road, v: see earliest.
        position: node at which the way begins.
    """
    for s in range(q.size[v] - 2, position, -1):
        if q.turn[v, s] == -1.0 and q.leave[v, s] == q.reach[v, s]:
            continue
        brake = road.down[q.motion[v], q.edge[v, s - 1]] if q.turn[v, s] == -1.0 else 0.0
        wait = q.leave[v, s] - max(q.turn[v, s], 0.0) - q.reach[v, s] - brake
        begin = s - 1
        while (
            begin > position
            and q.turn[v, begin] == -1.0
            and (q.leave[v, begin] == q.reach[v, begin])
        ):
            begin -= 1
        for p in range(begin, s):
            if wait < 0.1:
                break
            for part in range(3):
                x = ahead(q, road, v, p, part)
                if x >= 0 and part != 1:
                    high = free_until(q, road, v, x, q.claim[v, p])
                    wait = min(wait, high - q.reach[v, p + 1])
            since = q.claim[v, p - 1] if p > position else q.claim[v, p]
            high = free_until(q, road, v, element(q, road, v, p, 0), since)
            wait = min(wait, high - q.reach[v, p + 1])
        if wait < 0.1:
            continue
        for p in range(begin, s):
            q.claim[v, p] += wait
            q.leave[v, p] += wait
            q.reach[v, p + 1] += wait
