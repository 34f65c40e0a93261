# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Guidance: congestion-aware cost-to-go, one row a vehicle, and the flow the rows make together.

Every vehicle owns a row: the cost from every pose to its goal, where a lane costs its time plus a
toll for the guide paths of all others: a little for each that passes its end place, and much for
each that drives it the other way. The guide path is the best way down the own row from where the
vehicle is. Rows are renewed a few at a time; together they settle into one-way streets where
space is short and spread out where it is not: a guidance graph that is learned while it is used.
Source: traffic-flow guide paths (arXiv 2308.11234), here as whole rows on the pose graph instead
of single paths, so that a vehicle that was pushed aside still has a guided way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.posegraph import PoseArrays

UNIT = 8
"""Cost of one tick."""
UNREACHED = 2**30
"""Row value of a pose from which the goal was not reached."""
BUCKETS = 1024
"""Ring of cost buckets; no arc may cost this much."""
SHARE = 16
"""Prices are in 1/SHARE of a cost."""


class Prices(NamedTuple):
    """What traffic costs.

    Args:
        crowd: Price of each guide path through a lane's end place [1/SHARE].
        counter: Price of each pair of guide paths in opposite directions [1/SHARE].
        dearest: Highest toll; below BUCKETS less the time of any arc.
    """

    crowd: int
    counter: int
    dearest: int


class Flow(NamedTuple):
    """Traffic of all guide paths, int32.

    Args:
        lane: (L,) guide paths on each lane.
        place: (places,) guide paths into each place.
        toll: (L,) cost of each lane beyond its time.
    """

    lane: NDArray[np.int32]
    place: NDArray[np.int32]
    toll: NDArray[np.int32]


class Rows(NamedTuple):
    """The rows of n vehicles.

    Args:
        cost: (n, P) int32, cost-to-go; above `bound` an upper bound of it or `UNREACHED`.
        via: (n, P) int8, which arc of each pose the guide path takes, -1 at the goal.
        goal: (n,) int32, place the row leads to, -1 before the first.
        bound: (n,) int32, cost up to which the row is exact.
        origin: (n,) int32, pose from which the vehicle's path is counted in the flow.
    """

    cost: NDArray[np.int32]
    via: NDArray[np.int8]
    goal: NDArray[np.int32]
    bound: NDArray[np.int32]
    origin: NDArray[np.int32]


class Queue(NamedTuple):
    """Scratch of the row search, int32: (BUCKETS,), (A + P,), (A + P,)."""

    head: NDArray[np.int32]
    entry: NDArray[np.int32]
    chained: NDArray[np.int32]


def make_flow(g: PoseArrays) -> Flow:
    """Return a flow of nobody."""
    lanes, places = len(g.lane_to), len(g.at_ptr) - 1
    return Flow(np.zeros(lanes, np.int32), np.zeros(places, np.int32), np.zeros(lanes, np.int32))


def make_rows(g: PoseArrays, vehicles: int) -> Rows:
    """Return empty rows: everybody is at its goal everywhere."""
    poses = len(g.place)
    return Rows(
        np.zeros((vehicles, poses), np.int32),
        np.full((vehicles, poses), -1, np.int8),
        np.full(vehicles, -1, np.int32),
        np.zeros(vehicles, np.int32),
        np.zeros(vehicles, np.int32),
    )


def make_queue(g: PoseArrays) -> Queue:
    """Return scratch for `renew_rows`."""
    entries = len(g.arc_to) + len(g.place)
    return Queue(
        np.empty(BUCKETS, np.int32), np.empty(entries, np.int32), np.empty(entries, np.int32)
    )


