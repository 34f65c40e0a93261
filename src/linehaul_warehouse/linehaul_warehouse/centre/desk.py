# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the distribution centre is told, shaped as events of orders, and what it answers.

A scanner, a planner or a person tells an event with an id of its own; the same id again is the
same event and gets the same answer. What was decided is written before it is answered.

    step           action   what it says
    commissioning  add      objects are the units of an order with an owner: its set
    planning       add      the parent, a truck, has the objects, orders, as its stops from now on
    planning       delete   the truck leaves without an order's set: who is the source, and why
    receiving      observe  units scanned at an entrance
    staging        observe  units scanned at a lane
    loading        observe  units scanned at the door of the parent, a truck
    departing      observe  the parent, a truck, leaves

It calls for what is to be done next: which unit is to go into a lane, or onto a truck, now. A call
is a level, told again until the scan has come. What was shipped is set aside, to be asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from linehaul_warehouse import distribution as dc
from linehaul_warehouse.centre.told import Action, Call, Reply, StepName, Told, Verdict
from linehaul_warehouse.centre.trail import Mark, Traced, marks
from linehaul_warehouse.codec import build, plain
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.distribution_model import (
    Centre,
    Happening,
    LaneId,
    MisSorted,
    Proof,
    SetPhase,
    TruckId,
    TruckLeft,
    UnitId,
    UnitPlace,
    order_name,
    truck_name,
    unit_name,
)
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import NO_ORDER, OrderId

MOST_REPLIES = 20_000
"""Answers that are remembered here for repeats of their events; older ones are in the file."""
Write = Callable[[Told, list[Happening], Reply], None]
Recall = Callable[[str], Any]
"""Returns what the file keeps under a name; None: nothing."""


def reply_name(event_id: str) -> str:
    """Return under which name the answer to an event is kept."""
    return f'reply:{event_id}'


