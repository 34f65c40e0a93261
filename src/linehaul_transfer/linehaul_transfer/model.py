# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The words of a load transfer: ids, kinds, custody, sensors, problems, timers.

Terms are those of SEMI E84: the active side is a vehicle, the passive side a port; LOAD moves a
load from the vehicle to the port, UNLOAD from the port to the vehicle.
"""

import math
from dataclasses import dataclass, fields, replace
from enum import Enum, IntEnum
from typing import NewType

from linehaul_transfer.errors import SettingsError

VehicleId = NewType('VehicleId', str)
PortId = NewType('PortId', str)
LoadId = NewType('LoadId', str)
SessionId = NewType('SessionId', str)
"""Made by the vehicle, unique for ever; empty: none."""

NO_PORT = PortId('')
NO_SESSION = SessionId('')
NO_LOAD = LoadId('')
NO_VEHICLE = VehicleId('')


class Kind(IntEnum):
    """Which way the load goes; numbers as KIND_* of VehicleSignals.msg."""

    UNKNOWN = 0
    LOAD = 1
    UNLOAD = 2


class Custody(IntEnum):
    """One side's record of a load; numbers as CUSTODY_* of StationSignals.msg."""

    UNKNOWN = 0
    NONE = 1
    MINE = 2
    IN_TRANSFER = 3


class Holder(IntEnum):
    """Who holds a load; numbers as HOLDER_* of LoadCustody.msg."""

    UNKNOWN = 0
    VEHICLE = 1
    PORT = 2
    IN_TRANSFER = 6


class Code(IntEnum):
    """Error codes of a transfer; numbers as in ErrorCode.msg."""

    NONE = 0
    NOT_READY = 2
    INVALID_ARGUMENT = 3
    CANCELLED = 8
    PEER_SILENT = 500
    FROZEN = 501
    EMPTY_PICK = 502
    OCCUPIED = 503
    WRONG_LOAD = 504
    NOT_PLACED = 505
    EMERGENCY_STOP = 506
    UNKNOWN_SESSION = 507
    ALREADY_CONFIRMED = 508
    STILL_MOVING = 509
    REFUSED = 510


FINAL = frozenset({Code.EMPTY_PICK, Code.OCCUPIED, Code.WRONG_LOAD, Code.REFUSED})
"""Refusals that a repeat would not change: the vehicle goes elsewhere."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something is not as it should be: a Code (or a foreign number) and a text."""

    code: int
    text: str

    def __bool__(self) -> bool:
        return self.code != Code.NONE


FINE = Problem(Code.NONE, '')


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Which message is the newer one: instance of the sender, then number within it.

    Instances sort: that of a later start is greater. Senders of this package use a counter kept on
    disk; others may use the time of their start with leading zeros.
    """

    instance: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Sensors:
    """Load sensors of one side: something is there; it is fully in position; what was read."""

    present: bool = False
    placed: bool = False
    load_id: LoadId = NO_LOAD

    @property
    def full(self) -> bool:
        """A load stands as it should."""
        return self.present and self.placed

    @property
    def clear(self) -> bool:
        """Nothing at all is there."""
        return not self.present and not self.placed


CLEAR = Sensors()


class Timer(Enum):
    """Timers of E84, and two that messages need: PEER (heartbeat) and BACKOFF (before a retry)."""

    TD0 = 'td0'
    TD1 = 'td1'
    TA1 = 'ta1'
    TA2 = 'ta2'
    TA3 = 'ta3'
    TP1 = 'tp1'
    TP2 = 'tp2'
    TP3 = 'tp3'
    TP4 = 'tp4'
    TP5 = 'tp5'
    TP6 = 'tp6'
    PEER = 'peer'
    BACKOFF = 'backoff'


@dataclass(frozen=True, slots=True)
class Timers:
    """How long each timer runs [s], and how often a vehicle tries.

    Attributes:
        td0, td1: Vehicle: CS to VALID; VALID off to the next VALID of a continuous hand-off.
        ta1, ta2, ta3: Vehicle: VALID to request; TR_REQ to READY; COMPT to READY off.
        tp1, tp2: Port: request to TR_REQ; READY to BUSY.
        tp3, tp4: Port: BUSY to the load seen; request off to COMPT.
        tp5, tp6: Port: READY off to VALID off; VALID off to the next VALID.
        peer: Both: silence after which the other side counts as gone.
        heartbeat: Both: levels are repeated at least this often.
        backoff: Vehicle: wait before the second attempt; it doubles with each further one.
        attempts: Vehicle: sessions before it gives up; port: failures in a row before it alarms.

    Raises:
        SettingsError: not finite, negative, or a heartbeat that is no shorter than the silence.
    """

    td0: float = 0.1
    td1: float = 1.0
    ta1: float = 2.0
    ta2: float = 2.0
    ta3: float = 2.0
    tp1: float = 2.0
    tp2: float = 2.0
    tp3: float = 60.0
    tp4: float = 60.0
    tp5: float = 2.0
    tp6: float = 2.0
    peer: float = 3.0
    heartbeat: float = 0.5
    backoff: float = 2.0
    attempts: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value < 0.0:
                raise SettingsError(f'{field.name}: found {value}, wanted a finite time >= 0')
        if self.heartbeat <= 0.0 or self.peer <= self.heartbeat:
            text = f'heartbeat {self.heartbeat} s must be above 0 and below peer {self.peer} s'
            raise SettingsError(text)
        if self.attempts < 1:
            raise SettingsError(f'attempts: found {self.attempts}, wanted 1 or more')

    def seconds(self, timer: Timer, attempt: int = 0) -> float:
        """Return how long a timer runs [s]; attempt counts the sessions that failed."""
        if timer is Timer.BACKOFF:
            return self.backoff * float(2 ** min(max(attempt - 1, 0), 6))
        return float(getattr(self, timer.value))


def patient(factor: float) -> Timers:
    """Return usual timers with all waits for the other side longer by a factor.

    For plant time that passes faster than that of the wall, which messages take.
    """
    usual = Timers()
    waits = ('ta1', 'ta2', 'ta3', 'tp1', 'tp2', 'tp3', 'tp4', 'tp5', 'tp6', 'peer', 'heartbeat')
    return replace(usual, **{name: factor * getattr(usual, name) for name in waits})
