# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The execution graph: who may enter which node or edge, and when.

A path that a planner commits becomes a row of claims, one for each node and edge (element) on it.
All claims have a place in one order of commits. A claim is granted when no earlier claim of
another vehicle on a conflicting element is still open; a claim ends when the vehicle reports that
its footprint has left. The last claim of a path never ends by itself: the vehicle rests there
until a new path is committed.

Safety: of two conflicting claims only the earlier can be granted, whatever the speeds and delays.
Liveness: every wait points to an earlier commit, so waits cannot form a ring, and the vehicle with
the earliest unfinished commit never waits. This needs one thing of the planner, which `commit`
checks: no path leads over an element that conflicts with another vehicle's resting place.

What it does not decide: which path a vehicle takes and in which order paths are committed.

Source: action dependency graphs (Hönig et al. 2019), as one queue per resource.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linehaul_floor import ConflictTable, Roadmap, VehicleId
from linehaul_traffic.errors import CommitError


@dataclass(frozen=True, slots=True)
class Path:
    """A committed way: nodes (k,) and the edges (k - 1,) between them, as roadmap indices."""

    nodes: tuple[int, ...]
    edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """A vehicle that may not go on: for whom it waits, and at which element of its own path."""

    vehicle: VehicleId
    waits_for: VehicleId
    element: int


@dataclass(slots=True)
class _Track:
    """One vehicle's claims: `path` with `reached` and `granted` as node positions on it."""

    seq: int
    path: Path
    reached: int
    granted: int


