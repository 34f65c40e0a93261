# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the two sides of a port tell each other: all levels in one message, never an event.

Because every message says everything, loss and repeats do no harm; its position says which one is
the newest, its session which transfer it is about.
"""

from dataclasses import dataclass

from linehaul_transfer.model import (
    CLEAR,
    FINE,
    NO_LOAD,
    NO_SESSION,
    NO_VEHICLE,
    Custody,
    Holder,
    Kind,
    LoadId,
    PortId,
    Position,
    Problem,
    Sensors,
    SessionId,
    VehicleId,
)

ID_LENGTH = 128
TEXT_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class VehicleSignals:
    """All levels of the active side. busy together with a problem: it is frozen."""

    port_id: PortId
    vehicle_id: VehicleId
    position: Position
    session: SessionId = NO_SESSION
    kind: Kind = Kind.UNKNOWN
    load_id: LoadId = NO_LOAD
    cs: bool = False
    valid: bool = False
    tr_req: bool = False
    busy: bool = False
    compt: bool = False
    cont: bool = False
    es: bool = True
    custody: Custody = Custody.UNKNOWN
    problem: Problem = FINE

    @property
    def stands(self) -> bool:
        """It says that its load handler does not move in this session and will not."""
        return self.compt or not self.valid or (self.busy and bool(self.problem))


@dataclass(frozen=True, slots=True)
class PortSignals:
    """All levels of the passive side. ready without ho_avbl: it is frozen."""

    port_id: PortId
    position: Position
    session: SessionId = NO_SESSION
    vehicle_id: VehicleId = NO_VEHICLE
    l_req: bool = False
    u_req: bool = False
    ready: bool = False
    ho_avbl: bool = False
    es: bool = True
    sensors: Sensors = CLEAR
    custody: Custody = Custody.UNKNOWN
    confirmed: Holder = Holder.UNKNOWN
    problem: Problem = FINE

    def request(self, kind: Kind) -> bool:
        """Return the level of L_REQ or U_REQ."""
        return self.l_req if kind is Kind.LOAD else self.u_req


def nonsense_of_vehicle(signals: VehicleSignals) -> str:
    """Return why a message cannot come from a working vehicle; empty: it can.

    Such a message is ignored; a sender of nothing else counts as silent.
    """
    s = signals
    if not s.vehicle_id:
        return 'vehicle_id is empty'
    long = _too_long(s.port_id, s.vehicle_id, s.session, s.load_id, s.position.instance)
    if long or not s.position.instance:
        return long or 'instance_id is empty'
    if s.valid and (not s.session or s.kind is Kind.UNKNOWN or not s.cs):
        return 'VALID without a session, a kind or CS'
    if (s.tr_req or s.busy or s.compt) and not s.valid:
        return 'TR_REQ, BUSY or COMPT without VALID'
    if s.compt and (s.busy or s.tr_req):
        return 'COMPT together with BUSY or TR_REQ'
    return ''


def nonsense_of_port(signals: PortSignals) -> str:
    """Return why a message cannot come from a working port; empty: it can."""
    s = signals
    long = _too_long(s.port_id, s.session, s.sensors.load_id, s.position.instance, s.vehicle_id)
    if long or not s.position.instance:
        return long or 'instance_id is empty'
    if s.l_req and s.u_req:
        return 'L_REQ together with U_REQ'
    if (s.l_req or s.u_req or s.ready) and not s.session:
        return 'L_REQ, U_REQ or READY without a session'
    return ''


def _too_long(*names: str) -> str:
    longest = max(names, key=len)
    if len(longest) > ID_LENGTH:
        return f'an id has {len(longest)} characters, {ID_LENGTH} are allowed'
    return ''
