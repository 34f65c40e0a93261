# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""LaCAM: a complete search over configurations of the whole team, with PIBT as its successor.

A search node is a configuration (a node for every agent). Each visit to it takes the next
constraint from a queue (first none, then one agent prescribed, then two, ...) and asks PIBT for
one successor that obeys it, so that all successors come in the end, lazily. Depth first; when
the stack runs empty there is no solution. This module finds a first plan; it does not refine.
Source: Okumura, "LaCAM: Search-Based Algorithm for Quick Multi-Agent Pathfinding", AAAI 2023.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.pibt import NOBODY, Team, new_scratch, pibt_step
from linehaul_traffic.rng import below, new_state, shuffle, uniform

_RUNNING, _FOUND, _EXHAUSTED, _FULL = range(4)
_TOP, _CONFIGS, _LOWS, _GOAL = range(4)
_RESTART_PROBABILITY = 0.001
_MAX_BYTES = 4 << 30


class Outcome(Enum):
    """How a search ended."""

    FOUND = 'found'
    UNSOLVABLE = 'unsolvable'
    OUT_OF_TIME = 'out of time'
    OUT_OF_MEMORY = 'out of memory'


class _Search(NamedTuple):
    """The search's memory: C configurations, L constraints, a stack and a hash table."""

    config: NDArray[np.int32]
    order: NDArray[np.int32]
    parent: NDArray[np.int32]
    low_head: NDArray[np.int32]
    low_tail: NDArray[np.int32]
    low_up: NDArray[np.int32]
    low_who: NDArray[np.int32]
    low_where: NDArray[np.int32]
    low_depth: NDArray[np.int32]
    low_next: NDArray[np.int32]
    stack: NDArray[np.int32]
    slots: NDArray[np.int32]
    tally: NDArray[np.int64]
    rank: NDArray[np.int32]


class FirstPlanSearch:
    """A search that is advanced in slices until it has a plan or knows that there is none.

    Args:
        team: The problem; every start must be able to reach its goal.
        starts: (A,) int32 nodes, all different.
        seed: Of the random choices.
    """

    __slots__ = ('_scratch', '_search', '_team', 'visits')

    def __init__(self, team: Team, starts: NDArray[np.int32], seed: int) -> None:
        self._team = team
        self._scratch = new_scratch(team, new_state(seed))
        self._search = _new_search(team, starts)
        self.visits = 0

    def advance(self, visits: int) -> Outcome | None:
        """Visit up to `visits` search nodes; return the outcome, None while there is none."""
        while visits > 0:
            status, done = _search_some(self._team, self._scratch, self._search, visits)
            self.visits += done
            visits -= done
            if status == _FOUND:
                return Outcome.FOUND
            if status == _EXHAUSTED:
                return Outcome.UNSOLVABLE
            if status == _FULL:
                if self._search.config.nbytes > _MAX_BYTES // 4:
                    return Outcome.OUT_OF_MEMORY
                self._search = _grown(self._search)
        return None

    def paths(self) -> NDArray[np.int32]:
        """Return the plan found, (A, T + 1) int32 node of each agent at each step."""
        steps = []
        at = int(self._search.tally[_GOAL])
        while at >= 0:
            steps.append(at)
            at = int(self._search.parent[at])
        return np.ascontiguousarray(self._search.config[steps[::-1]].T)


def _new_search(team: Team, starts: NDArray[np.int32]) -> _Search:
    """Return a search that holds the start configuration alone."""
    agents = len(starts)
    capacity = 1024
    degree = int(np.diff(team.indptr).max(initial=0)) + 1
    lows = capacity * (degree + 1)
    far = team.to_go[np.arange(agents), starts]
    order = np.argsort(-far.astype(np.int64), kind='stable').astype(np.int32)
    search = _Search(
        config=np.empty((capacity, agents), np.int32),
        order=np.empty((capacity, agents), np.int32),
        parent=np.full(capacity, -1, np.int32),
        low_head=np.full(capacity, -1, np.int32),
        low_tail=np.full(capacity, -1, np.int32),
        low_up=np.full(lows, -1, np.int32),
        low_who=np.full(lows, -1, np.int32),
        low_where=np.full(lows, -1, np.int32),
        low_depth=np.full(lows, -1, np.int32),
        low_next=np.full(lows, -1, np.int32),
        stack=np.empty(4 * capacity, np.int32),
        slots=np.full(4 * capacity, -1, np.int32),
        tally=np.zeros(4, np.int64),
        rank=order.copy(),
    )
    search.config[0] = starts
    search.order[0] = order
    search.tally[_GOAL] = -1
    _open_root(search)
    return search


def _open_root(search: _Search) -> None:
    """Enter configuration 0 with the empty constraint and put it on the stack."""
    search.low_head[0] = search.low_tail[0] = 0
    search.low_depth[0] = 0
    search.stack[0] = 0
    search.slots[_home(search.config[0], len(search.slots) - 1)] = 0
    search.tally[[_TOP, _CONFIGS, _LOWS]] = 1


def _grown(search: _Search) -> _Search:
    """Return the same search with twice the room."""
    fixed: dict[str, Any] = {'tally': search.tally, 'rank': search.rank}
    bigger: dict[str, Any] = {
        name: np.concatenate([array, np.full_like(array, -1)])
        for name, array in search._asdict().items()
        if name not in (*fixed, 'slots')
    }
    slots = np.full(2 * len(search.slots), -1, np.int32)
    result = _Search(slots=slots, **bigger, **fixed)
    _enter_again(result.config, slots, int(search.tally[_CONFIGS]))
    return result


