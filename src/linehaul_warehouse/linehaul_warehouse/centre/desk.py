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
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from linehaul_warehouse import distribution as dc
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.distribution_model import (
    Centre,
    Happening,
    LaneId,
    MisSorted,
    Proof,
    TruckId,
    TruckLeft,
    UnitId,
)
from linehaul_warehouse.ids import OrderId


class StepName(Enum):
    """Business steps that the centre listens to."""

    COMMISSIONING = 'commissioning'
    PLANNING = 'planning'
    RECEIVING = 'receiving'
    STAGING = 'staging'
    LOADING = 'loading'
    DEPARTING = 'departing'


class Action(IntEnum):
    """Numbers as in OrderEvent.msg."""

    UNKNOWN = 0
    ADD = 1
    OBSERVE = 2
    DELETE = 3


@dataclass(frozen=True, slots=True)
class Told:
    """An event of an order, as the centre is told it. time: plant time [s]."""

    event_id: str
    step: StepName
    action: Action
    time: float
    order_id: OrderId
    owner: str
    place_id: str
    parent_id: str
    objects: tuple[str, ...]
    source: str
    reason: str = ''


class Verdict(Enum):
    """What an event came to."""

    TAKEN = 'in_progress'
    MIS_SORTED = 'mis_sorted'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an event: the units that go to clarification, and the proofs of a truck."""

    verdict: Verdict
    code: Code = Code.NONE
    text: str = ''
    wrong: tuple[UnitId, ...] = ()
    proofs: tuple[Proof, ...] = ()


MOST_REPLIES = 200_000
"""Answers that are remembered for repeats of their events."""
Write = Callable[[Told, list[Happening]], None]


@dataclass(slots=True)
class Desk:
    """Takes events for one centre, each once.

    Attributes:
        centre: what is known.
        entrances: places where units come in.
        window: time [s] for which a truck has its dock and lane.
        write: journals an event and what follows from it; returns when it is in the file.
        replies: answers by event id.
    """

    centre: Centre
    entrances: frozenset[str]
    window: float
    write: Write
    replies: dict[str, Reply] = field(default_factory=dict)

    def tell(self, told: Told) -> Reply:
        """Take an event, or return the answer that it has had."""
        known = self.replies.get(told.event_id)
        if known is not None:
            return known
        if not told.event_id:
            return Reply(Verdict.REFUSED, Code.INVALID_ARGUMENT, 'event_id is empty')
        answer = self._decide(told)
        if isinstance(answer, Refused):
            return Reply(Verdict.REFUSED, answer.code, answer.text)
        self.write(told, answer)
        return self.apply(told.event_id, answer)

    def apply(self, event_id: str, happenings: list[Happening]) -> Reply:
        """Fold in what was written, and remember the answer."""
        for event in happenings:
            self.centre.apply(event)
        wrong = [e for e in happenings if isinstance(e, MisSorted)]
        proofs = tuple(p for e in happenings if isinstance(e, TruckLeft) for p in e.proofs)
        text = '; '.join(f'{e.unit_id} at {e.at}, wanted {e.wanted}' for e in wrong)
        verdict = Verdict.MIS_SORTED if wrong else Verdict.TAKEN
        units = tuple(e.unit_id for e in wrong)
        reply = Reply(verdict, Code.NONE, text, units, proofs)
        self.replies[event_id] = reply
        if len(self.replies) > MOST_REPLIES:
            del self.replies[next(iter(self.replies))]
        return reply

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
