# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse behind the ports: brings containers out and takes them in, after a while.

A stand-in with endless stock, for ports behind which no warehouse node works. A retrieval is
known by its request id: a repeat is the same one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from linehaul_floor import Flow, ItemId, PlaceId, PlaceKind, Plant
from linehaul_sim.loads import HolderKind, Ledger, gives, has_port, out_ports
from linehaul_vda5050 import LoadId

EMPTY_MASS = 40.0
"""Mass [kg] of an empty container."""
MOST_ENDED = 5000
"""Ended requests remembered, so that repeats are known."""


class RetrievalPhase(IntEnum):
    """Phases of RetrieveLoad.action; ENDED ones are AT_PORT and CANCELLED."""

    UNKNOWN = 0
    QUEUED = 1
    RESERVED = 2
    CRANE = 3
    CONVEYOR = 4
    AT_PORT = 5
    CANCELLED = 6

    @property
    def ended(self) -> bool:
        """Nothing more will happen."""
        return self in (RetrievalPhase.AT_PORT, RetrievalPhase.CANCELLED)


class RefusalCode(IntEnum):
    """Why a request is refused; numbers as in ErrorCode.msg."""

    INVALID_ARGUMENT = 3
    RETRIEVE_UNKNOWN_ITEM = 200
    RETRIEVE_WRONG_PORT = 204
    RETRIEVE_ID_REUSED = 205
    RETRIEVE_QUANTITY_INVALID = 207


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is not taken."""

    code: RefusalCode
    text: str


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """What somebody wants brought. item_id '' is an empty container, port_id '' any port."""

    request_id: str
    item_id: str
    quantity: int
    port_id: str = ''
    order_id: str = ''


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A container on its way to a port; ready is the plant time [s] it gets there."""

    request: RetrieveRequest
    phase: RetrievalPhase
    port_id: PlaceId
    load_id: LoadId
    ready: float


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """A container that somebody brings. port_id '' any port."""

    request_id: str
    load_id: str
    port_id: str = ''


@dataclass(slots=True)
class Warehouse:
    """All requests, open and ended, oldest first."""

    retrievals: dict[str, Retrieval] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    stores: dict[str, StoreRequest] = field(default_factory=dict)


def retrieve(
    plant: Plant,
    warehouse: Warehouse,
    ledger: Ledger,
    request: RetrieveRequest,
    now: float,
    draw: Callable[[], float],
) -> Retrieval | Refused:
    """Take a retrieval, or return the one that has this request id already.

    Args:
        plant: The plant.
        warehouse: Changed in place.
        ledger: Changed in place.
        request: What is wanted.
        now: Plant time [s].
        draw: Gives how long the crane needs [s]; called for new retrievals only.
    """
    known = warehouse.retrievals.get(request.request_id)
    if known is not None:
        if known.request == request:
            return known
        text = f'request {request.request_id!r} was used before with other content'
        return Refused(RefusalCode.RETRIEVE_ID_REUSED, text)
    problem = _problem(plant, request)
    if problem is not None:
        return problem
    ports = out_ports(plant.places, ItemId(request.item_id) if request.item_id else None)
    if request.port_id:
        ports = [PlaceId(request.port_id)]
    if not ports:
        text = f'no port gives item {request.item_id!r}'
        return Refused(RefusalCode.RETRIEVE_WRONG_PORT, text)
    queue = dict.fromkeys(ports, 0)
    for name in warehouse.open:
        if warehouse.retrievals[name].port_id in queue:
            queue[warehouse.retrievals[name].port_id] += 1
    port = min(ports, key=lambda p: (queue[p] + len(ledger.ports[p].loads), ports.index(p)))
    ready = max(now, ledger.ports[port].free_at) + draw()
    ledger.ports[port].free_at = ready
    item = plant.items.get(ItemId(request.item_id))
    mass = item.load_mass if item else EMPTY_MASS
    quantity = item.container_units if item else 0
    load = ledger.make(item.id if item else None, quantity, mass, request.order_id, now)
    retrieval = Retrieval(request, RetrievalPhase.CRANE, port, load, ready)
    warehouse.retrievals[request.request_id] = retrieval
    warehouse.open.append(request.request_id)
    return retrieval