class ExecutionGraph:
    """Claims of all vehicles on one roadmap.

    Args:
        roadmap: the floor's roadmap.
        conflicts: one table for each ordered pair of vehicle classes (a, b): which elements of
            a vehicle of class b conflict with an element of a vehicle of class a.
    """

    def __init__(
        self, roadmap: Roadmap, conflicts: Mapping[tuple[str, str], ConflictTable]
    ) -> None:
        self._roadmap = roadmap
        self._conflicts = conflicts
        self._n = roadmap.node_count
        self._class: dict[VehicleId, str] = {}
        self._tracks: dict[VehicleId, _Track] = {}
        # Open claims per element in commit order: (seq, vehicle).
        self._open: dict[str, dict[int, deque[tuple[int, VehicleId]]]] = {}
        self._seq = 0
        self._first = 0

    @property
    def vehicles(self) -> tuple[VehicleId, ...]:
        """The vehicles that have a place on the floor."""
        return tuple(self._tracks)

    def place(self, vehicle: VehicleId, vehicle_class: str, node: int) -> None:
        """Put a vehicle that stands at a node on the floor; it rests there.

        It is there, whatever was planned, so its claim goes before all others: who was promised
        the place waits until the vehicle has left.

        Raises:
            CommitError: it is already on the floor.
        """
        self._enter(vehicle, vehicle_class)
        self._first -= 1
        self._tracks[vehicle] = _Track(self._first, Path((node,), ()), 0, 0)
        self._open[vehicle_class].setdefault(node, deque()).appendleft((self._first, vehicle))

    def restore(self, vehicle: VehicleId, vehicle_class: str, path: Path) -> None:
        """Put a vehicle with a path committed earlier back, after a restart of this process.

        Call it in the order in which the paths were committed; then `resume` each vehicle.

        Raises:
            CommitError: it is already on the floor, or the path is no way over the roadmap.
        """
        self._check_way(vehicle, path)
        self._enter(vehicle, vehicle_class)
        self._append(vehicle, path)

    def _enter(self, vehicle: VehicleId, vehicle_class: str) -> None:
        if vehicle in self._tracks:
            raise CommitError(f'{vehicle} is already on the floor')
        self._class[vehicle] = vehicle_class
        self._open.setdefault(vehicle_class, {})

    def remove(self, vehicle: VehicleId) -> None:
        """Take a vehicle off the floor, with all its claims."""
        track = self._tracks.pop(vehicle)
        for position in range(track.reached, len(track.path.nodes)):
            self._drop(vehicle, track, position)
        del self._class[vehicle]

    def commit(self, vehicle: VehicleId, path: Path) -> None:
        """Append a path that begins where the vehicle's present path ends.

        Raises:
            CommitError: the vehicle is unknown or has not reached the end of its path, the path
                does not begin there or is no way over the roadmap, or it leads over a place
                where another vehicle rests or is going to rest.
        """
        track = self._tracks.get(vehicle)
        if track is None:
            raise CommitError(f'{vehicle} is not on the floor')
        if track.reached != len(track.path.nodes) - 1:
            raise CommitError(f'{vehicle} is still under way')
        if path.nodes[0] != track.path.nodes[-1]:
            raise CommitError(f'{vehicle}: the path begins elsewhere')
        self._check_way(vehicle, path)
        blocker = self.blocker(vehicle, path)
        if blocker is not None:
            raise CommitError(f'{vehicle}: {blocker[0]} rests in the way')
        self._drop(vehicle, track, track.reached)
        del self._tracks[vehicle]
        self._append(vehicle, path)

    def _check_way(self, vehicle: VehicleId, path: Path) -> None:
        roadmap = self._roadmap
        for start, edge, end in zip(path.nodes, path.edges, path.nodes[1:], strict=False):
            if roadmap.edge_start[edge] != start or roadmap.edge_end[edge] != end:
                raise CommitError(f'{vehicle}: {roadmap.edge_ids[edge]} does not join the path')
        if len(path.edges) != len(path.nodes) - 1:
            raise CommitError(f'{vehicle}: a path has one edge less than nodes')

    def blocker(self, vehicle: VehicleId, path: Path) -> tuple[VehicleId, int] | None:
        """Return (vehicle, element) of the first resting place that `path` would run into."""
        resting = self.rests(vehicle)
        for element in self._elements(path, 0, len(path.nodes) - 1):
            if element in resting:
                return resting[element], element
        return None

    def rests(self, vehicle: VehicleId) -> dict[int, VehicleId]:
        """Return the elements closed to `vehicle`, because another rests or will rest there."""
        mine = self._class[vehicle]
        taken: dict[int, VehicleId] = {}
        for other, track in self._tracks.items():
            if other != vehicle:
                table = self._conflicts[self._class[other], mine]
                for element in _row(table, track.path.nodes[-1]):
                    taken[element] = other
        return taken

    def reach(self, vehicle: VehicleId, position: int) -> None:
        """Take note that a vehicle has reached a node of its path; what is behind is free again.

        Args:
            vehicle: who.
            position: index into the path's nodes. Lower than known: an old message, ignored.

        Raises:
            CommitError: the vehicle is beyond what was granted to it.
        """
        track = self._tracks[vehicle]
        if position > track.granted:
            raise CommitError(
                f'{vehicle} is at node {position} of its path, granted are {track.granted}'
            )
        while track.reached < position:
            self._drop(vehicle, track, track.reached)
            track.reached += 1

    def grant(self, vehicle: VehicleId, lookahead: float) -> tuple[int, Wait | None]:
        """Grant as much of the path as may be entered now.

        Args:
            vehicle: for whom.
            lookahead: [m] how far ahead of the last reached node to grant at most.

        Returns:
            Position of the last granted node, and for whom the vehicle waits, if it does.
        """
        track = self._tracks[vehicle]
        path, length = track.path, self._roadmap.length
        ahead = sum(float(length[e]) for e in path.edges[track.reached : track.granted])
        while track.granted < len(path.edges) and ahead < lookahead:
            k = track.granted
            for element in (self._n + path.edges[k], path.nodes[k + 1]):
                holder = self._holder(vehicle, element, before=track.seq)
                if holder is not None:
                    return track.granted, Wait(vehicle, holder, element)
            ahead += float(length[path.edges[k]])
            track.granted += 1
        return track.granted, None

    def resume(self, vehicle: VehicleId, reached: int, granted: int) -> None:
        """Take over what a vehicle says: the last node it reached and the last of its base.

        The base was granted once, perhaps before a restart of this process, so it stays granted.
        """
        track = self._tracks[vehicle]
        track.granted = max(track.granted, granted)
        self.reach(vehicle, reached)

    def path(self, vehicle: VehicleId) -> tuple[Path, int, int]:
        """Return a vehicle's path and its reached and granted node positions."""
        track = self._tracks[vehicle]
        return track.path, track.reached, track.granted

    def _append(self, vehicle: VehicleId, path: Path) -> None:
        self._seq += 1
        self._tracks[vehicle] = _Track(self._seq, path, 0, 0)
        queues = self._open[self._class[vehicle]]
        for element in self._elements(path, 0, len(path.nodes) - 1):
            queues.setdefault(element, deque()).append((self._seq, vehicle))

    def _elements(self, path: Path, first: int, last: int) -> Iterable[int]:
        for k in range(first, last):
            yield path.nodes[k]
            yield self._n + path.edges[k]
        yield path.nodes[last]

    def _drop(self, vehicle: VehicleId, track: _Track, position: int) -> None:
        """End the claims on a node of the path and on the edge that leaves it."""
        queues = self._open[self._class[vehicle]]
        elements = [track.path.nodes[position]]
        if position < len(track.path.edges):
            elements.append(self._n + track.path.edges[position])
        for element in elements:
            queue = queues[element]
            queue.remove((track.seq, vehicle))
            if not queue:
                del queues[element]

    def _holder(self, vehicle: VehicleId, element: int, before: int | None) -> VehicleId | None:
        """Return who has an open claim in conflict with `element` (before that commit), if any."""
        mine = self._class[vehicle]
        for other_class, queues in self._open.items():
            for other in _row(self._conflicts[mine, other_class], element):
                for seq, holder in queues.get(other, ()):
                    if before is not None and seq >= before:
                        break
                    if holder != vehicle:
                        return holder
        return None


def _row(table: ConflictTable, element: int) -> list[int]:
    return table.indices[table.indptr[element] : table.indptr[element + 1]].tolist()  # type: ignore[no-any-return]