@njit(cache=True, nogil=True)
def _home(config: Any, mask: int) -> Any:
    """Return the home slot of a configuration in a table of mask + 1 slots."""
    h = np.uint64(0x9E3779B97F4A7C15)
    for v in config:
        h = (h ^ np.uint64(v)) * np.uint64(0xFF51AFD7ED558CCD)
        h ^= h >> np.uint64(32)
    return np.int64(h & np.uint64(mask))


@njit(cache=True, nogil=True)
def _slot_of(config: Any, slots: Any, wanted: Any) -> Any:
    """Return the slot that holds configuration `wanted`, or the empty one where it belongs."""
    mask = slots.shape[0] - 1
    slot = _home(wanted, mask)
    while slots[slot] >= 0:
        known = config[slots[slot]]
        same = True
        for i in range(wanted.shape[0]):
            if known[i] != wanted[i]:
                same = False
                break
        if same:
            return slot
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def _enter_again(config: Any, slots: Any, n: int) -> None:
    """Fill an empty hash table with the first `n` configurations."""
    for c in range(n):
        slots[_slot_of(config, slots, config[c])] = c


@njit(cache=True, nogil=True)
def _search_some(team: Any, scratch: Any, s: Any, max_visits: int) -> tuple[int, int]:
    """Visit up to `max_visits` search nodes; return the status and the number of visits."""
    agents = team.goals.shape[0]
    degree = scratch.wishes.shape[1]
    there = np.empty(agents, np.int32)
    for visit in range(max_visits):
        if s.tally[_TOP] == 0:
            return _EXHAUSTED, visit
        if (
            s.tally[_CONFIGS] == s.config.shape[0]
            or s.tally[_LOWS] + degree + 1 > s.low_up.shape[0]
            or s.tally[_TOP] == s.stack.shape[0]
        ):
            return _FULL, visit
        c = s.stack[s.tally[_TOP] - 1]
        here = s.config[c]
        if _at_goals(here, team.goals):
            s.tally[_GOAL] = c
            return _FOUND, visit
        low = s.low_head[c]
        if low < 0:
            s.tally[_TOP] -= 1
            continue
        s.low_head[c] = s.low_next[low]
        _add_constraints(team, scratch, s, c, low)
        there[:] = NOBODY
        up = low
        while s.low_depth[up] > 0:
            there[s.low_who[up]] = s.low_where[up]
            up = s.low_up[up]
        polite = 1.0 if s.low_depth[low] == 0 else 0.0
        if pibt_step(team, scratch, here, there, s.order[c], polite):
            _enter(team, scratch, s, c, there)
    return _RUNNING, max_visits


@njit(cache=True, nogil=True)
def _at_goals(here: Any, goals: Any) -> Any:
    i = 0
    while i < here.shape[0] and here[i] == goals[i]:
        i += 1
    return i == here.shape[0]


@njit(cache=True, nogil=True)
def _add_constraints(team: Any, scratch: Any, s: Any, c: int, low: int) -> None:
    """Append the children of constraint `low`: the next agent, at each place it can be."""
    depth = s.low_depth[low]
    if depth >= team.goals.shape[0]:
        return
    i = s.order[c, depth]
    u = s.config[c, i]
    places = scratch.wishes[i]
    n = 0
    for k in range(team.indptr[u], team.indptr[u + 1]):
        places[n] = team.nbr[k]
        n += 1
    places[n] = u
    n += 1
    shuffle(scratch.rng, places, n)
    for k in range(n):
        new = s.tally[_LOWS]
        s.tally[_LOWS] += 1
        s.low_up[new] = low
        s.low_who[new] = i
        s.low_where[new] = places[k]
        s.low_depth[new] = depth + 1
        _append_low(s, c, new)


@njit(cache=True, nogil=True)
def _append_low(s: Any, c: int, new: int) -> None:
    """Append constraint `new` to the queue of configuration c."""
    s.low_next[new] = -1
    if s.low_head[c] < 0:
        s.low_head[c] = new
    else:
        s.low_next[s.low_tail[c]] = new
    s.low_tail[c] = new


@njit(cache=True, nogil=True)
def _enter(team: Any, scratch: Any, s: Any, c: int, there: Any) -> None:
    """Put the successor on the stack: as a new search node, or the known one again."""
    slot = _slot_of(s.config, s.slots, there)
    known = s.slots[slot]
    if known >= 0:
        if uniform(scratch.rng) < _RESTART_PROBABILITY:
            known = below(scratch.rng, s.tally[_CONFIGS])
        s.stack[s.tally[_TOP]] = known
        s.tally[_TOP] += 1
        return
    new = s.tally[_CONFIGS]
    s.tally[_CONFIGS] += 1
    s.slots[slot] = new
    s.config[new] = there
    s.parent[new] = c
    _order_successor(team, s, c, new)
    low = s.tally[_LOWS]
    s.tally[_LOWS] += 1
    s.low_depth[low] = 0
    s.low_next[low] = -1
    s.low_head[new] = s.low_tail[new] = low
    s.stack[s.tally[_TOP]] = new
    s.tally[_TOP] += 1


@njit(cache=True, nogil=True)
def _order_successor(team: Any, s: Any, c: int, new: int) -> None:
    """Order the agents of a new node: the travelling ones as before, then the others by rank.

    This is PIBT's rule (one more point for each step away from the goal, all points lost on
    arrival) without points: those on their way keep their order, those at home are ranked by
    how far they had to go at the start.
    """
    there = s.config[new]
    n = 0
    for i in s.order[c]:
        if there[i] != team.goals[i]:
            s.order[new, n] = i
            n += 1
    for i in s.rank:
        if there[i] == team.goals[i]:
            s.order[new, n] = i
            n += 1
