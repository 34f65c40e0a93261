# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Priority inheritance over multi-action operations, and large-neighbourhood search on top.

All vehicles always hold an operation each, and their claims never clash: the cycle begins with
last cycle's operations continued (or with everyone holding its pose), and every change is a
transaction. A vehicle tries its operations best first. One that clashes with nobody is taken.
One that clashes with exactly one vehicle of lower rank evicts it: the claims change hands and the
evicted vehicle chooses anew, and so on along a chain on an explicit stack; a chain that ends
nowhere is undone step by step. The pass runs this for everyone in the order of rank; the search
that follows runs it in random order without the rank rule and keeps a chain only if the
weighted sum of values does not get worse. The kernels know neither grids nor lanes: only
claims, values and last poses.
Source: EPIBT, arXiv 2511.09193; PIBT, Okumura et al., IJCAI 2019.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linehaul_traffic.operations import OperationArrays, Operations
from linehaul_traffic.rng import below

FREE = -1
CROWDED = -2
FAILED, TAKEN, REFUSED = range(3)
ROUNDING = 1e-6
"""Loss of weighted gain that counts as none."""


class Team(NamedTuple):
    """What one cycle plans on; n vehicles, at most M operations each.

    Args:
        first: (n,) int32, first operation of each vehicle's pose in the table.
        options: (n,) int32, number of its operations.
        choice: (n,) int32, the operation it holds, counted from `first`.
        gain: (n, M) int32, what each operation gains over holding the pose.
        order: (n, M) int16, operations best first.
        rank: (n,) int32, 0 goes first.
        weight: (n,) float64, worth of a unit of gain.
        owner: (depth * resources,) int32, vehicle that claims each resource at each tick, or -1.
    """

    first: NDArray[np.int32]
    options: NDArray[np.int32]
    choice: NDArray[np.int32]
    gain: NDArray[np.int32]
    order: NDArray[np.int16]
    rank: NDArray[np.int32]
    weight: NDArray[np.float64]
    owner: NDArray[np.int32]


class Chain(NamedTuple):
    """Scratch of one chain of evictions, its explicit stack first; all (n,) int32.

    Args:
        vehicle: Vehicle of each level.
        tried: How far it got in its order.
        old: Operation it held before.
        visits: Visits of each vehicle in this round.
        visit_round: Round the visits belong to.
        inside: 1 while a vehicle is on the stack.
        clock: (1,) number of the round.
    """

    vehicle: NDArray[np.int32]
    tried: NDArray[np.int32]
    old: NDArray[np.int32]
    visits: NDArray[np.int32]
    visit_round: NDArray[np.int32]
    inside: NDArray[np.int32]
    clock: NDArray[np.int64]


def make_team(vehicles: int, operations: Operations) -> Team:
    """Return an empty team of `vehicles` on the table `operations`."""

    def whole(*shape: int) -> NDArray[np.int32]:
        return np.zeros(shape, dtype=np.int32)

    n, widest = vehicles, operations.widest
    return Team(
        whole(n), whole(n), whole(n), whole(n, widest), np.zeros((n, widest), np.int16),
        whole(n), np.zeros(n), whole(operations.depth * operations.resources) + FREE,
    )  # fmt: skip


def make_chain(vehicles: int) -> Chain:
    """Return scratch for `vehicles` vehicles."""
    a, b, c, d, e, f = (np.zeros(vehicles + 1, dtype=np.int32) for _ in range(6))
    return Chain(a, b, c, d, e, f, np.ones(1, dtype=np.int64))


@njit(cache=True, nogil=True)
def clash(ops: OperationArrays, owner: NDArray[np.int32], operation: int) -> int:
    """Return who is in the way of `operation`: a vehicle, `FREE` or `CROWDED` (several)."""
    found = FREE
    for k in range(ops.claim_ptr[operation], ops.claim_ptr[operation + 1]):
        other = owner[ops.claim[k]]
        if other >= 0 and other != found:
            if found >= 0:
                return CROWDED
            found = other
    return found


@njit(cache=True, nogil=True)
def put(ops: OperationArrays, owner: NDArray[np.int32], operation: int, vehicle: int) -> None:
    """Write `vehicle` (or -1 to clear) to all claims of `operation`."""
    for k in range(ops.claim_ptr[operation], ops.claim_ptr[operation + 1]):
        owner[ops.claim[k]] = vehicle


@njit(cache=True, nogil=True)
def place_all(ops: OperationArrays, team: Team) -> bool:
    """Write everybody's held operation into the table; False if two of them clash."""
    team.owner[:] = FREE
    for v in range(team.first.shape[0]):
        operation = team.first[v] + team.choice[v]
        if clash(ops, team.owner, operation) != FREE:
            return False
        put(ops, team.owner, operation, v)
    return True


