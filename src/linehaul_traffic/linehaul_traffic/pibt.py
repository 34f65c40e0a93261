# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One step of PIBT (priority inheritance with backtracking) for a whole team, with the swap rule.

Agents choose in priority order. An agent that wants the node of an undecided one makes that one
choose first, in its own name; if the pushed agent finds no place, the pusher tries its next
wish. Two agents that face each other in a one-lane aisle change places by the swap rule: the one
in front goes backwards and pulls the other along until a node with a third exit is reached.
Wishes are ordered by cost-to-go, then by hindrance (how many neighbours want that node too),
then at random.
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


class Team(NamedTuple):
    """What does not change during a search: N nodes, A agents.

    Args:
        indptr: (N + 1,) int32 CSR of outgoing arcs.
        nbr: (M,) int32 their ends.
        to_go: (A, N) int32 steps to each agent's goal.
        goals: (A,) int32 nodes.
    """

    indptr: NDArray[np.int32]
    nbr: NDArray[np.int32]
    to_go: NDArray[np.int32]
    goals: NDArray[np.int32]


class Scratch(NamedTuple):
    """Working arrays of a step; `now` and `after` are all NOBODY between steps."""

    now: NDArray[np.int32]
    after: NDArray[np.int32]
    wishes: NDArray[np.int32]
    tally: NDArray[np.int32]
    tried: NDArray[np.int32]
    partner: NDArray[np.int32]
    stack: NDArray[np.int32]
    near: NDArray[np.int32]
    value: NDArray[np.float64]
    rng: NDArray[np.uint64]


def new_scratch(team: Team, rng: NDArray[np.uint64]) -> Scratch:
    """Return working arrays for `team`."""
    agents, nodes = team.to_go.shape
    degree = int(np.diff(team.indptr).max(initial=0)) + 1
    return Scratch(
        np.full(nodes, NOBODY, np.int32),
        np.full(nodes, NOBODY, np.int32),
        np.empty((agents, degree), np.int32),
        np.empty(agents, np.int32),
        np.empty(agents, np.int32),
        np.empty(agents, np.int32),
        np.empty(agents + 1, np.int32),
        np.empty(degree, np.int32),
        np.empty(degree),
        rng,
    )


@njit(cache=True, nogil=True)
def pibt_step(team: Any, scratch: Any, here: Any, there: Any, order: Any, polite: float) -> bool:
    """Choose the next node of every agent.

    Args:
        team: The problem.
        scratch: Working arrays.
        here: (A,) int32 nodes now.
        there: (A,) int32; in: nodes that are prescribed, NOBODY elsewhere; out: next nodes.
        order: (A,) int32 agents, most urgent first.
        polite: 1.0 to order equally good wishes by hindrance, 0.0 at random only.

    Returns:
        Whether a step without vertex and swap conflicts was found.
    """
    now, after = scratch.now, scratch.after
    for i in range(here.shape[0]):
        now[here[i]] = i
    found = True
    for i in range(here.shape[0]):
        u = there[i]
        if u == NOBODY:
            continue
        j = now[u]
        if after[u] != NOBODY or (j >= 0 and j != i and there[j] == here[i]):
            found = False
            there[i] = NOBODY
            continue
        after[u] = i
    if found:
        for i in order:
            if there[i] != NOBODY:
                continue
            u = here[i]
            if u == team.goals[i] and after[u] == NOBODY:  # its first wish, and nobody's yet
                after[u] = i
                there[i] = u
            elif not _choose(team, scratch, here, there, i, polite):
                found = False
                break
    for i in range(here.shape[0]):
        now[here[i]] = NOBODY
        if there[i] != NOBODY:
            after[there[i]] = NOBODY
    return found


