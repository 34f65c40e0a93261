# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the warehouse knows: loads, requests, cranes. All of it is a fold of `events`."""

from dataclasses import dataclass
from enum import IntEnum
from math import nan

from linehaul_warehouse.codes import Code
from linehaul_warehouse.ids import (
    NO_CELL,
    NO_LOAD,
    NO_LOT,
    NO_ORDER,
    NO_PORT,
    NO_REQUEST,
    AisleId,
    CellId,
    ItemId,
    LoadId,
    Lot,
    OrderId,
    PortId,
    RequestId,
    TaskId,
)


class Quality(IntEnum):
    """May a load be used? Numbers as in StockRecord.msg."""

    UNKNOWN = 0
    RELEASED = 1
    BLOCKED = 2
    INSPECTION = 3


class PlaceKind(IntEnum):
    """What holds a load. MISSING: a person must look; GONE: no longer the warehouse's."""

    UNKNOWN = 0
    CELL = 1
    PORT = 2
    CRANE = 3
    CLARIFICATION = 4
    MISSING = 5
    GONE = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a load is: a cell, port or aisle (of the crane), or where it was last if MISSING."""

    kind: PlaceKind
    id: str = ''


@dataclass(frozen=True, slots=True)
class Load:
    """One container and what is in it.

    item_id '': empty. weight [kg], height [m]: NaN is not known. received, expires (NaN: never),
    wanted (when it is expected to leave, NaN: not known), ready (when a crane can have it, at a
    port) in plant time [s]. order_id: the order that owns it. held_by: the request or reservation
    that has it, '' none; a load has one holder at most. held_until: NaN is without end.
    """

    id: LoadId
    item_id: ItemId
    lot: Lot
    quantity: int
    place: Place
    received: float
    quality: Quality = Quality.RELEASED
    order_id: OrderId = NO_ORDER
    owner: str = ''
    weight: float = nan
    height: float = nan
    expires: float = nan
    wanted: float = nan
    ready: float = nan
    held_by: RequestId = NO_REQUEST
    held_for: OrderId = NO_ORDER
    held_until: float = nan


class RetrievalPhase(IntEnum):
    """Numbers as in RetrieveLoad.action, and ENDED."""

    UNKNOWN = 0
    QUEUED = 1
    RESERVED = 2
    CRANE = 3
    CONVEYOR = 4
    AT_PORT = 5
    ENDED = 6


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """A container of an item, at a port by a time. due NaN: as soon as possible."""

    id: RequestId
    item_id: ItemId
    quantity: int
    order_id: OrderId = NO_ORDER
    port_id: PortId = NO_PORT
    due: float = nan
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A retrieval that was taken. ended: code of the answer, with a text; done at [s]."""

    request: RetrieveRequest
    asked: float
    phase: RetrievalPhase = RetrievalPhase.QUEUED
    load_id: LoadId = NO_LOAD
    port_id: PortId = NO_PORT
    lot: Lot = NO_LOT
    quantity: int = 0
    code: Code = Code.NONE
    text: str = ''
    done: float = nan

    @property
    def open(self) -> bool:
        """It still goes on."""
        return self.phase not in (RetrievalPhase.AT_PORT, RetrievalPhase.ENDED)


class StoragePhase(IntEnum):
    """Numbers as in StoreLoad.action, and ENDED."""

    UNKNOWN = 0
    EXPECTED = 1
    AT_PORT = 2
    IDENTIFIED = 3
    CRANE = 4
    ENDED = 5


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """A container that comes to a port. quality as it arrives; wanted NaN: not known."""

    id: RequestId
    load_id: LoadId
    item_id: ItemId
    lot: Lot
    quantity: int
    order_id: OrderId = NO_ORDER
    owner: str = ''
    port_id: PortId = NO_PORT
    weight: float = nan
    height: float = nan
    expires: float = nan
    wanted: float = nan
    quality: Quality = Quality.RELEASED


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage that was taken."""

    request: StoreRequest
    asked: float
    phase: StoragePhase = StoragePhase.EXPECTED
    port_id: PortId = NO_PORT
    cell_id: CellId = NO_CELL
    code: Code = Code.NONE
    text: str = ''
    done: float = nan

    @property
    def open(self) -> bool:
        """It still goes on."""
        return self.phase is not StoragePhase.ENDED


class Packml(IntEnum):
    """States of a crane, numbers as in PackmlState.msg.

    HELD: own fault, or a person holds it. SUSPENDED: its aisle is blocked. STOPPED: down.
    ABORTED: emergency stop; only a person's reset leads out of it.
    """

    UNKNOWN = 0
    STOPPED = 2
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    ABORTED = 9
    HELD = 11


class JobKind(IntEnum):
    """What a job is for."""

    UNKNOWN = 0
    STORE = 1
    RETRIEVE = 2
    RELOCATE = 3
    MOVE = 4


@dataclass(frozen=True, slots=True)
class Job:
    """One load from here to there by one crane; a MOVE is without a load, to x, y [m]."""

    kind: JobKind
    load_id: LoadId = NO_LOAD
    source: Place = Place(PlaceKind.UNKNOWN)
    target: Place = Place(PlaceKind.UNKNOWN)
    x: float = nan
    y: float = nan


class StepKind(IntEnum):
    """What a crane is told to do."""

    UNKNOWN = 0
    PICK = 1
    DROP = 2
    MOVE = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One command to a crane; its task id is new for ever, so that a repeat is known as one."""

    task_id: TaskId
    kind: StepKind
    place: Place
    load_id: LoadId
    x: float
    y: float


class Outcome(IntEnum):
    """How a step ended. EMPTY: nothing to pick; OCCUPIED: no room to drop; then it was not done.

    OVERHANG: the load sticks out, the crane stands and a person must look.
    """

    UNKNOWN = 0
    DONE = 1
    EMPTY = 2
    OCCUPIED = 3
    OVERHANG = 4


@dataclass(frozen=True, slots=True)
class Crane:
    """A storage and retrieval machine. jobs: the rest of its cycle. step: sent, not answered.

    down: out of order; energy [J] and busy [s] since the beginning.
    """

    aisle_id: AisleId
    state: Packml = Packml.IDLE
    reason: str = ''
    since: float = 0.0
    x: float = 0.0
    y: float = 0.0
    load_id: LoadId = NO_LOAD
    jobs: tuple[Job, ...] = ()
    step: Step | None = None
    sent: float = 0.0
    tasks: int = 0
    singles: int = 0
    duals: int = 0
    moved: int = 0
    energy: float = 0.0
    busy: float = 0.0


class CellMark(IntEnum):
    """What a person or a fault said of a cell."""

    NONE = 0
    BLOCKED = 1
    FAULTY = 2


class CellState(IntEnum):
    """What a cell is."""

    UNKNOWN = 0
    FREE = 1
    RESERVED_IN = 2
    OCCUPIED = 3
    RESERVED_OUT = 4
    BLOCKED = 5
    FAULTY = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Why a cell is not used."""

    mark: CellMark
    reason: str
    actor: str
    since: float


@dataclass(frozen=True, slots=True)
class Count:
    """What a person found in a cell, without having been told what should be there."""

    actor: str
    load_id: LoadId
    item_id: ItemId
    quantity: int
    time: float = nan

    def agrees(self, other: 'Count') -> bool:
        """Say whether both found the same."""
        return (self.load_id, self.item_id, self.quantity) == (
            other.load_id,
            other.item_id,
            other.quantity,
        )
