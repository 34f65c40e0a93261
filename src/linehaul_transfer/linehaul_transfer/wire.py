# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A port in front of a real station with E84 bits: what its bits mean, and which it gets.

The port's machine talks to the vehicle by messages and keeps the custody; the station behind it
grants request and READY by its own bits and is told CS to CONT, as by a vehicle that stands before
it. A station that cannot be reached says nothing: its port refuses before BUSY and freezes from
BUSY on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from linehaul_transfer.events import Available, Booked, Consent, Health, PortEvent, Sensed
from linehaul_transfer.mapping import Flow
from linehaul_transfer.model import CLEAR, NO_LOAD, Kind, LoadId, Sensors
from linehaul_transfer.port_state import Phase, PortState

UNREACHABLE = 'no connection to the station'


@dataclass(frozen=True, slots=True)
class StationBits:
    """What a station says. present and placed None: it has no such sensors."""

    l_req: bool = False
    u_req: bool = False
    ready: bool = False
    ho_avbl: bool = False
    es: bool = False
    present: bool | None = None
    placed: bool | None = None
    load_id: str = ''


@dataclass(frozen=True, slots=True)
class VehicleBits:
    """What a station is told."""

    cs: bool = False
    valid: bool = False
    tr_req: bool = False
    busy: bool = False
    compt: bool = False
    cont: bool = False


def events(state: PortState, bits: StationBits | None, flow: Flow) -> Iterator[PortEvent]:
    """Yield what a station's bits mean for its port; bits None: it cannot be reached."""
    if bits is None:
        yield Available(False, UNREACHABLE)
        return
    if bits.es is not state.healthy:
        yield Health(bits.es)
    yield Sensed(_sensed(state, bits, flow))
    if state.may_move:
        holding = _holding(state, bits, flow)
        if holding != state.holding:
            yield Booked(holding, state.expected)
    request = bits.l_req if state.kind is Kind.LOAD else bits.u_req
    asked = request or state.phase in (Phase.TRANSFER, Phase.MOVED)
    yield Consent(asked, bits.ready)
    yield Available(bits.ho_avbl, 'the station is not available')


def _sensed(state: PortState, bits: StationBits, flow: Flow) -> Sensors:
    """Return what counts as seen: a load is there or gone when the request has dropped too."""
    moving = state.phase in (Phase.TRANSFER, Phase.MOVED)
    if bits.present is None or bits.placed is None:
        return _supposed(state, bits, flow)
    present, placed = bits.present, bits.placed
    if moving and state.kind is Kind.LOAD:
        placed = placed and not bits.l_req
    elif moving:
        present = present or bits.u_req
    return Sensors(present, placed, LoadId(bits.load_id))


def _supposed(state: PortState, bits: StationBits, flow: Flow) -> Sensors:
    """Stand in for sensors: the load has moved when the request drops while READY is on."""
    load = LoadId(bits.load_id)
    if state.phase is Phase.MOVED:
        return state.sensors
    if state.phase is Phase.TRANSFER:
        request = bits.l_req if state.kind is Kind.LOAD else bits.u_req
        moved = bits.ready and not request
        full = moved if state.kind is Kind.LOAD else not moved
    else:
        full = flow is Flow.OUT
    return Sensors(full, full, load) if full else CLEAR


def _holding(state: PortState, bits: StationBits, flow: Flow) -> LoadId:
    """Return what the books should say while the station itself fills and empties the port."""
    there = flow is Flow.OUT if bits.present is None else bits.present
    if not there:
        return NO_LOAD
    return LoadId(bits.load_id) or state.holding or LoadId(f'load-at-{state.id}')


def told(state: PortState) -> VehicleBits:
    """Return the bits that a station gets."""
    phase, peer = state.phase, state.peer
    if phase in (Phase.IDLE, Phase.REFUSING):
        return VehicleBits()
    if phase is Phase.CHAINED:
        return VehicleBits(cs=True)
    requested = peer is not None and peer.tr_req
    busy = phase in (Phase.TRANSFER, Phase.MOVED, Phase.FROZEN, Phase.CONFIRMED)
    return VehicleBits(
        cs=True,
        valid=True,
        tr_req=busy or phase is Phase.READY or (requested and phase is Phase.REQUESTING),
        busy=busy,
        compt=phase is Phase.CLOSED,
        cont=busy and state.chained,
    )
