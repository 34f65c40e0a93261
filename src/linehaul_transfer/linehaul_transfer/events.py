# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What can happen to either side. Everything that the machines react to is one of these."""

from dataclasses import dataclass
from typing import TypeAlias

from linehaul_transfer.model import (
    NO_LOAD,
    NO_VEHICLE,
    Holder,
    Kind,
    LoadId,
    PortId,
    Sensors,
    SessionId,
    Timer,
    VehicleId,
)
from linehaul_transfer.signals import PortSignals, VehicleSignals


@dataclass(frozen=True, slots=True)
class Transfer:
    """One load to be moved; load_id empty: any (UNLOAD only)."""

    kind: Kind
    load_id: LoadId = NO_LOAD


@dataclass(frozen=True, slots=True)
class Job:
    """What a vehicle has to do at a port: one transfer, or several in continuous hand-off.

    The id is the caller's; a job with a known id is the same job.
    """

    id: str
    port_id: PortId
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class Start:
    """Vehicle: begin a job."""

    job: Job


@dataclass(frozen=True, slots=True)
class Cancel:
    """Vehicle: give the job up if BUSY has not begun."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Vehicle: the load handler has ended its motion and is home; what the vehicle senses then."""

    sensors: Sensors


@dataclass(frozen=True, slots=True)
class MotionFailed:
    """Vehicle: the load handler stands where it should not."""

    text: str


@dataclass(frozen=True, slots=True)
class HeardPort:
    """Vehicle: a message of its port came in."""

    signals: PortSignals


@dataclass(frozen=True, slots=True)
class HeardVehicle:
    """Port: a message of a vehicle came in."""

    signals: VehicleSignals


@dataclass(frozen=True, slots=True)
class Sensed:
    """Either: the load sensors of this side have changed."""

    sensors: Sensors


@dataclass(frozen=True, slots=True)
class Health:
    """Either: emergency stop of this side; healthy False: it is stopped."""

    healthy: bool


@dataclass(frozen=True, slots=True)
class Available:
    """Port: in automatic mode and willing; text: why not."""

    available: bool
    text: str = ''


@dataclass(frozen=True, slots=True)
class Consent:
    """Port in front of a wired station: what the station itself grants now."""

    request: bool
    ready: bool


GRANTED = Consent(True, True)


@dataclass(frozen=True, slots=True)
class Booked:
    """Port, while no vehicle is at it: what it holds now, and what it may be given.

    Attributes:
        holding: Load in the hand-off place by the books; empty: none.
        expected: Loads that may come; None: any.
    """

    holding: LoadId = NO_LOAD
    expected: frozenset[LoadId] | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Either: a person has looked and lets it go on after an emergency stop or an alarm."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """A person says where the load of a frozen session is."""

    session: SessionId
    holder: Holder
    actor: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Port: a person answers for it that a vehicle and its memory are gone for good.

    The only event that takes a port out of a session without the vehicle's word.
    """

    session: SessionId
    holder: Holder
    actor: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Either: nothing was heard of a peer for so long that its next message is taken as it is."""

    vehicle_id: VehicleId = NO_VEHICLE


@dataclass(frozen=True, slots=True)
class Expired:
    """Either: a timer has run out; it counts only if that timer is running."""

    timer: Timer


VehicleEvent: TypeAlias = (
    Start
    | Cancel
    | Moved
    | MotionFailed
    | HeardPort
    | Sensed
    | Health
    | Reset
    | Confirm
    | Lost
    | Expired
)
PortEvent: TypeAlias = (
    HeardVehicle
    | Sensed
    | Health
    | Available
    | Consent
    | Booked
    | Reset
    | Confirm
    | Forget
    | Lost
    | Expired
)
