# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One step of PIBT (priority inheritance with backtracking) for a whole team, with the swap rule.

Agents choose in priority order. An agent that wants the node of an undecided one makes that one
choose first, in its own name; if the pushed agent finds no place, the pusher tries its next
wish. Two agents that face each other in a one-lane aisle change places by the swap rule: the one
in front goes backwards and pulls the other along until a node with a third exit is reached.
Wishes are ordered by cost-to-go, then by hindrance (how many neighbours want that node too),
then at random; the next node of an agent's guide path comes first.
Sources: Okumura et al., PIBT, AIJ 2022; Okumura, LaCAM*, IJCAI 2023 (swap); Okumura and Nagai,
tie-breaking by hindrance, 2025. The recursion is an explicit stack.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.rng import uniform

NOBODY = -1
_MOST_WISHES = 64


class Team(NamedTuple):
    """What does not change during a search: N nodes, A agents.

    Args:
        indptr: (N + 1,) int32 CSR of outgoing arcs.
        nbr: (M,) int32 their ends.
        to_go: (A, N) int32 steps to each agent's goal.
        goals: (A,) int32 nodes.
        guide_key: (K,) int64 open-addressing hash of agent * N + node, -1 empty; K a power of 2.
        guide_next: (K,) int32 the node that agent wants after that node.
    """

    indptr: NDArray[np.int32]
    nbr: NDArray[np.int32]
    to_go: NDArray[np.int32]
    goals: NDArray[np.int32]
    guide_key: NDArray[np.int64]
    guide_next: NDArray[np.int32]


class Scratch(NamedTuple):
    """Working arrays of a step; `now` and `next` are all NOBODY between steps."""

    now: NDArray[np.int32]
    next: NDArray[np.int32]
    wishes: NDArray[np.int32]
    count: NDArray[np.int32]
    tried: NDArray[np.int32]
    partner: NDArray[np.int32]
    stack: NDArray[np.int32]
    rng: NDArray[np.uint64]


def new_scratch(team: Team, rng: NDArray[np.uint64]) -> Scratch:
    """Return working arrays for `team`."""
    agents, nodes = team.to_go.shape
    degree = int(np.diff(team.indptr).max(initial=0)) + 1
    if degree > _MOST_WISHES:
        raise ValueError(f'a node has {degree - 1} arcs, at most {_MOST_WISHES - 1} are served')
    return Scratch(
        np.full(nodes, NOBODY, np.int32),
        np.full(nodes, NOBODY, np.int32),
        np.empty((agents, degree), np.int32),
        np.empty(agents, np.int32),
        np.empty(agents, np.int32),
        np.empty(agents, np.int32),
        np.empty(agents + 1, np.int32),
        rng,
    )