@dataclass(slots=True)
class Desk:
    """Takes events for one centre, each once.

    Attributes:
        centre: what is known.
        entrances: places where units come in.
        window: time [s] for which a truck has its dock and lane.
        write: journals an event, what follows from it and the answer, which is kept under
            `reply_name`; returns when it is in the file.
        recall: what the file keeps.
        replies: answers by event id.
        trails: what happened to each order that is here.
    """

    centre: Centre
    entrances: frozenset[str]
    window: float
    write: Write
    recall: Recall = lambda _name: None
    replies: dict[str, Reply] = field(default_factory=dict)
    trails: dict[OrderId, list[Mark]] = field(default_factory=dict)

    def tell(self, told: Told) -> Reply:
        """Take an event, or return the answer that it has had."""
        if not told.event_id:
            return Reply(Verdict.REFUSED, Code.INVALID_ARGUMENT, 'event_id is empty')
        known = self.replies.get(told.event_id) or self._recalled(told.event_id)
        if known is not None:
            return known
        answer = self._of_shipped(told)
        if answer is None:
            answer = self._decide(told)
        if isinstance(answer, Refused):
            return Reply(Verdict.REFUSED, answer.code, answer.text)
        reply = _reply(answer)
        self.write(told, answer, reply)
        self.apply(told.event_id, answer, told.time)
        return reply

    def _recalled(self, event_id: str) -> Reply | None:
        kept = self.recall(reply_name(event_id))
        return None if kept is None else build(Reply, kept)

    def apply(self, event_id: str, happenings: list[Happening], time: float) -> None:
        """Fold in what was written, and remember the answer."""
        for event in happenings:
            self.centre.apply(event)
        for order_id, mark in marks(self.centre, happenings, time):
            self.trails.setdefault(order_id, []).append(mark)
        self.replies[event_id] = _reply(happenings)
        if len(self.replies) > MOST_REPLIES:
            del self.replies[next(iter(self.replies))]

    def _of_shipped(self, told: Told) -> dc.Answer | None:
        """Answer what concerns an order or a truck that is no longer here; None: it does not."""
        match told.step, told.action:
            case StepName.COMMISSIONING, Action.ADD:
                kept = self.recall(order_name(told.order_id))
                if kept is None:
                    units = [u for u in told.objects if self.recall(unit_name(UnitId(u)))]
                    text = f'order {told.order_id}: units {units} were shipped'
                    return Refused(Code.INVALID_ARGUMENT, text) if units else None
                order = kept['order']
                if (order['owner'], tuple(order['unit_ids'])) == (told.owner, told.objects):
                    return []
                text = f'order {told.order_id} was shipped, with another owner or other units'
                return Refused(Code.INVALID_ARGUMENT, text)
            case ((StepName.PLANNING | StepName.DEPARTING), _) if self.recall(
                truck_name(TruckId(told.parent_id))
            ):
                gone = f'truck {told.parent_id} has left'
                leaves = told.step is StepName.DEPARTING
                return [] if leaves else Refused(Code.INVALID_ARGUMENT, gone)
        return None

    # What goes out.

    def calls(self, now: float) -> list[Call]:
        """Return what is to be brought into lanes and onto trucks at a time [s]."""
        found = []
        for truck in self.centre.trucks.values():
            for unit in dc.to_stage(self.centre, truck.id, now):
                if self.centre.places[unit][0] is UnitPlace.STORED:
                    found.append(self._call(StepName.STAGING, unit, truck.lane_id, truck.id))
            for unit in dc.to_load(self.centre, truck.id):
                found.append(self._call(StepName.LOADING, unit, truck.dock_id, truck.id))
        return found

    def _call(self, step: StepName, unit: UnitId, place_id: str, truck_id: TruckId) -> Call:
        order = self.centre.orders[self.centre.units[unit]]
        return Call(step, unit, order.order_id, order.owner, place_id, truck_id)

    def trace(self, order_id: OrderId = NO_ORDER, unit_id: str = '') -> Traced | None:
        """Return an order, or that of a unit, with all that happened; None: never heard of."""
        unit = UnitId(unit_id)
        if not order_id:
            kept = None if unit in self.centre.units else self.recall(unit_name(unit))
            order_id = kept['order_id'] if kept else self.centre.units.get(unit, NO_ORDER)
        order = self.centre.orders.get(order_id)
        if order is not None:
            steps = tuple(self.trails.get(order_id, ()))
            proof = self.centre.proofs.get(order_id)
            phase = self.centre.phase(order_id).name
            return Traced(order_id, order.owner, order.unit_ids, phase, steps, proof)
        kept = self.recall(order_name(order_id)) if order_id else None
        if kept is None:
            return None
        steps = tuple(build(Mark, one) for one in kept['trail'])
        proof = build(Proof, kept['proof'])
        return Traced(order_id, proof.owner, proof.unit_ids, SetPhase.SHIPPED.name, steps, proof)

    # The file.

    def set_aside(self) -> dict[str, Any]:
        """Forget what was shipped; return it by name, with all that happened to it."""
        found = self.centre.set_aside()
        for body in found.values():
            if 'order' in body:
                trail = self.trails.pop(body['order']['order_id'], [])
                body['trail'] = plain(trail)
        return found

    def snapshot(self) -> dict[str, Any]:
        """Return what is known, without the answers."""
        return {'centre': plain(self.centre), 'trails': plain(self.trails)}

    def restore(self, body: dict[str, Any]) -> None:
        """Go on from a snapshot; lanes and docks are those of now.

        Raises:
            EventError: it does not have its form.
        """
        try:
            centre = build(Centre, body['centre'])
            trails = {k: [build(Mark, one) for one in v] for k, v in body['trails'].items()}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise EventError(f'journal: snapshot does not fit: {error!r}') from error
        centre.lanes, centre.docks = self.centre.lanes, self.centre.docks
        self.centre, self.trails = centre, trails

    # Deciding.

    def _decide(self, told: Told) -> dc.Answer:
        truck = TruckId(told.parent_id)
        match told.step, told.action:
            case StepName.COMMISSIONING, Action.ADD:
                units = [UnitId(name) for name in told.objects]
                return dc.announce(self.centre, told.order_id, told.owner, units)
            case StepName.PLANNING, Action.ADD:
                stops = [OrderId(name) for name in told.objects]
                end = told.time + self.window
                return dc.plan_truck(self.centre, truck, stops, told.time, end)
            case StepName.PLANNING, Action.DELETE:
                who, why = told.source, told.reason
                return dc.drop_stop(self.centre, truck, told.order_id, who, why)
            case StepName.DEPARTING, Action.OBSERVE:
                return dc.depart(self.centre, truck, told.time)
            case ((StepName.RECEIVING | StepName.STAGING | StepName.LOADING), Action.OBSERVE):
                return self._scans(told)
        text = f'found {told.step.value} with action {told.action.name}, which means nothing'
        return Refused(Code.INVALID_ARGUMENT, text)

    def _scans(self, told: Told) -> dc.Answer:
        """Take the scan of one unit; each scan is an event of its own."""
        if len(told.objects) != 1:
            text = f'scan: found {len(told.objects)} units, wanted one'
            return Refused(Code.INVALID_ARGUMENT, text)
        unit = UnitId(told.objects[0])
        if told.step is StepName.RECEIVING:
            return dc.scan_in(self.centre, unit, told.place_id)
        if told.step is StepName.LOADING:
            return dc.scan_dock(self.centre, unit, TruckId(told.parent_id))
        if told.place_id not in self.centre.lanes:
            return Refused(Code.UNKNOWN_ID, f'no lane {told.place_id!r}')
        return dc.scan_lane(self.centre, unit, LaneId(told.place_id), told.time)

    def concerns(self, step: StepName, place_id: str, centre_id: str) -> bool:
        """Say whether an event at a place is this centre's."""
        match step:
            case StepName.RECEIVING:
                return place_id in self.entrances
            case StepName.STAGING:
                return place_id in self.centre.lanes
            case StepName.LOADING:
                return place_id in self.centre.docks
        return place_id == centre_id


def _reply(happenings: list[Happening]) -> Reply:
    """Return the answer that follows from what happened."""
    wrong = [e for e in happenings if isinstance(e, MisSorted)]
    proofs = tuple(p for e in happenings if isinstance(e, TruckLeft) for p in e.proofs)
    text = '; '.join(f'{e.unit_id} at {e.at}, wanted {e.wanted}' for e in wrong)
    verdict = Verdict.MIS_SORTED if wrong else Verdict.TAKEN
    return Reply(verdict, Code.NONE, text, tuple(e.unit_id for e in wrong), proofs)
