# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that happens to the warehouse, as one closed union; the journal is a list of these.

A stock transaction never changes what an earlier one said: a correction is a further event.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, Union, get_args

from linehaul_warehouse.codec import build, plain
from linehaul_warehouse.codes import Code
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import (
    NO_LOAD,
    NO_LOT,
    NO_PORT,
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
from linehaul_warehouse.model import (
    CellMark,
    Count,
    Job,
    Load,
    Outcome,
    Packml,
    Place,
    Quality,
    RetrievalPhase,
    RetrieveRequest,
    Step,
    StoragePhase,
    StoreRequest,
)

# Stock.


@dataclass(frozen=True, slots=True)
class LoadReceived:
    """A load came into the warehouse's hands."""

    load: Load


@dataclass(frozen=True, slots=True)
class LoadMoved:
    """A load changed its place; ready [s]: when a crane or a vehicle can have it there."""

    load_id: LoadId
    place: Place
    ready: float = nan


@dataclass(frozen=True, slots=True)
class LoadIssued:
    """A load left the warehouse for an order ('' none); says again what it was, for tracing."""

    load_id: LoadId
    item_id: ItemId
    lot: Lot
    quantity: int
    order_id: OrderId
    request_id: RequestId
    port_id: PortId


@dataclass(frozen=True, slots=True)
class LoadRemoved:
    """A load was taken out of the books by a person, or a count."""

    load_id: LoadId
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadAdjusted:
    """A person, or a count, corrected what is in a load."""

    load_id: LoadId
    item_id: ItemId
    lot: Lot
    quantity: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class QualitySet:
    """A load was released, blocked or sent to inspection."""

    load_id: LoadId
    quality: Quality
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadHeld:
    """A load was reserved by a request, or by a reservation until a time [s] (NaN: no end)."""

    load_id: LoadId
    holder: RequestId
    order_id: OrderId
    until: float = nan


@dataclass(frozen=True, slots=True)
class LoadFreed:
    """The reservation of a load ended."""

    load_id: LoadId
    reason: str


# Cells and aisles.


@dataclass(frozen=True, slots=True)
class CellClaimed:
    """A cell was chosen for a load that comes; '' gives it up."""

    cell_id: CellId
    load_id: LoadId


@dataclass(frozen=True, slots=True)
class CellMarked:
    """A cell was blocked, found faulty, or is good again; a blocked one is to be counted."""

    cell_id: CellId
    mark: CellMark
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class CellCounted:
    """A person counted a cell. settled: this count and the stock, or the last count, agree."""

    cell_id: CellId
    count: Count
    settled: bool


@dataclass(frozen=True, slots=True)
class AisleBlocked:
    """An aisle was blocked or opened again."""

    aisle_id: AisleId
    blocked: bool
    actor: str
    reason: str


# Requests.


@dataclass(frozen=True, slots=True)
class RetrievalAsked:
    """A retrieval was checked and taken."""

    request: RetrieveRequest


@dataclass(frozen=True, slots=True)
class RetrievalPhased:
    """A retrieval went on, or back to QUEUED."""

    request_id: RequestId
    phase: RetrievalPhase
    load_id: LoadId = NO_LOAD
    port_id: PortId = NO_PORT


@dataclass(frozen=True, slots=True)
class RetrievalEnded:
    """A retrieval is over: the load is at its port, or the code says why not."""

    request_id: RequestId
    code: Code = Code.NONE
    text: str = ''
    load_id: LoadId = NO_LOAD
    port_id: PortId = NO_PORT
    lot: Lot = NO_LOT
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class StorageAsked:
    """A storage was checked and taken; the port it is expected at."""

    request: StoreRequest
    port_id: PortId


@dataclass(frozen=True, slots=True)
class StoragePhased:
    """A storage went on."""

    request_id: RequestId
    phase: StoragePhase


@dataclass(frozen=True, slots=True)
class StorageEnded:
    """A storage is over: the load is in the cell, or the code says why not."""

    request_id: RequestId
    cell_id: CellId
    code: Code = Code.NONE
    text: str = ''


# Cranes.


@dataclass(frozen=True, slots=True)
class CyclePlanned:
    """A crane got jobs, or the rest of its cycle was changed."""

    aisle_id: AisleId
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class StepSent:
    """A crane is told to do a step; written before it is sent."""

    aisle_id: AisleId
    step: Step


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A crane answered; x, y [m] where it stands, energy [J] of the step."""

    aisle_id: AisleId
    task_id: TaskId
    outcome: Outcome
    x: float
    y: float
    energy: float = 0.0


@dataclass(frozen=True, slots=True)
class CraneChanged:
    """A crane's machine state changed."""

    aisle_id: AisleId
    state: Packml
    actor: str
    reason: str


Event = Union[  # noqa: UP007 (read at run time)
    LoadReceived,
    LoadMoved,
    LoadIssued,
    LoadRemoved,
    LoadAdjusted,
    QualitySet,
    LoadHeld,
    LoadFreed,
    CellClaimed,
    CellMarked,
    CellCounted,
    AisleBlocked,
    RetrievalAsked,
    RetrievalPhased,
    RetrievalEnded,
    StorageAsked,
    StoragePhased,
    StorageEnded,
    CyclePlanned,
    StepSent,
    StepEnded,
    CraneChanged,
]

KINDS: dict[str, typing.Any] = {kind.__name__: kind for kind in get_args(Event)}


def to_record(event: Event) -> tuple[str, dict[str, Any]]:
    """Return the kind and the JSON body of an event."""
    return type(event).__name__, plain(event)


def from_record(kind: str, body: Mapping[str, Any]) -> Event:
    """Return the event of a record.

    Raises:
        EventError: unknown kind, or the body does not have its form.
    """
    if kind not in KINDS:
        raise EventError(f'journal: found event kind {kind!r}, wanted one of {sorted(KINDS)}')
    try:
        return build(KINDS[kind], body)  # type: ignore[no-any-return]
    except ValueError as error:
        raise EventError(f'journal: {kind} has a body that does not fit: {error}') from error
