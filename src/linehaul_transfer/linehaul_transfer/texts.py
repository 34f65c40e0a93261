# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a person is told, and asked, in words of the floor."""

from dataclasses import dataclass

from linehaul_transfer.model import Code, Holder, Kind
from linehaul_transfer.port_state import Phase as At
from linehaul_transfer.port_state import PortState
from linehaul_transfer.vehicle_state import Phase as Doing
from linehaul_transfer.vehicle_state import VehicleState


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for a person: code, text, and whether nothing goes on without that person."""

    code: int
    text: str
    ask: bool


def _load(name: str) -> str:
    return f'load {name}' if name else 'the load'


def port_notice(state: PortState) -> Notice | None:
    """Return what a person at a port should know; None: nothing."""
    where, load = f'Port {state.id}', _load(state.load)
    cause = state.problem.text
    code = state.problem.code
    match state.phase:
        case At.FROZEN:
            text = (
                f'{where}: the hand-off of {load} with {state.vehicle} stopped half-way: {cause}. '
                f'Look where the load is, put it fully on the vehicle or into the port, then '
                f'confirm session {state.session}.'
            )
            return Notice(code or Code.FROZEN, text, True)
        case At.CONFIRMED:
            said = 'on the vehicle' if state.confirmed is Holder.VEHICLE else 'at the port'
            text = f'{where}: {load} was confirmed {said}; waiting for {state.vehicle} to book it.'
            return Notice(Code.FROZEN, text, False)
        case At.WITHDRAWN if state.late:
            text = (
                f'{where}: {cause} after READY. {_start(load)} and its booking are unchanged. The '
                f'port holds still until {state.vehicle} is heard: start it again.'
            )
            return Notice(code, text, True)
        case At.CLOSED if state.late:
            text = f'{where}: {load} is booked, but {state.vehicle} does not leave: look at it.'
            return Notice(code, text, False)
        case At.REFUSING | At.WITHDRAWN:
            return Notice(code, f'{where}: {cause}.', False)
    return _idle_port(state, where)


def _idle_port(state: PortState, where: str) -> Notice | None:
    if not state.healthy:
        text = f'{where}: emergency stop. Release it, then reset the port.'
        return Notice(Code.EMERGENCY_STOP, text, True)
    if state.stopped:
        if state.failures >= state.attempts:
            text = (
                f'{where}: {state.failures} hand-offs in a row failed ({state.problem.text}). '
                'Loads and bookings are unchanged. Look at vehicle and network, then reset.'
            )
            return Notice(Code.PEER_SILENT, text, True)
        text = f'{where}: was stopped. Look at it, then reset the port.'
        return Notice(Code.NOT_READY, text, True)
    if not state.available:
        return Notice(Code.NOT_READY, f'{where}: {state.why or "not in automatic mode"}.', False)
    return None


def vehicle_notice(state: VehicleState) -> Notice | None:
    """Return what a person at a vehicle should know; None: nothing."""
    who, load = f'Vehicle {state.id}', _load(state.load)
    at = state.job.port_id if state.job else 'the port'
    cause, code = state.problem.text, state.problem.code
    match state.phase:
        case Doing.FROZEN:
            text = (
                f'{who}: the hand-off of {load} at {at} stopped half-way: {cause}. Look where the '
                f'load is, put it fully on the vehicle or into the port, then confirm session '
                f'{state.session} at {at}.'
            )
            return Notice(code or Code.FROZEN, text, True)
        case Doing.CONFIRMED:
            text = f'{who}: {load} at {at} was confirmed; waiting for the port to book it.'
            return Notice(Code.FROZEN, text, False)
        case Doing.COMPLETE if state.late:
            has = 'on the vehicle' if state.kind is Kind.UNLOAD else 'at the port'
            text = f'{who}: {load} is {has} and booked, but {at} does not answer: look at {at}.'
            return Notice(code, text, True)
        case Doing.HALTED:
            text = f'{who}: emergency stop before the hand-off at {at}. Release it, then reset.'
            return Notice(Code.EMERGENCY_STOP, text, True)
        case Doing.WAITING if state.attempt:
            tries = f'attempt {state.attempt + 1} of {state.attempts}'
            return Notice(code, f'{who}: {at}: {cause}; {tries} follows.', False)
        case Doing.IDLE if state.result is not None and state.result.problem:
            problem = state.result.problem
            text = f'{who}: hand-off not done: {problem.text}. {_start(load)} stays where it was.'
            return Notice(problem.code, text, False)
    return None


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