def no_guides() -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return an empty guide hash."""
    return np.full(1, -1, np.int64), np.full(1, -1, np.int32)


@njit(cache=True, inline='always')
def guide_slot(key: int, mask: int) -> int:
    """Return the home slot of `key` in a table of mask + 1 slots."""
    return ((key * 0x9E3779B97F4A7C1) >> 17) & mask


@njit(cache=True, nogil=True)
def guided_next(team: Any, i: int, u: int) -> int:
    """Return the node that the guide path of agent i wants after node u; -1 when it has none."""
    mask = team.guide_key.shape[0] - 1
    key = np.int64(i) * (team.indptr.shape[0] - 1) + u
    slot = guide_slot(key, mask)
    while team.guide_key[slot] != -1:
        if team.guide_key[slot] == key:
            return team.guide_next[slot]
        slot = (slot + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def pibt_step(team: Any, scratch: Any, here: Any, there: Any, order: Any) -> bool:
    """Choose the next node of every agent.

    Args:
        team: The problem.
        scratch: Working arrays.
        here: (A,) int32 nodes now.
        there: (A,) int32; in: nodes that are prescribed, NOBODY elsewhere; out: next nodes.
        order: (A,) int32 agents, most urgent first.

    Returns:
        Whether a step without vertex and swap conflicts was found.
    """
    now, nxt = scratch.now, scratch.next
    for i in range(here.shape[0]):
        now[here[i]] = i
    found = True
    for i in range(here.shape[0]):
        u = there[i]
        if u == NOBODY:
            continue
        j = now[u]
        if nxt[u] != NOBODY or (j != NOBODY and j != i and there[j] == here[i]):
            found = False
            there[i] = NOBODY
            continue
        nxt[u] = i
    if found:
        for i in order:
            if there[i] == NOBODY and not _choose(team, scratch, here, there, i):
                found = False
                break
    for i in range(here.shape[0]):
        now[here[i]] = NOBODY
        if there[i] != NOBODY:
            nxt[there[i]] = NOBODY
    return found


@njit(cache=True, nogil=True)
def _choose(team: Any, scratch: Any, here: Any, there: Any, first: int) -> bool:
    """Let agent `first` and all it pushes choose; whether `first` found a place."""
    now, nxt, wishes = scratch.now, scratch.next, scratch.wishes
    tried, stack = scratch.tried, scratch.stack
    stack[0] = first
    depth = 1
    _make_wishes(team, scratch, here, there, first)
    placed = False
    while depth > 0:
        i = stack[depth - 1]
        pushed = False
        while not placed and tried[i] < scratch.count[i]:
            u = wishes[i, tried[i]]
            j = now[u]
            if nxt[u] != NOBODY or (j != NOBODY and there[j] == here[i]):
                tried[i] += 1
                continue
            nxt[u] = i
            there[i] = u
            if j != NOBODY and j != i and there[j] == NOBODY:
                _make_wishes(team, scratch, here, there, j)
                stack[depth] = j
                depth += 1
                pushed = True
            else:
                placed = True
            break
        if pushed:
            continue
        depth -= 1
        if placed:
            _pull_partner(scratch, here, there, i)
        else:
            nxt[here[i]] = i
            there[i] = here[i]
            if depth > 0:
                tried[stack[depth - 1]] += 1
            else:
                return False
    return True


@njit(cache=True, nogil=True)
def _pull_partner(scratch: Any, here: Any, there: Any, i: int) -> None:
    """Let the swap partner of agent i follow into the node that i leaves."""
    p = scratch.partner[i]
    if (
        p != NOBODY
        and scratch.tried[i] == 0
        and there[p] == NOBODY
        and scratch.next[here[i]] == NOBODY
    ):
        scratch.next[here[i]] = p
        there[p] = here[i]


@njit(cache=True, nogil=True)
def _make_wishes(team: Any, scratch: Any, here: Any, there: Any, i: int) -> None:
    """Sort the wishes of agent i and find its swap partner."""
    u = here[i]
    wishes = scratch.wishes[i]
    row = team.to_go[i]
    guide = guided_next(team, i, u)
    value = np.empty(_MOST_WISHES)
    n = 0
    for k in range(team.indptr[u], team.indptr[u + 1] + 1):
        v = team.nbr[k] if k < team.indptr[u + 1] else u
        cost = row[v] + 0.1 * _hindrance(team, scratch, here, i, v) + 0.09 * uniform(scratch.rng)
        if v == guide:
            cost = -1.0
        elif v == u:
            cost = row[v] + 0.95
        m = n
        while m > 0 and value[m - 1] > cost:
            value[m] = value[m - 1]
            wishes[m] = wishes[m - 1]
            m -= 1
        value[m] = cost
        wishes[m] = v
        n += 1
    scratch.count[i] = n
    scratch.tried[i] = 0
    scratch.partner[i] = _swap_partner(team, scratch, here, there, i)
    if scratch.partner[i] != NOBODY:
        for m in range(n // 2):
            wishes[m], wishes[n - 1 - m] = wishes[n - 1 - m], wishes[m]


@njit(cache=True, nogil=True)
def _hindrance(team: Any, scratch: Any, here: Any, i: int, v: int) -> int:
    """Return how many agents next to agent i would be nearer to their goals at v."""
    u = here[i]
    n = 0
    for k in range(team.indptr[u], team.indptr[u + 1]):
        j = scratch.now[team.nbr[k]]
        if j != NOBODY and here[j] != v and team.to_go[j, v] < team.to_go[j, here[j]]:
            n += 1
    return n


@njit(cache=True, nogil=True)
def _swap_partner(team: Any, scratch: Any, here: Any, there: Any, i: int) -> int:
    """Return the agent with which agent i must change places here, NOBODY when with none."""
    u = here[i]
    best = scratch.wishes[i, 0]
    j = scratch.now[best]
    if (
        j != NOBODY
        and j != i
        and there[j] == NOBODY
        and _swap_needed(team, scratch, i, j, u, here[j])
        and _swap_possible(team, scratch, here[j], u)
    ):
        return j
    if best != u:
        for k in range(team.indptr[u], team.indptr[u + 1]):
            m = scratch.now[team.nbr[k]]
            if (
                m != NOBODY
                and best != here[m]
                and _swap_needed(team, scratch, m, i, u, best)
                and _swap_possible(team, scratch, best, u)
            ):
                return m
    return NOBODY


@njit(cache=True, nogil=True)
def _exits(team: Any, scratch: Any, at: int, origin: int) -> tuple[int, int]:
    """Return how many ways lead on from `at`, and one of them.

    The way back to `origin` does not count, nor a dead end whose agent is at home there.
    """
    n = 0
    way = -1
    for k in range(team.indptr[at], team.indptr[at + 1]):
        v = team.nbr[k]
        j = scratch.now[v]
        dead_end = team.indptr[v + 1] - team.indptr[v] == 1
        if v == origin or (dead_end and j != NOBODY and team.goals[j] == v):
            continue
        n += 1
        way = v
    return n, way


@njit(cache=True, nogil=True)
def _swap_needed(
    team: Any, scratch: Any, pusher: int, puller: int, v_pusher: int, v_puller: int
) -> bool:
    """Return whether two agents would block each other until they change places."""
    to_go = team.to_go
    steps = 0
    while to_go[pusher, v_puller] < to_go[pusher, v_pusher]:
        n, way = _exits(team, scratch, v_puller, v_pusher)
        if n >= 2:
            return False
        if n == 0:
            break
        v_pusher, v_puller = v_puller, way
        steps += 1
        if steps > to_go.shape[1]:
            return False
    return to_go[puller, v_pusher] < to_go[puller, v_puller] and (
        to_go[pusher, v_pusher] == 0 or to_go[pusher, v_puller] < to_go[pusher, v_pusher]
    )


@njit(cache=True, nogil=True)
def _swap_possible(team: Any, scratch: Any, v_pusher: int, v_puller: int) -> bool:
    """Return whether going backwards leads to a node where two agents can change places."""
    origin = v_pusher
    steps = 0
    while v_puller != origin and steps <= team.to_go.shape[1]:
        n, way = _exits(team, scratch, v_puller, v_pusher)
        if n >= 2:
            return True
        if n == 0:
            return False
        v_pusher, v_puller = v_puller, way
        steps += 1
    return False
