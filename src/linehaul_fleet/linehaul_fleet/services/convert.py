# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Operators' messages to dataclasses and back, whatever is in them."""

from math import isfinite, nan

from linehaul_ros.time import from_time, to_time

from linehaul_fleet.acts import (
    Act,
    Command,
    LoadFound,
    LoadStranded,
    Mode,
    ModeSet,
    PauseLifted,
    RoadLimited,
    RoadState,
    VehicleCommanded,
    VehicleJoined,
    VehicleSetAside,
)
from linehaul_fleet.changes import Change
from linehaul_fleet.control import Control
from linehaul_fleet.losing import stranded_text
from linehaul_fleet.roads import limit_text
from linehaul_floor import PlaceId
from linehaul_interfaces.msg import FleetEvent, LoadCustody, RoadLimit
from linehaul_interfaces.srv import ChangeDelivery, SetRoadState


def to_limits(request: SetRoadState.Request) -> list[RoadLimited]:
    """Read the limits of a request; an unknown state is UNKNOWN."""
    return [
        RoadLimited(
            limit.element_id,
            RoadState(limit.state) if limit.state in set(RoadState) else RoadState.UNKNOWN,
            limit.speed_limit,
            request.actor,
            limit.reason,
        )
        for limit in request.limits
    ]


def to_change(request: ChangeDelivery.Request) -> Change | None:
    """Read what is to be different of a delivery; None: no such change."""
    match request.change:
        case ChangeDelivery.Request.CHANGE_PRIORITY:
            return Change(priority=request.priority)
        case ChangeDelivery.Request.CHANGE_DUE:
            return Change(due=from_time(request.due))
        case ChangeDelivery.Request.CHANGE_STATION:
            return Change(station_id=PlaceId(request.station_id))
        case ChangeDelivery.Request.CHANGE_HOLD:
            return Change(hold=True)
        case ChangeDelivery.Request.CHANGE_RELEASE:
            return Change(hold=False)
    return None


def limits_to_msg(control: Control) -> list[RoadLimit]:
    """Tell which roads are not open."""
    return [
        RoadLimit(
            element_id=limit.element_id,
            state=int(limit.state),
            speed_limit=limit.speed if isfinite(limit.speed) else 0.0,
            reason=limit.reason,
        )
        for limit in control.limits.values()
    ]


def lost_to_msg(control: Control) -> list[LoadCustody]:
    """Tell which loads a person must look for."""
    return [
        LoadCustody(
            load_id=lost.load_id,
            holder_kind=LoadCustody.HOLDER_UNKNOWN
            if lost.in_doubt
            else LoadCustody.HOLDER_VEHICLE,
            holder_id='' if lost.in_doubt else lost.vehicle_id,
        )
        for lost in control.lost.values()
    ]


def act_to_msg(event: Act, now: float) -> FleetEvent | None:
    """Tell what a person has done or what is broken; None: it is nobody's business."""
    message = FleetEvent(stamp=to_time(now), slack=nan, previous_slack=nan)
    message.kind = FleetEvent.KIND_VEHICLE
    match event:
        case ModeSet(mode, actor, reason):
            message.kind, message.actor = FleetEvent.KIND_OPERATOR, actor
            message.reason = _line(_MODES.get(mode, 'sets the mode of the fleet'), reason)
        case RoadLimited():
            message.kind, message.actor = FleetEvent.KIND_ROAD, event.actor
            message.reason = limit_text(event)
        case VehicleCommanded(vehicle_id, command, place_id, actor, reason):
            message.kind, message.actor = FleetEvent.KIND_OPERATOR, actor
            message.vehicle_id = vehicle_id
            what = _COMMANDS[command].format(place=place_id or '')
            message.reason = _line(what, reason)
        case VehicleSetAside(vehicle_id, reason):
            message.vehicle_id, message.reason = vehicle_id, f'set aside: {reason}'
        case VehicleJoined(vehicle_id, class_id, home):
            message.vehicle_id = vehicle_id
            message.reason = f'joins as {class_id}, home is {home}'
        case LoadStranded(_, request_id, vehicle_id):
            message.vehicle_id, message.request_id = vehicle_id, request_id or ''
            message.reason = stranded_text(event)
        case LoadFound(load_id, holder, holder_id, actor, reason):
            message.kind, message.actor = FleetEvent.KIND_OPERATOR, actor
            where = holder_id or holder.name.lower()
            message.reason = _line(f'{load_id} is at {where}', reason)
        case PauseLifted():
            return None
    return message


def refusal_to_msg(vehicle_id: str, text: str, now: float) -> FleetEvent:
    """Tell that something that a vehicle said was refused."""
    return FleetEvent(
        stamp=to_time(now),
        kind=FleetEvent.KIND_REFUSAL,
        vehicle_id=vehicle_id,
        slack=nan,
        previous_slack=nan,
        reason=text,
    )


def _line(what: str, reason: str) -> str:
    return f'{what}: {reason}' if reason else what


_MODES = {
    Mode.RUNNING: 'the fleet runs',
    Mode.PAUSED: 'the fleet is paused',
    Mode.STOPPED: 'the fleet is stopped',
    Mode.DRAINING: 'the fleet is drained',
}
_COMMANDS = {
    Command.UNKNOWN: 'commands it',
    Command.SEND: 'sends it to {place}',
    Command.PARK: 'has it park at {place}',
    Command.CHARGE: 'has it charge at {place}',
    Command.TAKE_OUT: 'takes it out',
    Command.GIVE_BACK: 'gives it back',
    Command.PAUSE: 'pauses it',
    Command.RESUME: 'lets it go on',
    Command.RETRY: 'has it try again',
    Command.SKIP_RETRY: 'has it give up',
    Command.REMOVE: 'has taken it off the floor',
}
