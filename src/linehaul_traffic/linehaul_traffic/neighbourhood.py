# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which agents a large-neighbourhood step takes out of the plan to route them anew together.

Three ways of choosing, each round one delayed agent: those in its way on random shorter walks
from its path; those near the step and place where it loses time; and any others at random.
Source: Li, Chen, Harabor, Stuckey and Koenig, MAPF-LNS, IJCAI 2021 (walks); the space-time ball
replaces their map-based choice.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.rng import below
from linehaul_traffic.timetable import FREE

WALK, BALL, RANDOM = range(3)
WAYS = 3
_TRIES = 12
_BALL_STEPS = 6


class Group(NamedTuple):
    """The agents chosen so far, with a mark for each agent and each node.

    Args:
        member: (A,) int32 agents chosen, the first `tally[0]` entries.
        mark: (A,) int32 equals `tally[1]` for a member.
        node_mark: (N,) int32 equals `tally[1]` for a node visited by a ball.
        queue: (N,) int32 nodes of a ball.
        tally: (2,) int64: size, epoch of the marks.
    """

    member: NDArray[np.int32]
    mark: NDArray[np.int32]
    node_mark: NDArray[np.int32]
    queue: NDArray[np.int32]
    tally: NDArray[np.int64]


def new_group(agents: int, nodes: int) -> Group:
    """Return an empty group."""
    return Group(
        np.empty(agents, np.int32),
        np.zeros(agents, np.int32),
        np.zeros(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.zeros(2, np.int64),
    )


@njit(cache=True, nogil=True, inline='always')
def add_member(group: Any, i: int) -> None:
    """Add agent i unless it is a member."""
    if group.mark[i] != group.tally[1]:
        group.mark[i] = group.tally[1]
        group.member[group.tally[0]] = i
        group.tally[0] += 1


@njit(cache=True, nogil=True)
def _delayed_agent(problem: Any, table: Any, rng: Any) -> int:
    """Return an agent with a delay, the larger of a few drawn at random."""
    agents = table.cost.shape[0]
    best = -1
    most = 0
    drawn = 0
    for _ in range(8 * agents):
        i = below(rng, agents)
        delay = table.cost[i] - problem.to_go[i, problem.starts[i]]
        if delay > 0:
            drawn += 1
            if delay > most:
                most = delay
                best = i
            if drawn == 2:
                break
    return best


@njit(cache=True, nogil=True)
def choose_group(problem: Any, table: Any, group: Any, rng: Any, way: int, size: int) -> bool:
    """Fill `group` with up to `size` agents, chosen in the given `way`.

    Returns:
        Whether any agent with a delay was found to start from.
    """
    group.tally[0] = 0
    group.tally[1] += 1
    seed = _delayed_agent(problem, table, rng)
    if seed < 0:
        return False
    add_member(group, seed)
    if way == WALK:
        add_by_walks(problem, table, group, rng, size)
    elif way == BALL:
        _add_by_ball(problem, table, group, rng, size)
    agents = table.cost.shape[0]
    if way == RANDOM:
        while group.tally[0] < min(size, agents):
            add_member(group, below(rng, agents))
    return True


@njit(cache=True, nogil=True)
def add_by_walks(problem: Any, table: Any, group: Any, rng: Any, size: int) -> None:
    """Add agents met on random walks that would bring a member home earlier than its path."""
    i = group.member[0]
    for _ in range(_TRIES):
        if group.tally[0] >= size:
            return
        if table.cost[i] > 0:
            _walk(problem, table, group, rng, i, size)
        i = group.member[below(rng, group.tally[0])]


@njit(cache=True, nogil=True)
def _walk(problem: Any, table: Any, group: Any, rng: Any, i: int, size: int) -> None:
    t = below(rng, table.cost[i])
    u = table.path[i, t]
    row = problem.to_go[i]
    while group.tally[0] < size:
        options = 0
        v = u
        first, last = problem.indptr[u], problem.indptr[u + 1]
        for k in range(first, last + 1):
            w = problem.nbr[k] if k < last else u
            if t + 1 + row[w] < table.cost[i]:
                options += 1
                if below(rng, options) == 0:
                    v = w
        if options == 0:
            return
        met = table.owner[v, t + 1]
        if met >= 0 and met != i:
            add_member(group, met)
        other = table.owner[u, t + 1]
        if other >= 0 and other != i and table.owner[v, t] == other and group.tally[0] < size:
            add_member(group, other)
        u = v
        t += 1


@njit(cache=True, nogil=True)
def _add_by_ball(problem: Any, table: Any, group: Any, rng: Any, size: int) -> None:
    """Add agents near the place and step at which the first member makes no way."""
    i = group.member[0]
    row = problem.to_go[i]
    path = table.path[i]
    losses = 0
    at = 0
    for t in range(table.cost[i]):
        if row[path[t + 1]] >= row[path[t]]:
            losses += 1
            if below(rng, losses) == 0:
                at = t
    queue = group.queue
    queue[0] = path[at]
    group.node_mark[path[at]] = group.tally[1]
    head = 0
    tail = 1
    horizon = path.shape[0]
    while head < tail and group.tally[0] < size:
        u = queue[head]
        head += 1
        for t in range(max(0, at - _BALL_STEPS), min(horizon, at + _BALL_STEPS + 1)):
            j = table.owner[u, t]
            if j != FREE and group.tally[0] < size:
                add_member(group, j)
        for k in range(problem.indptr[u], problem.indptr[u + 1]):
            v = problem.nbr[k]
            if group.node_mark[v] != group.tally[1]:
                group.node_mark[v] = group.tally[1]
                queue[tail] = v
                tail += 1
