# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a port can serve a session: occupied, empty, not in place, or not the right load."""

from linehaul_transfer.model import FINE, Code, Kind, Problem
from linehaul_transfer.port_state import PortState


def unfit(state: PortState) -> Problem:
    """Return why this port cannot serve the session whatever its load; FINE: it can."""
    there = state.sensors.present or state.sensors.placed
    if state.kind is Kind.LOAD:
        if there or state.holding:
            what = state.holding or state.sensors.load_id or 'a load'
            return Problem(Code.OCCUPIED, f'{state.id} is occupied by {what}: go elsewhere')
        return FINE
    if not there:
        if state.holding:
            text = f'{state.id} should hold {state.holding} but is empty: supply it again'
            return Problem(Code.EMPTY_PICK, text)
        return Problem(Code.EMPTY_PICK, f'{state.id} is empty: nothing to pick')
    if not state.sensors.full:
        return Problem(Code.NOT_PLACED, f'the load at {state.id} is not in its place')
    if not state.holding:
        return Problem(Code.WRONG_LOAD, f'the load at {state.id} is not booked: clear it')
    return FINE


def wrong_load(state: PortState) -> Problem:
    """Return why the load is not the right one; FINE: it is. Asked at READY."""
    if state.kind is Kind.LOAD:
        if state.expected is not None and state.load not in state.expected:
            text = f'{state.id} does not expect {state.load}: take it to clarification'
            return Problem(Code.WRONG_LOAD, text)
        return FINE
    read = state.sensors.load_id
    if read and read != state.holding:
        text = f'{state.id} should hold {state.holding}, {read} was read: clear it'
        return Problem(Code.WRONG_LOAD, text)
    if state.load != state.holding:
        text = f'{state.id} holds {state.holding}, not {state.load}'
        return Problem(Code.WRONG_LOAD, text)
    return FINE