def _problem(plant: Plant, request: RetrieveRequest) -> Refused | None:
    if not request.request_id:
        return Refused(RefusalCode.INVALID_ARGUMENT, 'request_id is empty')
    if request.item_id:
        item = plant.items.get(ItemId(request.item_id))
        if item is None:
            text = f'no item {request.item_id!r} in plant {plant.name!r}'
            return Refused(RefusalCode.RETRIEVE_UNKNOWN_ITEM, text)
        if not 1 <= request.quantity <= item.container_units:
            text = f'found quantity {request.quantity}, wanted 1 to {item.container_units}'
            return Refused(RefusalCode.RETRIEVE_QUANTITY_INVALID, text)
    place = plant.places.get(PlaceId(request.port_id))
    if request.port_id and (place is None or not (has_port(place) and gives(place))):
        text = f'{request.port_id!r} is no port that gives containers'
        return Refused(RefusalCode.RETRIEVE_WRONG_PORT, text)
    return None


def cancel_retrieval(warehouse: Warehouse, ledger: Ledger, request_id: str, now: float) -> bool:
    """Give a retrieval up if the container is not at the port yet; the load goes back."""
    found = warehouse.retrievals.get(request_id)
    if found is None or found.phase.ended:
        return False
    warehouse.retrievals[request_id] = replace(found, phase=RetrievalPhase.CANCELLED)
    warehouse.open.remove(request_id)
    ledger.give(found.load_id, HolderKind.GONE, '', now)
    return True


def step_warehouse(
    plant: Plant,
    warehouse: Warehouse,
    ledger: Ledger,
    now: float,
    store_time: float,
    managed: tuple[str, ...] = (),
) -> list[str]:
    """Bring out what is due where the port has room; take in what stands at in-ports.

    Args:
        plant: The plant.
        warehouse: Changed in place.
        ledger: Changed in place.
        now: Plant time [s].
        store_time: Time until an in-port has taken a container in [s].
        managed: Ports that a warehouse node sees to.

    Returns:
        Request ids that have ended in this step.
    """
    ended = []
    blocked: set[PlaceId] = set()
    for name in list(warehouse.open):
        item = warehouse.retrievals[name]
        port = ledger.ports[item.port_id]
        full = len(port.loads) >= plant.places[item.port_id].capacity
        if item.ready > now or full or port.claimed or item.port_id in blocked:
            blocked.add(item.port_id)  # first come, first served at each port
            continue
        ledger.give(item.load_id, HolderKind.PORT, str(item.port_id), now)
        warehouse.retrievals[name] = replace(item, phase=RetrievalPhase.AT_PORT)
        warehouse.open.remove(name)
        ended.append(name)
    _take_in(plant, ledger, now, store_time, managed)
    _forget(warehouse)
    return ended


def _forget(warehouse: Warehouse) -> None:
    excess = len(warehouse.retrievals) - MOST_ENDED - len(warehouse.open)
    if excess > 0:
        ended = [k for k, r in warehouse.retrievals.items() if r.phase.ended][:excess]
        for name in ended:
            del warehouse.retrievals[name]


def _take_in(
    plant: Plant, ledger: Ledger, now: float, store_time: float, managed: tuple[str, ...]
) -> None:
    for place_id, port in ledger.ports.items():
        if not port.loads:
            port.next_time = float('inf')
            continue
        place = plant.places[place_id]
        theirs = place.kind is PlaceKind.STATION or place_id in managed
        if theirs or place.flow is not Flow.IN:
            continue
        if port.next_time == float('inf'):
            port.next_time = now + store_time
        elif now >= port.next_time and port.claimed is None:
            ledger.give(port.loads[0], HolderKind.GONE, '', now)
            port.next_time = float('inf')


def step_stations(
    plant: Plant, ledger: Ledger, now: float, empty_time: float, *, keep_empties: bool
) -> None:
    """Use up one container after the other at each station."""
    for place_id, port in ledger.ports.items():
        if not port.loads or plant.places[place_id].kind is not PlaceKind.STATION:
            continue
        full = [name for name in port.loads if ledger.loads[name].quantity > 0]
        if not full:
            port.next_time = float('inf')
        elif port.next_time == float('inf'):
            port.next_time = now + empty_time
        elif now >= port.next_time and port.claimed is None:
            ledger.consume(full[0], now, keep=keep_empties)
            port.next_time = float('inf')


def draw_duration(rng: np.random.Generator, mean: float) -> float:
    """Draw a time [s] between 0.7 and 1.3 of its mean."""
    return float(mean * rng.uniform(0.7, 1.3))
