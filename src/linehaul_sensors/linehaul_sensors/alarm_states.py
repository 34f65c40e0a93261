# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The alarm state machine of ISA-18.2 and IEC 62682: which event leads from where to where.

An alarm has a base state, one of six, and reasons for which it is out of the operator's view.
While it is out of view it is not announced; its base then only remembers what a return would show:
NORMAL, UNACKNOWLEDGED (the condition is there) or LATCHED_UNACKNOWLEDGED. So a condition that is
there when the last reason goes is announced anew, as the standard asks.

Two reasons are shown as 'suppressed by design': a rule of the plant (DESIGN) and being the
consequence of another alarm (GROUPED). Where several hold, out of service is shown before
suppressed, and suppressed before shelved.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag


class State(IntEnum):
    """What the operator is shown; numbers as in `linehaul_interfaces/Alarm`."""

    NORMAL = 1
    UNACKNOWLEDGED = 2
    ACKNOWLEDGED = 3
    RETURNED_UNACKNOWLEDGED = 4
    LATCHED_UNACKNOWLEDGED = 5
    LATCHED_ACKNOWLEDGED = 6
    SHELVED = 7
    SUPPRESSED_BY_DESIGN = 8
    OUT_OF_SERVICE = 9


class Hidden(IntFlag):
    """Reasons for which an alarm is out of view."""

    SHELVED = 1
    DESIGN = 2
    OUT_OF_SERVICE = 4
    GROUPED = 8


class Event(IntEnum):
    """What can happen to an alarm."""

    ACTIVE = 1
    CLEAR = 2
    ACKNOWLEDGE = 3
    RESET = 4
    SHELVE = 5
    UNSHELVE = 6
    SUPPRESS = 7
    UNSUPPRESS = 8
    OUT_OF_SERVICE = 9
    RETURN_TO_SERVICE = 10
    GROUP = 11
    UNGROUP = 12


IN_VIEW = Hidden(0)


@dataclass(frozen=True, slots=True)
class Status:
    """Base state and the reasons for being out of view."""

    base: State = State.NORMAL
    hidden: Hidden = IN_VIEW

    @property
    def active(self) -> bool:
        """The condition is there now."""
        return self.base in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)

    @property
    def shown(self) -> State:
        """The state the operator is shown."""
        if self.hidden & Hidden.OUT_OF_SERVICE:
            return State.OUT_OF_SERVICE
        if self.hidden & (Hidden.DESIGN | Hidden.GROUPED):
            return State.SUPPRESSED_BY_DESIGN
        return State.SHELVED if self.hidden else self.base

    @property
    def announced(self) -> bool:
        """It is in view and waits for an acknowledgement of its condition."""
        return not self.hidden and self.base is State.UNACKNOWLEDGED


NORMAL = Status()

_N, _U, _A = State.NORMAL, State.UNACKNOWLEDGED, State.ACKNOWLEDGED
_R, _LU, _LA = (
    State.RETURNED_UNACKNOWLEDGED,
    State.LATCHED_UNACKNOWLEDGED,
    State.LATCHED_ACKNOWLEDGED,
)
_LATCHED = (_LU, _LA)
# What each event makes of each base state in view; what is not here is refused.
_PLAIN = {
    Event.ACTIVE: {_N: _U, _U: _U, _A: _A, _R: _U, _LU: _U, _LA: _U},
    Event.CLEAR: {_N: _N, _U: _R, _A: _N, _R: _R, _LU: _LU, _LA: _LA},
    Event.ACKNOWLEDGE: {_U: _A, _A: _A, _R: _N, _LU: _LA, _LA: _LA},
    Event.RESET: {_LA: _N},
}
_LATCHING_CLEAR = {_N: _N, _U: _LU, _A: _LA, _R: _R, _LU: _LU, _LA: _LA}
_HIDE = {
    Event.SHELVE: Hidden.SHELVED,
    Event.SUPPRESS: Hidden.DESIGN,
    Event.OUT_OF_SERVICE: Hidden.OUT_OF_SERVICE,
    Event.GROUP: Hidden.GROUPED,
}
_SHOW = {
    Event.UNSHELVE: Hidden.SHELVED,
    Event.UNSUPPRESS: Hidden.DESIGN,
    Event.RETURN_TO_SERVICE: Hidden.OUT_OF_SERVICE,
    Event.UNGROUP: Hidden.GROUPED,
}


def advance(status: Status, event: Event, *, latching: bool) -> Status | None:
    """Return the status after an event, or None where the event is refused.

    Args:
        status: where the alarm is.
        event: what happens.
        latching: the alarm stays after its condition has gone until somebody resets it.

    Source: ISA-18.2-2016 figure 3 and IEC 62682 figure 3, in outline; OPC 10000-9 for the parts.
    """
    if event in _HIDE:
        return _hide(status, _HIDE[event])
    if event in _SHOW:
        reason = _SHOW[event]
        return Status(status.base, status.hidden & ~reason) if status.hidden & reason else None
    if status.hidden:
        return _out_of_view(status, event, latching)
    table = _LATCHING_CLEAR if latching and event is Event.CLEAR else _PLAIN[event]
    base = table.get(status.base)
    return None if base is None else Status(base)


def _hide(status: Status, reason: Hidden) -> Status:
    base = status.base
    if not status.hidden:
        base = _U if status.active else _LU if base in _LATCHED else _N
    return Status(base, status.hidden | reason)


def _out_of_view(status: Status, event: Event, latching: bool) -> Status | None:
    if event is Event.ACTIVE:
        return Status(_U, status.hidden)
    if event is Event.CLEAR:
        base = (_LU if latching else _N) if status.base is _U else status.base
        return Status(base, status.hidden)
    return None
