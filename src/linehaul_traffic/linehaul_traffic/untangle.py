# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which vehicles are in a knot, and how the way out of it gets into the execution graph.

A knot is made of vehicles that stand though the lanes to their goals are open, and of those they
wait for, down to one that will not drive: broken down, before a closed lane, or at rest on a
lane. The complete search (knots.py) moves them, with everybody else as an obstacle where he
stands. Its moves come first in the new order of the graph, in their sequence; the steps of all
others follow as they were; last come the ways on, from the bays in which vehicles were put whose
goals are out of reach. The graph checks that order as a whole and refuses it if any two would be
in the same place.
"""

from collections.abc import Iterable, Sequence, Set

import numpy as np
from linehaul_floor.geometry import BoolArray, FloatArray

from linehaul_floor import RouteTable, VehicleId
from linehaul_traffic import road_queues as kernels
from linehaul_traffic.knot_moves import Knot
from linehaul_traffic.knots import Limits, Move, Search, roads_with_bays
from linehaul_traffic.overtaking import before
from linehaul_traffic.road_planner import TrafficPlanner

FAR_OFF = 1e5
"""[s] put on edges from which the goal cannot be reached: for making room only."""
ANYWHERE = -1


class Untangler:
    """Finds knots on one planner's graph, and undoes them."""

    def __init__(self, planner: TrafficPlanner, rng: np.random.Generator) -> None:
        self._planner, self._rng = planner, rng
        self._graph = planner.graph
        self._roads = roads_with_bays(planner.graph.model)
        model = planner.graph.model
        self._open = [RouteTable(model.roadmap, c, capacity=64) for c in model.classes]

    # Who is in a knot.

    def knots(
        self, still: Sequence[VehicleId], unable: Set[VehicleId]
    ) -> list[tuple[VehicleId, ...]]:
        """Return the vehicles of each knot; the first of each is the one to get on.

        Args:
            still: vehicles that have stood for long, the longest first.
            unable: vehicles that cannot drive now.
        """
        graph = self._graph
        tables = self._tables(self._walls(unable))
        found: dict[frozenset[VehicleId], tuple[VehicleId, ...]] = {}
        for vehicle in still:
            if np.isfinite(self._togo(graph.slot(vehicle), tables)):
                chain = [i for i in self._chain(vehicle, unable) if i not in unable]
                if chain:
                    found.setdefault(frozenset(chain), tuple(chain))
        return list(found.values())

    def _chain(self, vehicle: VehicleId, unable: Set[VehicleId]) -> list[VehicleId]:
        """Return whom a vehicle waits for, itself first, if it is for one who will not drive."""
        graph, q = self._graph, self._graph.queues
        seen, todo, stuck = [vehicle], [vehicle], False
        while todo:
            v = graph.slot(todo.pop())
            p = int(q.granted[v])
            if p >= q.size[v] - 1 or graph.at_slot(v) in unable:
                stuck = True  # it rests, or is broken down
                continue
            if graph.closed[q.edge[v, p]]:
                stuck = True
            for w in np.unique(before(q, graph.model.arrays, v, p).who).tolist():
                other = graph.at_slot(w)
                if other not in seen:
                    seen.append(other)
                    todo.append(other)
        return seen if stuck else []

    # Where everybody is.

    def _walls(self, vehicles: Iterable[VehicleId]) -> BoolArray:
        """Return (C * M,) elements that vehicles may be on now."""
        graph, q = self._graph, self._graph.queues
        elements = graph.model.arrays.rows.shape[2] - 1
        walls = np.zeros(len(graph.model.names) * elements, bool)
        for vehicle in vehicles:
            if vehicle in graph.vehicles:
                v = graph.slot(vehicle)
                walls[int(q.kind[v]) * elements + np.array(self._held(v))] = True
        return walls

    def _held(self, v: int) -> list[int]:
        graph = self._graph
        q, road = graph.queues, graph.model.arrays
        held = [int(kernels.element(q, road, v, int(q.reached[v]), 0))]
        for p in range(int(q.reached[v]), int(q.granted[v])):
            parts = (int(kernels.ahead(q, road, v, p, part)) for part in range(3))
            held += [x for x in parts if x >= 0]
        return held

    def _blocked(self, kind: int, walls: BoolArray) -> BoolArray:
        """Return (E,) edges that are closed, or end or lead where something stands."""
        graph, road = self._graph, self._graph.model.arrays
        elements = road.rows.shape[2] - 1
        hit = np.zeros(elements, bool)
        for line in np.flatnonzero(walls).tolist():
            begin, end = road.rows[line // elements, kind, line % elements :][:2]
            hit[road.row[begin:end]] = True
        return np.asarray(graph.closed | hit[road.nodes : road.poses] | hit[road.poses :])

    def _tables(self, walls: BoolArray) -> list[RouteTable]:
        model = self._graph.model
        return [
            RouteTable(model.roadmap, c, blocked=self._blocked(k, walls), capacity=64)
            for k, c in enumerate(model.classes)
        ]

    def _state(self, v: int) -> int:
        """Return the edge at whose end a row will stand, -1: it stands where it was put."""
        q = self._graph.queues
        return int(q.edge[v, q.granted[v] - 1]) if q.granted[v] > 0 else -1

    def _goal(self, v: int) -> int:
        q = self._graph.queues
        return int(q.node[v, q.size[v] - 1])

    def _first(self, v: int) -> tuple[np.ndarray, FloatArray]:
        """Return what a row can begin with from where it was put, and the turns before it."""
        graph, q = self._graph, self._graph.queues
        if self._state(v) >= 0:
            return np.zeros(0, np.int32), np.zeros(0)
        if q.size[v] > 1:
            return q.edge[v, :1].copy(), q.turn[v, :1].copy()
        edges = graph.roadmap.edges_from(int(q.node[v, 0]))
        return edges, np.zeros(len(edges))

    def _after(self, v: int) -> np.ndarray:
        """Return the edges a row can take next."""
        state = self._state(v)
        if state < 0:
            return self._first(v)[0]
        begin, end = self._roads.next_indptr[state : state + 2]
        return self._roads.next_edge[begin:end]

    def _togo(self, v: int, tables: list[RouteTable], goal: int | None = None) -> float:
        """Return the least time [s] from where a row stands to its goal."""
        goal = self._goal(v) if goal is None else goal
        q = self._graph.queues
        if int(q.node[v, q.granted[v]]) == goal:
            return 0.0
        row = tables[int(q.kind[v])].row(goal)
        return float(row[self._after(v)].min(initial=np.inf))

    # The way out.

    def undo(
        self, knot: Sequence[VehicleId], unable: Set[VehicleId], most: int = 16
    ) -> list[VehicleId]:
        """Lead the vehicles of a knot out of it; return who has got another way.

        Args:
            knot: see `knots`. Who stands in their way is moved too.
            unable: vehicles that cannot drive now.
            most: vehicles to move at most.
        """
        team = [self._graph.slot(vehicle) for vehicle in knot[:most]]
        team = self._with_who_is_in_the_way(team, unable, most)
        goals = self._goals(team, unable)
        moves = self._moves(team, goals)
        return [] if moves is None else self._commit(team, goals, moves)

    def _with_who_is_in_the_way(
        self, team: list[int], unable: Set[VehicleId], most: int
    ) -> list[int]:
        """Return the team with those who stand on the ways of its vehicles."""
        graph = self._graph
        tables = self._tables(self._walls(unable))
        roadmap, wanted = graph.roadmap, np.zeros(graph.roadmap.edge_count, bool)
        for v in team:
            row = tables[int(graph.queues.kind[v])].row(self._goal(v))
            edges = self._after(v)
            while edges.size and np.isfinite(row[edges]).any():
                edge = int(edges[np.argmin(row[edges])])
                if wanted[edge]:
                    break
                wanted[edge] = True
                if roadmap.edge_end[edge] == self._goal(v):
                    break
                begin, end = self._roads.next_indptr[edge : edge + 2]
                edges = self._roads.next_edge[begin:end]
        found = list(team)
        for vehicle in graph.vehicles:
            w = graph.slot(vehicle)
            if w not in found and vehicle not in unable and len(found) < most:
                own = self._blocked(int(graph.queues.kind[w]), self._walls([vehicle]))
                if (own & wanted & ~graph.closed).any():
                    found.append(w)
        return found

    def _goals(self, team: list[int], unable: Set[VehicleId]) -> dict[int, int]:
        """Return where each of a team goes: its goal, or a free bay if that is out of reach."""
        graph, q = self._graph, self._graph.queues
        tables = self._tables(self._walls(unable))
        goals, free = {}, self._free_bays(team)
        for v in team:
            goals[v] = self._goal(v)
            if not np.isfinite(self._togo(v, tables)):
                near = [(self._togo(v, tables, bay), bay) for bay in free]
                near = [one for one in near if np.isfinite(one[0])]
                goals[v] = min(near)[1] if near else ANYWHERE
                free = [bay for bay in free if bay != goals[v]]
                if graph.roadmap.node_bay[q.node[v, q.granted[v]]]:
                    goals[v] = int(q.node[v, q.granted[v]])  # it is in a bay already
        return goals

    def _free_bays(self, team: list[int]) -> list[int]:
        """Return the bays where nobody wants to be, and nobody is but those of a team."""
        graph, q = self._graph, self._graph.queues
        slots = [graph.slot(vehicle) for vehicle in graph.vehicles]
        taken = {self._goal(v) for v in slots}
        taken |= {int(q.node[v, q.granted[v]]) for v in slots if v not in team}
        return [n for n in np.flatnonzero(graph.roadmap.node_bay).tolist() if n not in taken]

    def _moves(self, team: list[int], goals: dict[int, int]) -> tuple[Move, ...] | None:
        """Return the moves (slot, edge) that bring a team to its goals; None: not found."""
        graph = self._graph
        q, road = graph.queues, graph.model.arrays
        walls = self._walls([i for i in graph.vehicles if graph.slot(i) not in team])
        tables = self._tables(walls)
        for v in team:
            if goals[v] >= 0 and not np.isfinite(self._togo(v, tables, goals[v])):
                if v == team[0]:
                    return None  # others stand in the way who are not of this knot
                goals[v] = ANYWHERE
        firsts = [self._first(v) for v in team]
        widest = max(int(np.diff(self._roads.next_indptr).max()), *(len(f[0]) for f in firsts))
        knot = Knot(
            kind=q.kind[team].copy(),
            next_indptr=self._roads.next_indptr,
            next_edge=self._roads.next_edge,
            next_turn=self._roads.next_turn,
            first_indptr=np.cumsum([0, *(len(f[0]) for f in firsts)]).astype(np.int32),
            first_edge=np.concatenate([f[0] for f in firsts]).astype(np.int32),
            first_turn=np.concatenate([f[1] for f in firsts]),
            cost=np.array([self._cost(v, goals[v], tables) for v in team]),
            goal=np.array([goals[v] for v in team], np.int32),
            walls=walls,
            most=widest,
        )
        state = np.array([self._state(v) for v in team], np.int32)
        here = [int(q.node[v, q.granted[v]]) for v in team]
        start = np.where(state >= 0, road.poses + state, here).astype(np.int32)
        search = Search(knot, road, state, start)
        found = search.way_out(np.arange(len(team), dtype=np.int32), self._rng, Limits())
        if found.moves is None:
            return None
        return tuple((team[i], edge) for i, edge in found.moves)

    def _cost(self, v: int, goal: int, tables: list[RouteTable]) -> FloatArray:
        """Return (E,) seconds from the beginning of each edge to a goal, for making moves."""
        graph, road = self._graph, self._graph.model.arrays
        kind, run = int(graph.queues.kind[v]), self._graph.model.arrays.run
        may = np.isfinite(run[graph.queues.motion[v]]) & ~graph.closed
        row = np.zeros(may.size) if goal < 0 else np.array(tables[kind].row(goal))
        for edge in np.flatnonzero(graph.roadmap.node_bay[road.end] & may).tolist():
            if int(road.end[edge]) != goal >= 0:
                begin, end = self._roads.next_indptr[edge : edge + 2]
                out = row[self._roads.next_edge[begin:end]].min(initial=np.inf)
                row[edge] = run[graph.queues.motion[v], edge] + out
        return np.where(may, np.where(np.isfinite(row), row, FAR_OFF), np.inf)

    # Into the graph.

    def _commit(
        self, team: list[int], goals: dict[int, int], moves: tuple[Move, ...]
    ) -> list[VehicleId]:
        """Write paths and order into the graph; empty: it refused them, and is as before."""
        graph = self._graph
        moved = [v for v in team if any(w == v for w, _ in moves)]
        ways = {v: [e for w, e in moves if w == v] for v in moved}
        later = {v: self._way_on(v, ways[v][-1], goals[v]) for v in moved}
        if any(way is None for way in later.values()):
            return []
        names = {graph.slot(i): i for i in graph.vehicles}
        others = [i for i, _ in graph.sequence() if graph.slot(i) not in moved]
        saved = [self._planner.save(v) for v in moved]
        for v in moved:
            kernels.withdraw(graph.queues, v)
            self._write(v, [*ways[v], *(later[v] or [])])
            graph.insert(v)
        last = [names[v] for v in moved for _ in later[v] or []]
        if graph.reorder([*(names[v] for v, _ in moves), *others, *last]):
            return [names[v] for v in moved]
        for v in moved:
            kernels.withdraw(graph.queues, v)
        for one in saved:
            self._planner.put_back(one)
        return []

    def _way_on(self, v: int, edge: int, goal: int) -> list[int] | None:
        """Return the way from the end of an edge to a row's own goal; None: there is none."""
        graph, mine = self._graph, self._goal(v)
        if goal == mine:
            return []
        heading = float(graph.roadmap.vehicle_heading[edge])
        node = int(graph.roadmap.edge_end[edge])
        route = self._open[int(graph.queues.kind[v])].route(node, mine, heading)
        return None if route is None else [int(e) for e in route.edges]

    def _write(self, v: int, edges: list[int]) -> None:
        """Let a row's path go on over edges from where it is granted to."""
        graph, road = self._graph, self._graph.model.arrays
        p, n = int(graph.queues.granted[v]), int(graph.queues.granted[v]) + len(edges) + 1
        turns = self._turns(v, edges)
        graph.lengthen(n)
        q = graph.queues
        q.edge[v, p : n - 1], q.turn[v, p : n - 1] = edges, turns
        q.node[v, p + 1 : n] = road.end[edges]
        q.size[v] = n

    def _turns(self, v: int, edges: list[int]) -> list[float]:
        state, turns = self._state(v), []
        for edge in edges:
            if state < 0:
                firsts, first_turns = self._first(v)
                turns.append(float(first_turns[np.flatnonzero(firsts == edge)[0]]))
            else:
                begin, end = self._roads.next_indptr[state : state + 2]
                k = begin + np.flatnonzero(self._roads.next_edge[begin:end] == edge)[0]
                turns.append(float(self._roads.next_turn[self._graph.queues.kind[v], k]))
            state = edge
        return turns
