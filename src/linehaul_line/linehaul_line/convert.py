# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A line to ROS messages, and what comes by messages to the line."""

from math import inf, isfinite

from builtin_interfaces.msg import Time
from linehaul_ros.time import from_time, to_time

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import (
    LineState,
    OrderEvent,
    PackmlState,
    PartStock,
    SequenceSlot,
    StationState,
)
from linehaul_line.assembly import Assembly
from linehaul_line.feeding import Ask
from linehaul_line.ids import ModelId, OrderId, OwnerId, StationId, UnitId
from linehaul_line.late import WorkedAround
from linehaul_line.line import PartKey
from linehaul_line.lookahead import FloatArray
from linehaul_line.packml import State
from linehaul_line.product import Unit
from linehaul_line.resequence import Swap

#: A due time is at least so many seconds ahead when it is sent, or it would be refused as past.
SOON = 5.0


def _when(seconds: float) -> Time:
    """Convert a time; one that is not finite becomes zero."""
    return to_time(seconds) if isfinite(seconds) else Time()


def to_goal(ask: Ask, now: float) -> DeliverMaterial.Goal:
    """Convert what a line asks for; a due time that has passed becomes the nearest possible."""
    due = max(ask.due, now + SOON)
    return DeliverMaterial.Goal(
        request_id=ask.request,
        order_id=ask.order,
        item_id=ask.item,
        quantity=ask.quantity,
        station_id=ask.station,
        earliest=_when(min(ask.earliest, due) if ask.earliest > now else 0.0),
        due=_when(due),
        priority=ask.priority,
    )


def line_state(line: Assembly, times: FloatArray, now: float) -> LineState:
    """Convert a line; times: (N,) [s] of its next steps."""
    runs = line.state == State.EXECUTE
    unit = line.sequence.at(line.position)
    return LineState(
        line_id=line.plan.id,
        stamp=to_time(now),
        state=packml(line.state, line.since, line.cause()),
        takt=line.plan.takt,
        speed_factor=line.pace.speed if runs else 0.0,
        position=line.position,
        model_id='' if unit is None else unit.model,
        units_done=line.done,
        stopped_time=line.stood_starved + line.stood_own,
        stop_cause=line.cause(),
        upcoming=[
            to_slot(line.position + step, unit, float(time))
            for step, time in enumerate(times)
            if (unit := line.sequence.at(line.position + step)) is not None
        ],
    )


def packml(state: State, since: float, reason: str) -> PackmlState:
    """Convert a state."""
    return PackmlState(state=int(state), since=to_time(since), reason=reason)


def to_slot(position: int, unit: Unit, planned: float) -> SequenceSlot:
    """Convert a unit at its position; planned: [s], inf where there is no such time."""
    return SequenceSlot(
        position=position,
        unit_id=unit.id,
        order_id=unit.order,
        owner=unit.owner,
        model_id=unit.model,
        planned=_when(planned),
    )


def station_state(
    line: Assembly, station: StationId, run_outs: dict[PartKey, float], now: float
) -> StationState:
    """Convert one station of a line; run_outs: [s] by station and item."""
    position = line.position - 1 - line.plan.stations.index(station)
    unit = line.sequence.at(position)
    starved = [item for where, item in line.starved if where == station]
    state, reason = line.state, line.held.get(station, '')
    if starved:
        reason = f'no {", ".join(starved)}'
    elif line.state == State.HELD and station not in line.held:
        state, reason = State.SUSPENDED, 'the line stands'
    return StationState(
        station_id=station,
        line_id=line.plan.id,
        stamp=to_time(now),
        state=packml(state, line.since, reason),
        andon=station in line.andon,
        unit_id='' if unit is None else unit.id,
        position=max(position, 0),
        parts=[
            _part(line, key, run_outs.get(key, inf)) for key in line.stock if key[0] == station
        ],
    )


def _part(line: Assembly, key: PartKey, run_out: float) -> PartStock:
    stock = line.stock[key]
    return PartStock(
        item_id=key[1],
        quantity=stock.quantity,
        places=stock.places,
        places_taken=stock.standing + len(stock.promises),
        container_quantity=stock.container_quantity,
        empties=stock.empties,
        on_the_way=sum(one.quantity for one in stock.promises),
        run_out=_when(run_out),
        open_requests=[one.request for one in stock.promises],
    )


def to_unit(slot: SequenceSlot) -> Unit:
    """Convert a slot of a sequence."""
    due = from_time(slot.planned)
    return Unit(
        UnitId(slot.unit_id),
        OrderId(slot.order_id),
        OwnerId(slot.owner),
        ModelId(slot.model_id),
        due if isfinite(due) else inf,
    )


def swap_events(swap: Swap, told: WorkedAround, now: float) -> list[OrderEvent]:
    """Convert a swap of two units to an event of each of their orders."""
    pairs = ((swap.delayed, swap.late_position), (swap.advanced, swap.early_position))
    return [
        OrderEvent(
            event_id=f'resequenced:{unit.id}:{position}:{now:.3f}',
            event_type=OrderEvent.TYPE_OBJECT,
            action=OrderEvent.ACTION_OBSERVE,
            stamp=to_time(now),
            order_id=unit.order,
            owner=unit.owner,
            business_step='resequencing',
            disposition='delayed' if unit is swap.delayed else 'advanced',
            place_id=told.station,
            source='line',
            object_ids=[unit.id],
        )
        for unit, position in pairs
    ]
