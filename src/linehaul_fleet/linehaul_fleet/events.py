# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Events of the fleet: everything that must not be forgotten, as one closed union.

The fleet's model is a fold of these events, so a journal of them brings the model back.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from enum import IntEnum
from math import isfinite, nan
from typing import Any, Union, get_args, get_origin

from linehaul_fleet.acts import Act
from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import LoadId, Phase, Request, RequestId
from linehaul_fleet.errors import EventError
from linehaul_fleet.work import Job, Leg
from linehaul_floor import PlaceId, VehicleId
from linehaul_traffic import Path
from linehaul_vda5050 import OrderId


@dataclass(frozen=True, slots=True)
class DeliveryRequested:
    """A request was checked and taken."""

    request: Request


@dataclass(frozen=True, slots=True)
class ContainerPromised:
    """The warehouse said which load comes to which port; eta: when [s], NaN if not known."""

    request_id: RequestId
    port_id: PlaceId
    load_id: LoadId
    eta: float = nan


@dataclass(frozen=True, slots=True)
class ContainerReady:
    """The load stands at the port."""

    request_id: RequestId
    port_id: PlaceId
    load_id: LoadId


@dataclass(frozen=True, slots=True)
class DeliveryChanged:
    """Times, priority, station or hold were changed; all fields are as they are from now on."""

    request_id: RequestId
    due: float
    priority: int
    station_id: PlaceId
    hold: bool
    by: str
    reason: str
    earliest: float = nan


@dataclass(frozen=True, slots=True)
class DeliveryReassigned:
    """A delivery changed its vehicle, and why; slack [s] with the old and the new one."""

    request_id: RequestId
    old_vehicle_id: VehicleId | None
    new_vehicle_id: VehicleId | None
    old_slack: float
    new_slack: float
    reason: str


@dataclass(frozen=True, slots=True)
class LoadsExchanged:
    """The load on its way to one delivery serves another, which gives its own container up for it.

    What `other_id` had (retrieval, port, load, vehicle) is now `request_id`'s, and the reverse.
    retrieval_id: what the warehouse is asked for next, where the other had asked for nothing yet.
    """

    request_id: RequestId
    other_id: RequestId
    retrieval_id: RequestId
    reason: str


@dataclass(frozen=True, slots=True)
class PhaseReached:
    """A delivery went on, or ended."""

    request_id: RequestId
    phase: Phase
    code: Code = Code.NONE
    text: str = ''


@dataclass(frozen=True, slots=True)
class JobGiven:
    """A vehicle got a job."""

    vehicle_id: VehicleId
    job: Job


@dataclass(frozen=True, slots=True)
class JobEnded:
    """A vehicle is done with its job, or lost it; why is for people."""

    vehicle_id: VehicleId
    why: str


@dataclass(frozen=True, slots=True)
class LegCommitted:
    """A vehicle's way was committed to the execution graph."""

    vehicle_id: VehicleId
    leg: Leg


@dataclass(frozen=True, slots=True)
class LegReplanned:
    """A vehicle's way was changed behind what is granted; path is the whole way."""

    vehicle_id: VehicleId
    path: Path


@dataclass(frozen=True, slots=True)
class LegRedirected:
    """A vehicle's leg goes elsewhere, or does something else there; the order stays the same."""

    vehicle_id: VehicleId
    leg: Leg


@dataclass(frozen=True, slots=True)
class LegEnded:
    """A vehicle has come to the end of its leg."""

    vehicle_id: VehicleId
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class LoadAbandoned:
    """A load stands at a port and nobody waits for it any more."""

    load_id: LoadId
    port_id: PlaceId


@dataclass(frozen=True, slots=True)
class VehicleRelocated:
    """A vehicle was found elsewhere than on its leg, and its leg was dropped."""

    vehicle_id: VehicleId
    node: int


Event = Union[  # noqa: UP007 (read at run time)
    DeliveryRequested,
    ContainerPromised,
    ContainerReady,
    DeliveryChanged,
    DeliveryReassigned,
    LoadsExchanged,
    PhaseReached,
    JobGiven,
    JobEnded,
    LegCommitted,
    LegReplanned,
    LegRedirected,
    LegEnded,
    LoadAbandoned,
    VehicleRelocated,
    Act,
]
_KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}


def to_record(event: Event) -> tuple[str, dict[str, Any]]:
    """Return an event as (kind, JSON object) for the journal; NaN becomes null."""
    return type(event).__name__, _plain(asdict(event))


def from_record(kind: str, body: Mapping[str, Any]) -> Event:
    """Read an event back.

    Raises:
        EventError: the kind is unknown or a field is missing.
    """
    if kind not in _KINDS:
        raise EventError(
            f'journal has an event of unknown kind {kind!r}; is it from a newer version?'
        )
    try:
        return typing.cast(Event, _build(_KINDS[kind], body))
    except (KeyError, TypeError, ValueError) as error:
        raise EventError(f'journal event {kind} cannot be read: {error!r}') from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _build(wanted: Any, value: Any) -> Any:
    if is_dataclass(wanted) and isinstance(wanted, type):
        hints = typing.get_type_hints(wanted)
        known = (f.name for f in fields(wanted) if f.name in value or f.default is MISSING)
        return wanted(**{name: _build(hints[name], value[name]) for name in known})
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        inner = next(a for a in get_args(wanted) if a is not type(None))
        return None if value is None else _build(inner, value)
    if origin is tuple:
        args = get_args(wanted)
        if args[-1] is Ellipsis:
            return tuple(_build(args[0], v) for v in value)
        return tuple(_build(a, v) for a, v in zip(args, value, strict=True))
    if wanted is float:
        return nan if value is None else float(value)
    if isinstance(wanted, type) and issubclass(wanted, IntEnum):
        return wanted(value)
    return value