@njit(cache=True, nogil=True)
def push(
    ops: OperationArrays,
    team: Team,
    chain: Chain,
    root: int,
    visit_limit: int,
    ranked: bool,
) -> int:
    """Let `root` choose anew, evicting others along one chain.

    Args:
        ops: The operation table.
        team: The cycle; choices and owners change.
        chain: Scratch.
        root: Vehicle that chooses.
        visit_limit: Times a vehicle may be asked in one round.
        ranked: Only vehicles of lower rank than `root` may be evicted and any complete chain is
            kept; otherwise a chain is kept if the weighted gain does not fall.

    Returns:
        `TAKEN`, `FAILED` (nothing found) or `REFUSED` (found, but worse); in the latter two
        nothing has changed.
    """
    now = chain.clock[0]
    change = -team.weight[root] * team.gain[root, team.choice[root]]
    put(ops, team.owner, team.first[root] + team.choice[root], FREE)
    _enter(team, chain, 0, root, now)
    top = 0
    while True:
        v = chain.vehicle[top]
        other = _next_option(ops, team, chain, top, root, visit_limit, ranked)
        change += team.weight[v] * team.gain[v, team.choice[v]]
        if other >= 0:
            change -= team.weight[other] * team.gain[other, team.choice[other]]
            put(ops, team.owner, team.first[other] + team.choice[other], FREE)
            put(ops, team.owner, team.first[v] + team.choice[v], v)
            top += 1
            _enter(team, chain, top, other, now)
            continue
        if other == FREE:
            put(ops, team.owner, team.first[v] + team.choice[v], v)
            if ranked or change >= -ROUNDING:
                for k in range(top + 1):
                    chain.inside[chain.vehicle[k]] = 0
                return TAKEN
            put(ops, team.owner, team.first[v] + team.choice[v], FREE)
            while top > 0:
                _give_back(ops, team, chain, top)
                top -= 1
        elif top > 0:
            change -= team.weight[v] * team.gain[v, team.choice[v]]
            u = _give_back(ops, team, chain, top)
            top -= 1
            change += team.weight[v] * team.gain[v, team.choice[v]]
            change -= team.weight[u] * team.gain[u, team.choice[u]]
            continue
        team.choice[root] = chain.old[0]
        chain.inside[root] = 0
        put(ops, team.owner, team.first[root] + team.choice[root], root)
        return REFUSED if other == FREE else FAILED


@njit(cache=True, nogil=True)
def _next_option(
    ops: OperationArrays,
    team: Team,
    chain: Chain,
    top: int,
    root: int,
    visit_limit: int,
    ranked: bool,
) -> int:
    """Choose the next possible operation of the vehicle at level `top`.

    Returns:
        `FREE` if it clashes with nobody, the vehicle to evict, or `CROWDED` if none is left.
    """
    v = chain.vehicle[top]
    now = chain.clock[0]
    while chain.tried[top] < team.options[v]:
        option = team.order[v, chain.tried[top]]
        chain.tried[top] += 1
        other = clash(ops, team.owner, team.first[v] + option)
        if other == CROWDED:
            continue
        if other >= 0:
            if chain.inside[other] == 1 or (ranked and team.rank[other] <= team.rank[root]):
                continue
            if chain.visit_round[other] == now and chain.visits[other] >= visit_limit:
                continue
        team.choice[v] = option
        return other
    return CROWDED


@njit(cache=True, nogil=True)
def _give_back(ops: OperationArrays, team: Team, chain: Chain, top: int) -> int:
    """Undo the eviction of the vehicle at level `top` > 0; return who had evicted it."""
    v = chain.vehicle[top]
    u = int(chain.vehicle[top - 1])
    team.choice[v] = chain.old[top]
    chain.inside[v] = 0
    put(ops, team.owner, team.first[u] + team.choice[u], FREE)
    put(ops, team.owner, team.first[v] + team.choice[v], v)
    return u


@njit(cache=True, nogil=True)
def _enter(team: Team, chain: Chain, top: int, v: int, now: int) -> None:
    chain.vehicle[top] = v
    chain.tried[top] = 0
    chain.old[top] = team.choice[v]
    chain.inside[v] = 1
    if chain.visit_round[v] != now:
        chain.visit_round[v] = now
        chain.visits[v] = 0
    chain.visits[v] += 1


@njit(cache=True, nogil=True)
def run_pass(
    ops: OperationArrays,
    team: Team,
    chain: Chain,
    sequence: NDArray[np.int32],
    visit_limit: int,
) -> None:
    """Let all vehicles choose in the order `sequence` (n,), unless they were pushed before."""
    chain.clock[0] += 1
    for v in sequence:
        if chain.visit_round[v] != chain.clock[0]:
            push(ops, team, chain, v, visit_limit, True)


@njit(cache=True, nogil=True)
def improve(
    ops: OperationArrays,
    team: Team,
    chain: Chain,
    random: NDArray[np.uint64],
    tries: int,
    visit_limit: int,
) -> int:
    """Run `tries` random chains that keep or raise the weighted gain; return how many stayed."""
    n = team.first.shape[0]
    kept = 0
    for _ in range(tries):
        chain.clock[0] += 1
        v = below(random, n)
        if push(ops, team, chain, v, visit_limit, False) == TAKEN:
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def sort_options(team: Team) -> None:
    """Order every vehicle's operations by gain, best first, equals in table order."""
    for v in range(team.first.shape[0]):
        count = team.options[v]
        order = team.order[v]
        gain = team.gain[v]
        for k in range(count):
            at = k
            while at > 0 and gain[order[at - 1]] < gain[k]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = k
