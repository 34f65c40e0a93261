# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse as it is built: aisles with their cells and crane, ports, and arrays of them.

A cell is named aisle-bay-level-depth, as in a1-l012-07-1: side l or r of the aisle, bay from the
input/output end, level from the floor, and 1 for a cell at the aisle, 2 for the one behind it.
There is one crane for each aisle and it has the aisle's name.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from math import inf, isfinite

import numpy as np
import numpy.typing as npt

from linehaul_warehouse.errors import RackError
from linehaul_warehouse.ids import AisleId, CellId, PortId
from linehaul_warehouse.travel import Drive, leg_times

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Flow(IntEnum):
    """Which way loads pass a port, seen from the floor: OUT hands loads to vehicles."""

    UNKNOWN = 0
    IN = 2
    OUT = 3


@dataclass(frozen=True, slots=True)
class Aisle:
    """One aisle: cells on both sides.

    bay and level are the pitches [m]. limits: (highest level, heaviest load [kg], tallest load
    [m]) from the floor up, the last reaching to the top; empty: no limits. depth: 1 or 2.
    """

    id: AisleId
    bays: int
    levels: int
    bay: float
    level: float
    drive: Drive
    depth: int = 1
    limits: tuple[tuple[int, float, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.id or '-' in self.id:
            raise RackError(f"aisle: found id {self.id!r}, wanted text without '-'")
        if self.bays < 1 or self.levels < 1 or self.depth not in (1, 2):
            found = (self.bays, self.levels, self.depth)
            raise RackError(
                f'aisle {self.id}: found bays, levels, depth {found}, wanted >= 1, 1-2'
            )
        if not all(isfinite(p) and p > 0.0 for p in (self.bay, self.level)):
            raise RackError(f'aisle {self.id}: found pitches {(self.bay, self.level)}, wanted > 0')


@dataclass(frozen=True, slots=True)
class Port:
    """Where loads change between crane and conveyor.

    x, y: handover position in every aisle it serves [m]. capacity: containers on its conveyor and
    at its end. conveyor_time: from handover to the end, or back [s].
    """

    id: PortId
    flow: Flow
    aisles: tuple[AisleId, ...]
    capacity: int = 1
    x: float = 0.0
    y: float = 0.0
    conveyor_time: float = 0.0


@dataclass(frozen=True, eq=False)
class Rack:
    """All cells as arrays of length n, cells of an aisle next to each other.

    aisle: index into aisles. xy: (n, 2) position [m]. depth: 1 or 2. mate: index of the other
    cell of a double-deep lane, -1: none. travel: time [s] from the aisle's input/output end.
    rank: share 0..1 of the aisle's cells that are nearer to that end.
    """

    id: str
    aisles: tuple[Aisle, ...]
    ports: dict[PortId, Port]
    ids: list[CellId] = field(init=False)
    index: dict[CellId, int] = field(init=False)
    aisle: Ints = field(init=False)
    xy: Floats = field(init=False)
    depth: Ints = field(init=False)
    mate: Ints = field(init=False)
    travel: Floats = field(init=False)
    rank: Floats = field(init=False)
    heaviest: Floats = field(init=False)
    tallest: Floats = field(init=False)
    span: dict[AisleId, slice] = field(init=False)
    at: dict[tuple[AisleId, Flow], list[Port]] = field(init=False)

    def __post_init__(self) -> None:
        names = [a.id for a in self.aisles]
        if len(set(names)) != len(names) or not names:
            raise RackError(f'aisles: found {names}, wanted at least one and each once')
        for port in self.ports.values():
            strange = set(port.aisles) - set(names)
            if strange or not port.aisles:
                raise RackError(f'port {port.id}: found aisles {port.aisles}, wanted of {names}')
            if port.capacity < 1:
                raise RackError(f'port {port.id}: found capacity {port.capacity}, wanted >= 1')
        parts = [_cells(k, aisle) for k, aisle in enumerate(self.aisles)]
        span, first = {}, 0
        for aisle, part in zip(self.aisles, parts, strict=True):
            span[aisle.id] = slice(first, first + len(part.ids))
            first += len(part.ids)
        mates = []
        for place, part in zip(span.values(), parts, strict=True):
            mates.append(np.where(part.mate < 0, -1, part.mate + place.start))
        ids = [name for part in parts for name in part.ids]
        made = {
            'ids': ids,
            'index': {name: k for k, name in enumerate(ids)},
            'mate': np.concatenate(mates),
            'span': span,
            'at': _ports_at(names, self.ports),
        }
        for name in ('aisle', 'xy', 'depth', 'travel', 'rank', 'heaviest', 'tallest'):
            made[name] = np.concatenate([getattr(part, name) for part in parts])
        for name, value in made.items():
            object.__setattr__(self, name, value)

    def aisle_of(self, cell: CellId) -> Aisle:
        """Return the aisle of a cell."""
        return self.aisles[int(self.aisle[self.index[cell]])]

    def position(self, cell: CellId) -> tuple[float, float]:
        """Return x, y [m] of a cell."""
        x, y = self.xy[self.index[cell]]
        return float(x), float(y)

    def ports_of(self, aisle: AisleId, flow: Flow) -> list[Port]:
        """Return the ports of a flow that serve an aisle, in the order of the description."""
        return self.at[aisle, flow]


def _ports_at(
    aisles: list[AisleId], ports: dict[PortId, Port]
) -> dict[tuple[AisleId, Flow], list[Port]]:
    return {
        (aisle, flow): [p for p in ports.values() if p.flow is flow and aisle in p.aisles]
        for aisle in aisles
        for flow in (Flow.IN, Flow.OUT)
    }


@dataclass(frozen=True, slots=True)
class _Part:
    ids: list[CellId]
    aisle: Ints
    xy: Floats
    depth: Ints
    mate: Ints
    travel: Floats
    rank: Floats
    heaviest: Floats
    tallest: Floats


def _cells(number: int, aisle: Aisle) -> _Part:
    """Make the arrays of one aisle; mate counts from its first cell."""
    shape = (2, aisle.bays, aisle.levels, aisle.depth)
    side, bay, level, deep = (a.ravel() for a in np.indices(shape))
    ids = [
        CellId(f'{aisle.id}-{"lr"[s]}{b + 1:03d}-{v + 1:02d}-{d + 1}')
        for s, b, v, d in zip(
            side.tolist(), bay.tolist(), level.tolist(), deep.tolist(), strict=True
        )
    ]
    xy = np.stack([(bay + 0.5) * aisle.bay, (level + 0.5) * aisle.level], axis=1)
    travel = leg_times(np.zeros((1, 2)), xy, aisle.drive.array)
    rank = np.argsort(np.argsort(travel, kind='stable'), kind='stable') / len(travel)
    own = np.arange(len(ids))
    mate = own + np.where(deep == 0, 1, -1) if aisle.depth == 2 else np.full(len(ids), -1)
    heaviest, tallest = np.full(len(ids), inf), np.full(len(ids), inf)
    for top, weight, height in reversed(aisle.limits):
        heaviest[level < top], tallest[level < top] = weight, height
    return _Part(
        ids,
        np.full(len(ids), number),
        xy,
        deep + 1,
        mate,
        np.asarray(travel),
        np.asarray(rank),
        heaviest,
        tallest,
    )


def uniform_rack(
    name: str,
    aisles: int,
    bays: int,
    levels: int,
    drive: Drive,
    *,
    bay: float = 1.0,
    level: float = 1.0,
    depth: int = 1,
    capacity: int = 2,
    conveyor_time: float = 0.0,
    ports: int = 1,
    limits: tuple[tuple[int, float, float], ...] = (),
) -> Rack:
    """Return a rack of equal aisles a1, a2, … with ports a1_in_1, a1_out_1, … at the corner."""
    made, places = [], {}
    for k in range(1, aisles + 1):
        aisle_id = AisleId(f'a{k}')
        made.append(Aisle(aisle_id, bays, levels, bay, level, drive, depth, limits))
        for flow in (Flow.IN, Flow.OUT):
            for n in range(1, ports + 1):
                port = PortId(f'{aisle_id}_{flow.name.lower()}_{n}')
                places[port] = Port(port, flow, (aisle_id,), capacity, conveyor_time=conveyor_time)
    return Rack(name, tuple(made), places)
