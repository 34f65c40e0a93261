# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A one-shot planning problem over unit arcs, as the kernels take it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linehaul_traffic.errors import InstanceError
from linehaul_traffic.grid import fill_goal_rows

MAX_AGENTS = int(np.iinfo(np.int16).max)


class UnitGraph(Protocol):
    """A graph whose arcs all take one step, as CSR; `grid.Grid` is one."""

    @property
    def indptr(self) -> NDArray[np.int32]:
        """(N + 1,) where the arcs of each node start."""

    @property
    def nbr(self) -> NDArray[np.int32]:
        """(M,) the end of each arc."""


class Problem(NamedTuple):
    """What does not change while planning: N nodes, M arcs, A agents.

    Args:
        indptr: (N + 1,) int32 CSR of outgoing arcs.
        nbr: (M,) int32 their ends.
        to_go: (A, N) int32 steps to each agent's goal, `grid.UNREACHABLE` where there is no way.
        starts: (A,) int32 nodes.
        goals: (A,) int32 nodes.
    """

    indptr: NDArray[np.int32]
    nbr: NDArray[np.int32]
    to_go: NDArray[np.int32]
    starts: NDArray[np.int32]
    goals: NDArray[np.int32]


def make_problem(graph: UnitGraph, starts: ArrayLike, goals: ArrayLike) -> Problem:
    """Check starts and goals against `graph` and compute the cost-to-go of every agent.

    Raises:
        InstanceError: Starts or goals are off the graph, doubled or of different number.
    """
    indptr = np.ascontiguousarray(graph.indptr, np.int32)
    nbr = np.ascontiguousarray(graph.nbr, np.int32)
    nodes = len(indptr) - 1
    begin = _checked(starts, nodes, 'starts')
    end = _checked(goals, nodes, 'goals')
    if len(begin) != len(end):
        raise InstanceError(f'{len(begin)} starts but {len(end)} goals')
    if len(begin) > MAX_AGENTS:
        raise InstanceError(f'{len(begin)} agents; at most {MAX_AGENTS} are served')
    to_go = np.empty((len(end), nodes), np.int32)
    fill_goal_rows(*reversed_arcs(indptr, nbr), end, to_go)
    return Problem(indptr, nbr, to_go, begin, end)


def least_costs(problem: Problem) -> NDArray[np.int32]:
    """Return the steps (A,) each agent would need alone."""
    return problem.to_go[np.arange(len(problem.starts)), problem.starts]


def reversed_arcs(
    indptr: NDArray[np.int32], nbr: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the CSR of the same arcs the other way round."""
    nodes = len(indptr) - 1
    order = np.argsort(nbr, kind='stable')
    origin = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(indptr))
    back = np.zeros(nodes + 1, np.int32)
    np.cumsum(np.bincount(nbr, minlength=nodes), out=back[1:])
    return back, origin[order]


def _checked(values: ArrayLike, nodes: int, what: str) -> NDArray[np.int32]:
    """Return `values` as nodes, after checking that each is a node and none comes twice."""
    given = np.asarray(values)
    if given.ndim != 1 or (len(given) and not np.issubdtype(given.dtype, np.integer)):
        raise InstanceError(
            f'{what} must be a row of node numbers, not {given.dtype} {given.shape}'
        )
    strange = (given < 0) | (given >= nodes)
    if strange.any():
        agent = int(strange.argmax())
        raise InstanceError(f'{what}[{agent}] = {given[agent]} is not a node (0..{nodes - 1})')
    node, count = np.unique(given, return_counts=True)
    if (count > 1).any():
        twice = node[count > 1][0]
        agents = np.nonzero(given == twice)[0].tolist()
        raise InstanceError(f'{what}: agents {agents} share node {twice}')
    return np.ascontiguousarray(given, np.int32)
