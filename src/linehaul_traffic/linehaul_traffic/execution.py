# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The execution graph: who may enter which node or edge, and when.

A path that a planner commits becomes a row of claims, one for each node and edge (element) on it,
each with the time for which it is planned. A claim is granted when no claim of another vehicle on
a conflicting element that is planned before it is still open; a claim ends when the vehicle
reports that its footprint has left. The last claim of a path never ends by itself: the vehicle
rests there until a new path is committed.

Safety: of two conflicting claims only the earlier can be granted, whatever the speeds and delays.
Liveness: of two conflicting claims the earlier is planned to end before the other begins, so every
wait points to an earlier planned time and waits cannot form a ring. `commit` checks this for every
claim and refuses a path that breaks it.

What it does not decide: which path a vehicle takes. A path without times goes behind everything
that is committed.

Source: action dependency graphs (Hönig et al. 2019), as one queue per resource.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from linehaul_floor.geometry import IntArray

from linehaul_floor import ConflictTable, Roadmap, VehicleClass, VehicleId
from linehaul_traffic import road_queues as kernels
from linehaul_traffic.errors import CommitError
from linehaul_traffic.loops import Loop, full_loop, one_way_loops
from linehaul_traffic.ordering import (
    Order,
    after_granted,
    give_ranks,
    order_of,
    rank_forward,
    sequence,
)
from linehaul_traffic.road_model import ROLL, RoadModel
from linehaul_traffic.road_queues import FREE, Queues

RETIME = 2.0
"""[s] between two looks at when everything is to be expected."""