@njit(cache=True, nogil=True)
def fill_row(
    g: PoseArrays,
    toll: NDArray[np.int32],
    goal: int,
    start: int,
    margin: int,
    cost: NDArray[np.int32],
    via: NDArray[np.int8],
    queue: Queue,
) -> int:
    """Fill `cost` and `via` (P,) towards place `goal`: Dijkstra's search with a ring of buckets.

    Args:
        g: The pose graph.
        toll: (L,) cost of each lane beyond its time.
        goal: Place to reach, with any heading.
        start: Pose of the vehicle; the search ends `margin` beyond the cost of this pose.
        margin: See `start`.
        cost: Filled with the cost-to-go.
        via: Filled with the arc to take.
        queue: Scratch.

    Returns:
        The cost up to which the row is exact.
    """
    head, entry, chained = queue
    cost[:] = UNREACHED
    via[:] = -1
    head[:] = -1
    queued = 0
    for k in range(g.at_ptr[goal], g.at_ptr[goal + 1]):
        cost[g.at_poses[k]] = 0
        entry[queued] = g.at_poses[k]
        chained[queued] = head[0]
        head[0] = queued
        queued += 1
    waiting = queued
    bound = UNREACHED
    now = 0
    while waiting > 0 and now <= bound:
        top = head[now & (BUCKETS - 1)]
        if top < 0:
            now += 1
            continue
        head[now & (BUCKETS - 1)] = chained[top]
        waiting -= 1
        p = entry[top]
        if cost[p] != now:
            continue
        if p == start:
            bound = now + margin
        for k in range(g.in_ptr[p], g.in_ptr[p + 1]):
            q = g.in_from[k]
            if cost[q] <= now:
                continue
            total = now + g.in_time[k] * UNIT
            lane = g.in_lane[k]
            if lane >= 0:
                total += toll[lane]
            if total < cost[q]:
                cost[q] = total
                via[q] = g.in_slot[k]
                slot = total & (BUCKETS - 1)
                entry[queued] = q
                chained[queued] = head[slot]
                head[slot] = queued
                queued += 1
                waiting += 1
    return UNREACHED if waiting == 0 else now


@njit(cache=True, nogil=True)
def reprice(g: PoseArrays, flow: Flow, prices: Prices, lane: int) -> None:
    """Set the toll of `lane` from the flow."""
    price = prices.crowd * flow.place[g.lane_to[lane]]
    back = g.lane_back[lane]
    if back >= 0:
        price += prices.counter * flow.lane[back] * (1 + flow.lane[lane])
    flow.toll[lane] = min(price // SHARE, prices.dearest)


@njit(cache=True, nogil=True)
def count_path(g: PoseArrays, flow: Flow, via: NDArray[np.int8], pose: int, change: int) -> None:
    """Add `change` to the flow along the guide path from `pose`; tolls stay as they are."""
    while via[pose] >= 0:
        arc = g.out_ptr[pose] + via[pose]
        lane = g.arc_lane[arc]
        if lane >= 0:
            flow.lane[lane] += change
            flow.place[g.lane_to[lane]] += change
        pose = g.arc_to[arc]


@njit(cache=True, nogil=True)
def price_path(
    g: PoseArrays, flow: Flow, prices: Prices, via: NDArray[np.int8], pose: int
) -> None:
    """Set the tolls of all lanes whose toll depends on the guide path from `pose`."""
    while via[pose] >= 0:
        arc = g.out_ptr[pose] + via[pose]
        lane = g.arc_lane[arc]
        if lane >= 0:
            if g.lane_back[lane] >= 0:
                reprice(g, flow, prices, g.lane_back[lane])
            end = g.lane_to[lane]
            for k in range(g.into_ptr[end], g.into_ptr[end + 1]):
                reprice(g, flow, prices, g.into_lanes[k])
        pose = g.arc_to[arc]


@njit(cache=True, nogil=True)
def recount(
    g: PoseArrays, flow: Flow, rows: Rows, prices: Prices, pose: NDArray[np.int32]
) -> None:
    """Set flow and tolls anew from the guide paths of all vehicles at `pose` (n,)."""
    flow.lane[:] = 0
    flow.place[:] = 0
    for v in range(pose.shape[0]):
        rows.origin[v] = pose[v]
        count_path(g, flow, rows.via[v], pose[v], 1)
    for lane in range(flow.lane.shape[0]):
        reprice(g, flow, prices, lane)


@njit(cache=True, nogil=True)
def renew_rows(
    g: PoseArrays,
    flow: Flow,
    rows: Rows,
    prices: Prices,
    who: NDArray[np.int64],
    goal: NDArray[np.int32],
    pose: NDArray[np.int32],
    margin: int,
    queue: Queue,
) -> None:
    """Renew the rows of `who` (k,), one after the other, each under the tolls of all others.

    Args:
        g: The pose graph.
        flow: Traffic; follows the changes.
        rows: The rows.
        prices: What traffic costs.
        who: Vehicles.
        goal: (n,) goal places of all vehicles.
        pose: (n,) poses of all vehicles.
        margin: How far beyond its vehicle a row is exact.
        queue: Scratch.
    """
    for v in who:
        via = rows.via[v]
        count_path(g, flow, via, rows.origin[v], -1)
        price_path(g, flow, prices, via, rows.origin[v])
        rows.bound[v] = fill_row(g, flow.toll, goal[v], pose[v], margin, rows.cost[v], via, queue)
        rows.goal[v] = goal[v]
        rows.origin[v] = pose[v]
        count_path(g, flow, via, pose[v], 1)
        price_path(g, flow, prices, via, pose[v])
