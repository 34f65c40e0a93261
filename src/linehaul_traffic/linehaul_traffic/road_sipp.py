# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The earliest way of one vehicle between the claims of all others.

Safe-interval path planning: a label says when a vehicle can be at the end of an edge within one
free interval of the pose there. From a label the vehicle goes on rolling, at once, or stands and
goes on later; for each free interval of the next pose the earliest way into it is kept. The edge
and the pose behind it must be free from the claim on, and the node where it turns; the pose it
leaves must stay free until the next node is reached. Labels are taken in order of arrival,
prices paid, and what the rest costs on an empty floor, so the first label at the goal is the best.

One simplification: of two labels on the same edge and in the same interval the earlier wins, if it
can brake there or the other cannot either, though the later may arrive rolling and the other from
rest (less than two seconds apart).

Source: Phillips, Likhachev (2011) "SIPP: safe interval path planning for dynamic environments";
with continuous times and edge intervals as in Cohen et al. (2019) and Ma et al. (2019).
"""

from typing import NamedTuple

import numpy as np
from linehaul_floor.route_kernels import heap_drop, heap_push
from numba import njit

from linehaul_traffic.road_claims import Queues
from linehaul_traffic.road_free import TIMES, Free, gaps, new_free
from linehaul_traffic.road_model import RoadArrays


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
        paid: (R,) price of the way [s].
        lane: (E,) number of the search that may use an edge, where it is kept to some edges.
        free: when each row is free.
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
    lane: np.ndarray
    paid: np.ndarray
    free: Free


def new_search(edges: int, rows: int, labels: int = 60_000) -> Search:
    """Return room for searches on a graph with so many rows."""
    ints = [np.empty(labels, np.int32) for _ in range(2)]
    floats = [np.empty(labels) for _ in range(6)]
    heap = [np.empty(labels, np.int32), np.empty(labels), np.empty(labels, np.int32)]
    marks = [np.zeros(edges, np.int32), np.zeros(edges, np.int64), np.zeros(1, np.int64)]
    marks += [np.zeros(edges, np.int64), np.zeros(labels)]
    return Search._make([*ints, *floats, *heap, *marks, new_free(rows)])


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
    paid: float,
    down: float,
) -> tuple[int, int]:
    """Add a label unless a better one is there; return the numbers of labels and heap entries."""
    if s.stamp[edge] != s.number[0]:
        s.stamp[edge] = s.number[0]
        s.newest[edge] = -1
    k = s.newest[edge]
    while k >= 0:
        if (
            s.until[k] == until
            and s.reach[k] <= reach
            and s.reach[k] + s.paid[k] <= reach + paid
            and (s.reach[k] + down <= s.brake[k] or reach + down > brake)
        ):
            return used, heap
        k = s.following[k]
    if used == s.edge.size:
        return used, heap
    s.edge[used], s.parent[used], s.turn[used] = edge, parent, turn
    s.claim[used], s.leave[used], s.reach[used] = claim, leave, reach
    s.until[used], s.brake[used], s.paid[used] = until, brake, paid
    s.following[used] = s.newest[edge]
    s.newest[edge] = used
    heap = heap_push(s.keys, s.items, heap, reach + paid + left, used)
    return used + 1, heap


@njit(cache=True)
def _beaten(s: Search, here: int, down: float) -> bool:
    """Tell whether another label of the same edge and interval arrives earlier."""
    stops = s.reach[here] + down <= s.brake[here]
    k = s.newest[s.edge[here]]
    while k >= 0:
        if (
            s.until[k] == s.until[here]
            and s.reach[k] < s.reach[here]
            and s.reach[k] + s.paid[k] <= s.reach[here] + s.paid[here]
            and (s.reach[k] + down <= s.brake[k] or not stops)
        ):
            return True
        k = s.following[k]
    return False


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
    paid: float,
    bound: float,
) -> tuple[int, int]:
    """Offer the earliest step over an edge into each free interval, for a vehicle that stands.

    Args:
        turn: seconds to turn first.
        ready: when the vehicle could begin to turn or go.
        until: when the node it stands on must have been left behind.
    """
    m, c = q.motion[v], q.kind[v]
    elements = road.rows.shape[2] - 1
    lead = road.lead_rest[m]
    drive = road.up[m, edge] + road.run[m, edge]
    lasting = lead + max(turn, 0.0) + drive
    claim = ready - lead
    latest = min(until, bound - paid - left)
    if claim + lasting > latest:
        return used, heap
    into = s.free.rows[c * elements + road.poses + edge]
    along = s.free.rows[c * elements + road.nodes + edge]
    turning = s.free.rows[c * elements + road.start[edge]]
    n_into = gaps(s.free, q, road, c, road.poses + edge)
    n_along = gaps(s.free, q, road, c, road.nodes + edge)
    n_turn = gaps(s.free, q, road, c, road.start[edge]) if turn > 0.0 else 0
    i, j, k = 0, 0, 0
    while True:
        while i < n_into and into[TIMES + 2 * i + 1] < claim + lasting:
            i += 1
        if i == n_into:
            break
        claim = max(claim, into[TIMES + 2 * i])
        while j < n_along and along[TIMES + 2 * j + 1] < claim + lasting:
            j += 1
        if j == n_along:
            break
        later = max(claim, along[TIMES + 2 * j])
        if turn > 0.0:
            while k < n_turn and turning[TIMES + 2 * k + 1] < later + lasting:
                k += 1
            if k == n_turn:
                break
            later = max(later, turning[TIMES + 2 * k])
        if later > claim:
            claim = later
            continue
        reach = claim + lasting
        if reach > latest:
            break
        edge_high = min(along[TIMES + 2 * j + 1], until)
        if turn > 0.0:
            edge_high = min(edge_high, turning[TIMES + 2 * k + 1])
        high = into[TIMES + 2 * i + 1]
        used, heap = _offer(
            s,
            used,
            heap,
            edge,
            parent,
            turn,
            claim,
            reach - drive,
            reach,
            high,
            edge_high,
            left,
            paid,
            road.down[m, edge],
        )
        i += 1
    return used, heap


@njit(cache=True)
def _gap(times: np.ndarray, count: int, begin: float, end: float) -> int:
    """Return which free time of a row holds a time, -1: none."""
    for k in range(count):
        if times[TIMES + 2 * k + 1] >= end:
            return k if times[TIMES + 2 * k] <= begin else -1
    return -1


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
    paid: float,
    bound: float,
) -> tuple[int, int]:
    """Offer the step over an edge without stopping before it, if everything is free for it."""
    m, c = q.motion[v], q.kind[v]
    elements = road.rows.shape[2] - 1
    claim = at - road.lead_roll[m]
    reach = at + road.run[m, edge]
    if reach > min(until, bound - paid - left):
        return used, heap
    along = s.free.rows[c * elements + road.nodes + edge]
    into = s.free.rows[c * elements + road.poses + edge]
    i = _gap(into, gaps(s.free, q, road, c, road.poses + edge), claim, reach)
    if i < 0:
        return used, heap
    j = _gap(along, gaps(s.free, q, road, c, road.nodes + edge), claim, reach)
    if j < 0:
        return used, heap
    high, edge_high = into[TIMES + 2 * i + 1], min(along[TIMES + 2 * j + 1], until)
    down = road.down[m, edge]
    return _offer(
        s, used, heap, edge, parent, -1.0, claim, at, reach, high, edge_high, left, paid, down
    )


@njit(cache=True)
def earliest(  # noqa: D417 - arrays of one shape share a line
    s: Search,
    q: Queues,
    road: RoadArrays,
    v: int,
    goal: int,
    togo: np.ndarray,
    price: np.ndarray,
    closed: np.ndarray,
    starts: np.ndarray,
    start_turn: np.ndarray,
    at: float,
    since: float,
    before: int,
    rolling: bool,
    until: float,
    bound: float,
    narrow: bool,
) -> tuple[int, int]:
    """Return the last label of the earliest way to a node, -1 if none was found; and labels used.

    Args:
        s: room for the search.
        q: queues; blocks of v itself do not count.
        road: the roads.
        v: the vehicle.
        goal: the node; it must be free from arrival on, for ever.
        togo: (E,) seconds and prices from the beginning of each edge to the goal, alone.
        price: (S,) price [s] of each pair of edges that follow each other.
        closed: (E,) edges not to use.
        starts, start_turn: (m,) first edges, and seconds to stand and turn before each, or ROLL.
        at: when the vehicle is at its first node.
        since: no claim may begin before this time.
        before: edge by which it comes there, -1: it stands there.
        rolling: whether it may go on without stopping.
        until: when the first node must be left behind.
        bound: an arrival after this time [s] is of no use.
        narrow: keep to the edges marked by keep_to.
    """
    s.number[0] += 1
    s.free.look[0] += 1
    used, heap = 0, 0
    m, paid = q.motion[v], 0.0
    for k in range(starts.size):
        edge = starts[k]
        if closed[edge] or not togo[edge] < np.inf:
            continue
        if narrow and s.lane[edge] != s.number[0]:
            continue
        left = togo[edge] - road.run[m, edge]
        brake = 0.0
        if start_turn[k] == -1.0:
            if rolling and at - road.lead_roll[m] >= since:
                used, heap = _roll(
                    s, q, road, v, used, heap, edge, -1, at, until, left, paid, bound
                )
            if before >= 0:
                brake = road.down[m, before]
        elif before >= 0:
            brake = road.down[m, before]
        ready = max(at + brake, since + road.lead_rest[m])
        used, heap = _stand(
            s, q, road, v, used, heap, edge, -1, start_turn[k], ready, until, left, paid, bound
        )
    while heap > 0:
        here = s.items[0]
        heap = heap_drop(s.keys, s.items, heap)
        edge = s.edge[here]
        if _beaten(s, here, road.down[m, edge]):
            continue
        if road.end[edge] == goal:
            if s.until[here] == np.inf and s.reach[here] + road.down[m, edge] <= s.brake[here]:
                s.reach[here] += road.down[m, edge]
                return here, used
            continue
        rest = s.reach[here] + road.down[m, edge]
        for k in range(road.next_indptr[edge], road.next_indptr[edge + 1]):
            f = road.next_edge[k]
            if closed[f] or not togo[f] < np.inf or (narrow and s.lane[f] != s.number[0]):
                continue
            turn = road.next_turn[q.kind[v], k]
            paid = s.paid[here] + price[k]
            left = togo[f] - road.run[m, f]
            if turn == -1.0:
                used, heap = _roll(
                    s,
                    q,
                    road,
                    v,
                    used,
                    heap,
                    f,
                    here,
                    s.reach[here],
                    s.until[here],
                    left,
                    paid,
                    bound,
                )
            elif rest > s.brake[here]:
                continue
            used, heap = _stand(
                s, q, road, v, used, heap, f, here, turn, rest, s.until[here], left, paid, bound
            )
    return -1, used


@njit(cache=True)
def keep_to(
    s: Search,
    road: RoadArrays,
    kind: int,
    goal: int,
    togo: np.ndarray,
    price: np.ndarray,
    starts: np.ndarray,
    way: np.ndarray,
) -> None:
    """Let the next search use the edges of a way, and of the best one on an empty floor.

    Args:
        s: room for the search.
        road: the roads.
        kind: class number of the vehicle.
        goal: the node.
        togo: see earliest.
        price: see earliest.
        starts: first edges.
        way: edges to use.
    """
    number = s.number[0] + 1
    for e in way:
        s.lane[e] = number
    edge = -1
    for e in starts:
        if edge < 0 or togo[e] < togo[edge]:
            edge = int(e)
    while edge >= 0 and togo[edge] < np.inf:
        s.lane[edge] = number
        if road.end[edge] == goal:
            break
        best, following = np.inf, -1
        for k in range(road.next_indptr[edge], road.next_indptr[edge + 1]):
            f = int(road.next_edge[k])
            value = max(road.next_turn[kind, k], 0.0) + price[k] + togo[f]
            if value < best and togo[f] < togo[edge]:
                best, following = value, f
        edge = following


@njit(cache=True)
def price_of(q: Queues, road: RoadArrays, price: np.ndarray, v: int, position: int) -> float:
    """Return the price [s] of the way of v behind a node position."""
    paid = 0.0
    for p in range(position, q.size[v] - 2):
        e, f = q.edge[v, p], q.edge[v, p + 1]
        for k in range(road.next_indptr[e], road.next_indptr[e + 1]):
            if road.next_edge[k] == f:
                paid += price[k]
    return paid


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
