# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Deliveries: what stations ask for, and how far each one is."""

from dataclasses import dataclass, field
from enum import IntEnum
from math import isnan, nan
from typing import NewType

from linehaul_fleet.codes import Code
from linehaul_floor import ItemId, PlaceId, VehicleId

RequestId = NewType('RequestId', str)
LoadId = NewType('LoadId', str)


class Phase(IntEnum):
    """How far a delivery is; numbers as in DeliveryState.msg."""

    UNKNOWN = 0
    REQUESTED = 1
    ACCEPTED = 2
    FETCHING = 3
    LOADED = 4
    DELIVERING = 5
    DELIVERED = 6
    CANCELLED = 7
    FAILED = 8
    WAITING_FOR_PERSON = 9

    @property
    def ended(self) -> bool:
        """True for phases that a delivery never leaves."""
        return self in (Phase.DELIVERED, Phase.CANCELLED, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller wants; times in seconds of the plant's clock, NaN where not given."""

    request_id: RequestId
    order_id: str
    item_id: ItemId
    quantity: int
    station_id: PlaceId
    earliest: float
    due: float
    priority: int

    def same_as(self, other: 'Request') -> bool:
        """Return whether two requests say the same; NaN equals NaN."""
        return self._key() == other._key()

    def _key(self) -> tuple[object, ...]:
        times = tuple(None if isnan(t) else t for t in (self.earliest, self.due))
        return (self.order_id, self.item_id, self.quantity, self.station_id, times, self.priority)


@dataclass(slots=True)
class Delivery:
    """One delivery: the request and what has become of it so far.

    earliest, due, priority and station_id begin as in the request and can be changed; hold: its
    line stands and it is not to be brought now, since held_since [s]. given_up: loads on their
    way to it that it gave to others meanwhile. retrieval_id: under which the warehouse is asked
    for its container. expected: plant time [s] at which the container is going to stand at the
    port.
    """

    request: Request
    requested: float
    earliest: float = field(init=False)
    due: float = field(init=False)
    priority: int = field(init=False)
    station_id: PlaceId = field(init=False)
    hold: bool = False
    held_since: float = nan
    given_up: int = 0
    retrieval_id: RequestId = field(init=False)
    expected: float = nan
    phase: Phase = Phase.ACCEPTED
    port_id: PlaceId | None = None
    load_id: LoadId | None = None
    at_port: bool = False
    vehicle_id: VehicleId | None = None
    ended: float = nan
    eta: float = nan
    reassignments: int = 0
    code: Code = Code.NONE
    text: str = ''

    def __post_init__(self) -> None:
        """Begin with what was asked for."""
        request = self.request
        self.earliest, self.due, self.priority = request.earliest, request.due, request.priority
        self.station_id, self.retrieval_id = request.station_id, request.request_id

    def due_if_released(self, now: float) -> float:
        """Return when it is due if its line runs on now [s]: while a line stands, none is lost."""
        return self.due if isnan(self.held_since) else self.due + (now - self.held_since)

    @property
    def slack(self) -> float:
        """Seconds between due and expected arrival; NaN where either is not known."""
        return self.due - self.eta

    @property
    def lateness(self) -> float:
        """Seconds between due and delivery; NaN where there was no due time or no delivery."""
        return self.ended - self.due if self.phase is Phase.DELIVERED else nan