@njit(cache=True, nogil=True)
def _choose(team: Any, scratch: Any, here: Any, there: Any, first: int, polite: float) -> bool:
    """Let agent `first` and all it pushes choose; whether `first` found a place."""
    now, after, wishes = scratch.now, scratch.after, scratch.wishes
    tried, stack = scratch.tried, scratch.stack
    stack[0] = first
    depth = 1
    _make_wishes(team, scratch, here, there, first, polite)
    placed = False
    while depth > 0:
        i = stack[depth - 1]
        pushed = False
        while not placed and tried[i] < scratch.tally[i]:
            u = wishes[i, tried[i]]
            j = now[u]
            if after[u] != NOBODY or (j != NOBODY and there[j] == here[i]):
                tried[i] += 1
                continue
            after[u] = i
            there[i] = u
            if j >= 0 and j != i and there[j] == NOBODY:
                _make_wishes(team, scratch, here, there, j, polite)
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
            after[here[i]] = i
            there[i] = here[i]
            if depth > 0:
                tried[stack[depth - 1]] += 1
            else:
                return False
    return True


@njit(cache=True, nogil=True, inline='always')
def _pull_partner(scratch: Any, here: Any, there: Any, i: int) -> None:
    """Let the swap partner of agent i follow into the node that i leaves."""
    p = scratch.partner[i]
    if (
        p != NOBODY
        and scratch.tried[i] == 0
        and there[p] == NOBODY
        and scratch.after[here[i]] == NOBODY
    ):
        scratch.after[here[i]] = p
        there[p] = here[i]


@njit(cache=True, nogil=True, inline='always')
def _make_wishes(team: Any, scratch: Any, here: Any, there: Any, i: int, polite: float) -> None:
    """Sort the wishes of agent i and find its swap partner."""
    indptr, nbr, to_go = team.indptr, team.nbr, team.to_go
    wishes, value, near = scratch.wishes, scratch.value, scratch.near
    u = here[i]
    beside = 0
    for k in range(indptr[u], indptr[u + 1]):
        if scratch.now[nbr[k]] != NOBODY:
            near[beside] = scratch.now[nbr[k]]
            beside += 1
    n = 0
    for k in range(indptr[u], indptr[u + 1] + 1):
        v = u
        cost = to_go[i, u] + 0.95
        if k < indptr[u + 1]:
            v = nbr[k]
            cost = to_go[i, v] + 0.09 * uniform(scratch.rng)
            if polite > 0.0:
                cost += 0.1 * polite * _hindrance(to_go, here, near[:beside], v)
        m = n
        while m > 0 and value[m - 1] > cost:
            value[m] = value[m - 1]
            wishes[i, m] = wishes[i, m - 1]
            m -= 1
        value[m] = cost
        wishes[i, m] = v
        n += 1
    scratch.tally[i] = n
    scratch.tried[i] = 0
    scratch.partner[i] = NOBODY
    if beside > 0:
        scratch.partner[i] = _swap_partner(team, scratch, here, there, i, beside)
    if scratch.partner[i] != NOBODY:
        for m in range(n // 2):
            v = wishes[i, m]
            wishes[i, m] = wishes[i, n - 1 - m]
            wishes[i, n - 1 - m] = v


@njit(cache=True, nogil=True, inline='always')
def _hindrance(to_go: Any, here: Any, near: Any, v: int) -> Any:
    """Return how many of the agents `near`, but for one at node v, would be nearer home at v."""
    n = 0
    for j in near:
        if here[j] != v and to_go[j, v] < to_go[j, here[j]]:
            n += 1
    return n


@njit(cache=True, nogil=True, inline='always')
def _swap_partner(team: Any, scratch: Any, here: Any, there: Any, i: int, beside: int) -> Any:
    """Return the agent with which agent i must change places here, NOBODY when with none."""
    u = here[i]
    best = scratch.wishes[i, 0]
    j = scratch.now[best]
    if (
        j >= 0
        and j != i
        and there[j] == NOBODY
        and _swap_needed(team, scratch, i, j, u, here[j])
        and _swap_possible(team, scratch, here[j], u)
    ):
        return j
    if best != u:
        for m in scratch.near[:beside]:
            if (
                best != here[m]
                and _swap_needed(team, scratch, m, i, u, best)
                and _swap_possible(team, scratch, best, u)
            ):
                return m
    return NOBODY


@njit(cache=True, nogil=True, inline='always')
def _exits(team: Any, scratch: Any, at: int, origin: int) -> Any:
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


@njit(cache=True, nogil=True, inline='always')
def _swap_needed(
    team: Any, scratch: Any, pusher: int, puller: int, v_pusher: int, v_puller: int
) -> Any:
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


@njit(cache=True, nogil=True, inline='always')
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
