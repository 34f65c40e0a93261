# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""States of a line or a station after PackML, and what may follow what.

Held is the machine's own fault or an operator's hold; Suspended is a want from outside, starved
or blocked. That difference tells the fleet whether material would help. A transient state ends by
the machine's own DONE. A command that a state does not know is refused, not an exception.

Source: state model of ISA-TR88.00.02, numbers as in OPC 30050.
"""

from dataclasses import dataclass
from enum import IntEnum


class State(IntEnum):
    """PackML states by their OMAC numbers."""

    UNKNOWN = 0
    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Command(IntEnum):
    """Commands by the numbers of SetLineState; DONE is the end of a transient state."""

    UNKNOWN = 0
    START = 1
    STOP = 2
    HOLD = 3
    UNHOLD = 4
    SUSPEND = 5
    UNSUSPEND = 6
    ABORT = 7
    CLEAR = 8
    RESET = 9
    SET_SPEED = 10
    COMPLETE = 11
    DONE = 12


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that the state does not know, and those that it does."""

    text: str


_S, _C = State, Command
#: Where a transient state ends.
ENDS = {
    _S.CLEARING: _S.STOPPED,
    _S.STARTING: _S.EXECUTE,
    _S.STOPPING: _S.STOPPED,
    _S.ABORTING: _S.ABORTED,
    _S.HOLDING: _S.HELD,
    _S.UNHOLDING: _S.EXECUTE,
    _S.SUSPENDING: _S.SUSPENDED,
    _S.UNSUSPENDING: _S.EXECUTE,
    _S.RESETTING: _S.IDLE,
    _S.COMPLETING: _S.COMPLETE,
}
_ACTS = {
    (_S.IDLE, _C.START): _S.STARTING,
    (_S.EXECUTE, _C.HOLD): _S.HOLDING,
    (_S.SUSPENDED, _C.HOLD): _S.HOLDING,
    (_S.HELD, _C.UNHOLD): _S.UNHOLDING,
    (_S.EXECUTE, _C.SUSPEND): _S.SUSPENDING,
    (_S.SUSPENDED, _C.UNSUSPEND): _S.UNSUSPENDING,
    (_S.EXECUTE, _C.COMPLETE): _S.COMPLETING,
    (_S.STOPPED, _C.RESET): _S.RESETTING,
    (_S.COMPLETE, _C.RESET): _S.RESETTING,
    (_S.ABORTED, _C.CLEAR): _S.CLEARING,
}
_DOWN = {_S.UNKNOWN, _S.STOPPED, _S.STOPPING, _S.ABORTED, _S.ABORTING, _S.CLEARING}


def advance(state: State, command: Command) -> State | Refusal:
    """Return the state after a command, or why there is none."""
    if command == _C.DONE and state in ENDS:
        return ENDS[state]
    if command == _C.ABORT and state not in (_S.ABORTING, _S.ABORTED):
        return _S.ABORTING
    if command == _C.STOP and state not in _DOWN:
        return _S.STOPPING
    after = _ACTS.get((state, command))
    if after is not None:
        return after
    known = sorted(one.name for one in Command if _known(state, one))
    return Refusal(
        f'{command.name} found in state {state.name}, wanted {", ".join(known) or "nothing"}'
    )


def _known(state: State, command: Command) -> bool:
    if command == _C.ABORT:
        return state not in (_S.ABORTING, _S.ABORTED)
    if command == _C.STOP:
        return state not in _DOWN
    return (state, command) in _ACTS or (command == _C.DONE and state in ENDS)


def settle(state: State, command: Command) -> State | Refusal:
    """Return the acting or waiting state that a command leads to when transients take no time."""
    after = advance(state, command)
    while not isinstance(after, Refusal) and after in ENDS:
        after = ENDS[after]
    return after