@dataclass(frozen=True, slots=True)
class Path:
    """A committed way: nodes (k,) and the edges (k - 1,) between them, as roadmap indices."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """A vehicle that may not go on: for whom it waits, and at which element of its own path.

    waits_for is the vehicle itself where it waits for a closed edge.
    """

    vehicle: VehicleId
    waits_for: VehicleId
    element: int


class ExecutionGraph:
    """Claims of all vehicles on one roadmap.

    Args:
        roadmap: the floor's roadmap.
        conflicts: one table for each ordered pair of vehicle classes (a, b): which elements of
            a vehicle of class b conflict with an element of a vehicle of class a.
        classes: the vehicle classes, for times; left out, vehicles drive at the edges' limits.
    """

    def __init__(
        self,
        roadmap: Roadmap,
        conflicts: Mapping[tuple[str, str], ConflictTable],
        classes: Mapping[str, VehicleClass] | None = None,
    ) -> None:
        self.roadmap = roadmap
        self.model = RoadModel(roadmap, conflicts, classes)
        lists = len(self.model.names) * (roadmap.node_count + 2 * roadmap.edge_count)
        self.queues: Queues = kernels.new_queues(16, 64, lists, 8)
        self.closed = np.zeros(roadmap.edge_count, bool)
        self.now = 0.0
        self._retimed = -np.inf
        self._ready: dict[VehicleId, float] = {}
        self._conflicts = conflicts
        self._loops: tuple[Loop, ...] | None = None
        self._slot: dict[VehicleId, int] = {}
        self._ids: dict[int, VehicleId] = {}
        self._paths: dict[VehicleId, Path] = {}

    # Who is on the floor.

    @property
    def vehicles(self) -> tuple[VehicleId, ...]:
        """The vehicles that have a place on the floor."""
        return tuple(self._slot)

    def slot(self, vehicle: VehicleId) -> int:
        """Return the row of a vehicle in the arrays of `queues`."""
        return self._slot[vehicle]

    def at_slot(self, slot: int) -> VehicleId:
        """Return the vehicle of a row."""
        return self._ids[slot]

    def place(self, vehicle: VehicleId, vehicle_class: str, node: int) -> None:
        """Put a vehicle that stands at a node on the floor; it rests there.

        It is there, whatever was planned, so its claim goes before all others: who was promised
        the place waits until the vehicle has left.

        Raises:
            CommitError: it is already on the floor.
        """
        v = self._enter(vehicle, vehicle_class)
        self.rest_at(v, node)
        self.insert(v)

    def restore(self, vehicle: VehicleId, vehicle_class: str, path: Path) -> None:
        """Put a vehicle with a path committed earlier back, after a restart of this process.

        Call it in the order in which the paths were committed; then `restore_order` with the last
        order that was kept, and `resume` for each vehicle that reports.

        Raises:
            CommitError: it is already on the floor, or the path is no way over the roadmap.
        """
        self._check_way(vehicle, path)
        v = self._enter(vehicle, vehicle_class)
        self._write(v, path)
        self._append(v)
        self.insert(v)

    def remove(self, vehicle: VehicleId) -> None:
        """Take a vehicle off the floor, with all its claims."""
        v = self._slot.pop(vehicle)
        kernels.withdraw(self.queues, v)
        self.queues.size[v] = 0
        del self._ids[v]
        self._paths.pop(vehicle, None)

    def load(self, vehicle: VehicleId, loaded: bool) -> None:
        """Say whether a vehicle carries a load, which decides its speed from now on."""
        v = self._slot[vehicle]
        self.queues.motion[v] = 2 * self.queues.kind[v] + int(loaded)

    # Paths.

    def commit(self, vehicle: VehicleId, path: Path) -> None:
        """Append a path that begins where the vehicle's present path ends, behind all others.

        Raises:
            CommitError: the vehicle is unknown or has not reached the end of its path, the path
                does not begin there or is no way over the roadmap, or it leads over a place
                where another vehicle rests or is going to rest.
        """
        v = self._slot.get(vehicle)
        if v is None:
            raise CommitError(f'{vehicle} is not on the floor')
        if not self.at_end(vehicle):
            raise CommitError(f'{vehicle} is still under way')
        if path.nodes[0] != int(self.queues.node[v, self.queues.reached[v]]):
            raise CommitError(f'{vehicle}: the path begins elsewhere')
        self._check_way(vehicle, path)
        blocker = self.blocker(vehicle, path)
        if blocker is not None:
            raise CommitError(f'{vehicle}: {blocker[0]} rests in the way')
        if self.fills_loop(vehicle, path.nodes[-1]):
            name = self.roadmap.node_ids[path.nodes[-1]]
            raise CommitError(f'{vehicle}: no node of the loop through {name} would stay free')
        kernels.withdraw(self.queues, v)
        self._write(v, path)
        self._append(v)
        self.insert(v)

    def at_end(self, vehicle: VehicleId) -> bool:
        """Return whether a vehicle has reached the end of its path."""
        v = self._slot[vehicle]
        return bool(self.queues.reached[v] == self.queues.size[v] - 1)

    def _check_way(self, vehicle: VehicleId, path: Path) -> None:
        roadmap = self.roadmap
        if not path.nodes or len(path.edges) != len(path.nodes) - 1:
            raise CommitError(f'{vehicle}: a path has one edge less than nodes')
        for start, edge, end in zip(path.nodes, path.edges, path.nodes[1:], strict=False):
            if not 0 <= edge < roadmap.edge_count:
                raise CommitError(f'{vehicle}: there is no edge {edge}')
            if roadmap.edge_start[edge] != start or roadmap.edge_end[edge] != end:
                raise CommitError(f'{vehicle}: {roadmap.edge_ids[edge]} does not join the path')
        if not 0 <= path.nodes[0] < roadmap.node_count:
            raise CommitError(f'{vehicle}: there is no node {path.nodes[0]}')

    def blocker(self, vehicle: VehicleId, path: Path) -> tuple[VehicleId, int] | None:
        """Return (vehicle, element) of the first resting place that `path` would run into."""
        resting = self.rests(vehicle)
        for element in self._elements(path):
            if element in resting:
                return resting[element], element
        return None

    def rests(self, vehicle: VehicleId) -> dict[int, VehicleId]:
        """Return the elements closed to `vehicle`, because another rests or will rest there."""
        q, names = self.queues, self.model.names
        mine = names[q.kind[self._slot[vehicle]]]
        taken: dict[int, VehicleId] = {}
        for other, v in self._slot.items():
            if other != vehicle:
                table = self._conflicts[names[q.kind[v]], mine]
                for element in table.of(int(q.node[v, q.size[v] - 1])).tolist():
                    taken[element] = other
        return taken

    def fills_loop(self, vehicle: VehicleId, node: int) -> bool:
        """Return whether a one-way loop would be full if a vehicle came to rest at a node."""
        if self.roadmap.node_bay[node]:
            return False
        if self._loops is None:
            self._loops = one_way_loops(self.roadmap)
        q = self.queues
        resting = {int(q.node[v, q.size[v] - 1]) for i, v in self._slot.items() if i != vehicle}
        return full_loop(self._loops, resting, node) is not None

    def path(self, vehicle: VehicleId) -> tuple[Path, int, int]:
        """Return a vehicle's path and its reached and granted node positions."""
        v = self._slot[vehicle]
        path = self._paths.get(vehicle)
        if path is None:
            n = int(self.queues.size[v])
            nodes, edges = self.queues.node[v, :n], self.queues.edge[v, : n - 1]
            path = self._paths[vehicle] = Path(tuple(nodes.tolist()), tuple(edges.tolist()))
        return path, int(self.queues.reached[v]), int(self.queues.granted[v])

    def arrival(self, vehicle: VehicleId) -> float:
        """Return when a vehicle is expected at the end of its path [s]."""
        v = self._slot[vehicle]
        return float(self.queues.reach[v, self.queues.size[v] - 1])

    # Driving.

    def reach(self, vehicle: VehicleId, position: int) -> None:
        """Take note that a vehicle has reached a node of its path; what is behind is free again.

        Args:
            vehicle: who.
            position: index into the path's nodes. Lower than known: an old message, ignored.

        Raises:
            CommitError: the vehicle is beyond what was granted to it.
        """
        v = self._slot[vehicle]
        granted = int(self.queues.granted[v])
        if position > granted:
            raise CommitError(
                f'{vehicle} is at node {position} of its path, granted are {granted}'
            )
        if position > self.queues.reached[v]:
            kernels.release(self.queues, self.model.arrays, v, position, self.now)

    def grant(self, vehicle: VehicleId, lookahead: float) -> tuple[int, Wait | None]:
        """Grant as much of the path as may be entered now.

        Args:
            vehicle: for whom.
            lookahead: [m] how far ahead of the last reached node to grant at most.

        Returns:
            Position of the last granted node, and for whom the vehicle waits, if it does.
        """
        v = self._slot[vehicle]
        length = self.roadmap.length
        other, element = kernels.grant(
            self.queues, self.model.arrays, length, self.closed, v, lookahead, self.now
        )
        wait = None if other == FREE else Wait(vehicle, self._ids[other], self._named(element))
        return int(self.queues.granted[v]), wait

    def _named(self, element: int) -> int:
        """Return the element of the conflict table for one of the road model."""
        poses = self.model.arrays.poses
        return int(element if element < poses else self.roadmap.edge_end[element - poses])

    def resume(self, vehicle: VehicleId, reached: int, granted: int) -> None:
        """Take over what a vehicle says: the last node it reached and the last of its base.

        The base was granted once, perhaps before a restart of this process, so it stays granted.
        """
        v = self._slot[vehicle]
        last = int(self.queues.size[v]) - 1
        for p in range(int(self.queues.granted[v]), min(granted, last)):
            self.queues.granted[v] = p + 1
            self.queues.given[v, p] = self.now
            kernels.take(self.queues, self.model.arrays, v, p)
        self.reach(vehicle, reached)

    def advance(self, now: float, ready: Mapping[VehicleId, float] | None = None) -> None:
        """Set the clock; every RETIME give all open claims the times to be expected now.

        Args:
            now: plant time [s].
            ready: vehicles that do not go on before a time [s] (at a port, broken down).
        """
        self.now = now
        ready = dict(ready or {})
        if 0.0 <= now - self._retimed < RETIME and self._ready.keys() == ready.keys():
            return
        self._ready = ready
        self._retime()

    def _retime(self) -> None:
        self._retimed = self.now
        until = np.full(self.queues.size.size, -np.inf)
        for vehicle, time in self._ready.items():
            if vehicle in self._slot:
                until[self._slot[vehicle]] = time
        if self.closed.any():  # nobody knows until when
            for v in self._slot.values():
                if kernels.shut(self.queues, self.model.arrays, self.closed, v) >= 0:
                    until[v] = max(until[v], self.now + kernels.STUCK)
        kernels.retime(self.queues, self.model.arrays, self.now, until)

    # Order.

    def order(self) -> Order:
        """Return in which order everybody goes, to be kept together with the paths."""
        return order_of(self.queues, self._slot)

    def restore_order(self, order: Order) -> None:
        """Bring the restored paths back into a kept order.

        Vehicles and steps that it does not know, or that are gone, do no harm: what is left
        follows in the order in which the paths were restored.
        """
        q = self.queues
        self._withdraw_all()
        for vehicle, reached, granted in order.progress:
            v = self._slot.get(vehicle, FREE)
            if v != FREE:
                last = int(q.size[v]) - 1
                q.granted[v] = max(int(q.granted[v]), min(granted, last))
                q.reached[v] = max(int(q.reached[v]), min(reached, last))
        for v in self._slot.values():
            q.given[v, : q.granted[v]] = self.now
            q.reach[v, q.reached[v] : q.granted[v] + 1] = self.now
        give_ranks(q, self._slot, order.steps)
        self._insert_all()
        self._retime()

    def sequence(self) -> list[tuple[VehicleId, int]]:
        """Return (vehicle, position) of all steps that are not granted, in their order."""
        return sequence(self.queues, self._slot)

    def reorder(self, steps: Sequence[VehicleId]) -> bool:
        """Let everybody go in another order.

        Args:
            steps: the vehicle of each step that is not granted.

        Returns:
            False, and nothing has changed, if in that order two would be in the same place.
        """
        return self._reorder(lambda q: give_ranks(q, self._slot, steps))

    def bring_forward(self, upto: IntArray) -> bool:
        """Let the next steps of some vehicles go before all others.

        Args:
            upto: (V,) for each row the position up to which its steps come first.

        Returns:
            False, and nothing has changed, if in that order two would be in the same place.
        """
        base = after_granted(self.queues, self._slot.values())
        return self._reorder(lambda q: rank_forward(q, upto, base))

    def _reorder(self, give: Callable[[Queues], None]) -> bool:
        q, road = self.queues, self.model.arrays
        old = q.claim.copy(), q.reach.copy()
        give(q)
        kernels.refresh(q)
        free = all(kernels.overlap(q, road, v)[0] == FREE for v in self._slot.values())
        if free:
            self._retime()
        else:
            q.claim[:], q.reach[:] = old
            kernels.refresh(q)
        return free

    def _withdraw_all(self) -> None:
        for v in self._slot.values():
            kernels.withdraw(self.queues, v)

    def _insert_all(self) -> None:
        for v in self._slot.values():
            self.insert(v)

    # Arrays.

    def _enter(self, vehicle: VehicleId, vehicle_class: str) -> int:
        if vehicle in self._slot:
            raise CommitError(f'{vehicle} is already on the floor')
        first = kernels.SHADOWS
        v = next(k for k in range(first, first + len(self._ids) + 1) if k not in self._ids)
        if v >= self.queues.size.size:
            self.queues = kernels.grow(self.queues, vehicles=2 * v)
        number = self.model.number[vehicle_class]
        self.queues.kind[v], self.queues.motion[v] = number, 2 * number
        self._slot[vehicle], self._ids[v] = v, vehicle
        return v

    def rest_at(self, v: int, node: int) -> None:
        """Let the path of a row be one node; its claims must be off the lists."""
        q = self.queues
        q.size[v], q.reached[v], q.granted[v] = 1, 0, 0
        q.node[v, 0], q.reach[v, 0] = node, self.now
        self.changed(v)

    def _write(self, v: int, path: Path) -> None:
        """Write a path into the arrays, without times."""
        n = len(path.nodes)
        self.lengthen(n)
        q = self.queues
        self.rest_at(v, path.nodes[0])
        q.size[v] = n
        q.node[v, :n], q.edge[v, : n - 1] = path.nodes, path.edges
        q.turn[v, : n - 1] = self.turns(v, path.edges)

    def lengthen(self, nodes: int) -> None:
        """Make room for paths of so many nodes."""
        if nodes > self.queues.node.shape[1]:
            self.queues = kernels.grow(self.queues, length=2 * nodes)

    def turns(self, v: int, edges: Sequence[int]) -> np.ndarray:
        """Return (k,) seconds to stand and turn before each edge of a way, or ROLL."""
        road = self.model.arrays
        turn = np.zeros(len(edges))
        for p in range(1, len(edges)):
            begin, end = road.next_indptr[edges[p - 1] : edges[p - 1] + 2]
            found = np.flatnonzero(road.next_edge[begin:end] == edges[p])
            if found.size:
                turn[p] = road.next_turn[self.queues.kind[v], begin + found[0]]
        return turn

    def _append(self, v: int) -> None:
        """Give the steps of a path times behind everything on the lists."""
        kernels.append_times(self.queues, self.model.arrays, v, self.now)

    def insert(self, v: int, rest: float = np.inf) -> None:
        """Put the claims of a vehicle or shadow into the rows, which grow where full."""
        q = self.queues
        while (full := kernels.insert(q, self.model.arrays, v, rest)) != kernels.IN:
            if full == kernels.ROW_FULL:
                q = kernels.grow(q, blocks=2 * q.held.shape[1])
            else:
                q = kernels.grow(q, spread=2 * q.rows_of.shape[1])
        self.queues = q
        self.changed(v)

    def changed(self, v: int) -> None:
        """Forget what is kept of a vehicle's path."""
        if v in self._ids:
            self._paths.pop(self._ids[v], None)

    def _elements(self, path: Path) -> Iterable[int]:
        for node, edge in zip(path.nodes, path.edges, strict=False):
            yield node
            yield self.roadmap.node_count + edge
        yield path.nodes[-1]


__all__ = ['ROLL', 'ExecutionGraph', 'Order', 'Path', 'Wait']
