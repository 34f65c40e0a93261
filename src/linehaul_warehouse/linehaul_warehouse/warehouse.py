# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The controller: takes commands and reports, decides, and says what to write and what to send.

Everything that happens is an event, folded into the state at once and kept in `take` for the
journal. Commands to cranes are given out with them and must be sent only when the events are on
disk: write first, then act. After a restart, and after any silence, a crane is asked what it
carries and did last before it is sent anything.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from math import inf, isnan, nan

from linehaul_warehouse import cranes, people, requests
from linehaul_warehouse import events as ev
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.crane_end import AskStatus, Command, Report, SendStep, Status
from linehaul_warehouse.idle import plan_idle
from linehaul_warehouse.ids import AisleId, LoadId, PortId, RequestId
from linehaul_warehouse.model import (
    Crane,
    Packml,
    PlaceKind,
    Retrieval,
    RetrievalPhase,
    RetrieveRequest,
    StepKind,
    Storage,
    StoreRequest,
)
from linehaul_warehouse.plan import plan_cycle
from linehaul_warehouse.rack import Rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.state import State
from linehaul_warehouse.turnover import NO_TURNOVER, Turnover, measure

RETRY = 2.0
"""[s] between two looks for a load for a retrieval that has none, and two questions to a crane."""
LOOKS = 4
"""Idle cranes that look for something to do in one round."""
REMEASURE = 600.0
"""[s] between two measurements of turnover."""


Known = Callable[[str, RequestId], tuple[ev.Event, ev.Event | None] | None]
"""How a request of a kind, 'retrieve' or 'store', was asked and ended; None: never."""


@dataclass(slots=True)
class Link:
    """What is known of the way to a crane; none of it survives a restart, and need not."""

    trusted: bool = False
    asked: float = -inf
    idle_since: float = nan
    looked: float = -inf


@dataclass(slots=True)
class Out:
    """What was decided: events for the journal, then commands for the cranes."""

    events: list[tuple[float, ev.Event]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


class Warehouse:
    """The controller of one warehouse.

    Args:
        rack: as it is built.
        settings: how it decides.
        state: from the journal; None begins empty.
        known: how a request that the state has forgotten was asked and ended; None where never.
    """

    def __init__(
        self,
        rack: Rack,
        settings: Settings | None = None,
        state: State | None = None,
        known: Known = lambda _kind, _id: None,
    ) -> None:
        self._known = known
        self.rack = rack
        self.settings = settings or Settings()
        self.state = state or State(rack)
        self.turnover: Turnover = NO_TURNOVER
        self.links = {aisle.id: Link() for aisle in rack.aisles}
        self._out = Out()
        self._retried = -inf
        self._looks = 0

    def take(self) -> Out:
        """Return what was decided since the last call; write its events before sending."""
        out, self._out = self._out, Out()
        return out

    def _emit(self, events: list[ev.Event], now: float) -> None:
        for event in events:
            self.state.apply(now, event)
            self._out.events.append((now, event))

    def act(self, answer: people.Answer, now: float) -> Refused | None:
        """Carry out what a function of `people` returned."""
        if isinstance(answer, Refused):
            return answer
        self._emit(answer, now)
        return None

    # Requests.

    def retrieve(self, request: RetrieveRequest, now: float) -> Retrieval | Refused:
        """Take a retrieval, or return the one that has this id already."""
        old = self._old(request.id, request, self.state.facts.retrievals)
        if isinstance(old, Retrieval | Refused):
            return old
        answer = requests.ask_retrieval(self.state, self.settings, request, now)
        if isinstance(answer, Retrieval | Refused):
            return answer
        self._emit(answer, now)
        return self.state.facts.retrievals[request.id]

    def store(self, request: StoreRequest, now: float) -> Storage | Refused:
        """Take a storage, or return the one that has this id already."""
        old = self._old(request.id, request, self.state.facts.storages)
        if isinstance(old, Storage | Refused):
            return old
        answer = requests.ask_storage(self.state, request, now)
        if isinstance(answer, Storage | Refused):
            return answer
        self._emit(answer, now)
        return self.state.facts.storages[request.id]

    def _old(
        self, request_id: RequestId, request: object, state: Container[object]
    ) -> Retrieval | Storage | Refused | None:
        """Return what the journal says of an id that the state does not know."""
        taken = isinstance(request, RetrieveRequest)
        kind = 'retrieve' if taken else 'store'
        known = None if request_id in state else self._known(kind, request_id)
        if known is None:
            return None
        old = requests.remembered(known)
        if old is not None and requests.same(old.request, request):
            return old
        text = f'request {request_id!r} was used before with other content'
        return Refused(Code.RETRIEVE_ID_REUSED if taken else Code.STORE_ID_REUSED, text)

    def cancel_retrieval(self, request_id: RequestId, now: float) -> Refused | None:
        """Give a retrieval up."""
        return self.act(requests.cancel_retrieval(self.state, request_id), now)

    def cancel_storage(self, request_id: RequestId, now: float) -> Refused | None:
        """Give a storage up whose load has not come."""
        return self.act(requests.cancel_storage(self.state, request_id), now)

    def load_arrived(
        self,
        port_id: PortId,
        load_id: LoadId,
        now: float,
        weight: float = nan,
        height: float = nan,
    ) -> Refused | None:
        """Take in what a port's identification point has read; a refused load is not ours."""
        if port_id not in self.rack.ports:
            return Refused(Code.UNKNOWN_ID, f'no port {port_id!r}')
        if load_id in self.state.facts.loads:
            return None
        events = requests.arrived(self.state, port_id, load_id, now, weight, height)
        self._emit(events, now)
        if load_id in self.state.facts.loads:
            return None
        ended = next((e for e in events if isinstance(e, ev.StorageEnded)), None)
        if ended is not None:
            return Refused(ended.code, ended.text)
        text = f'nobody announced {load_id!r} at {port_id}; it goes to clarification'
        return Refused(Code.STORE_UNKNOWN_LOAD if load_id else Code.STORE_ID_UNREADABLE, text)

    def load_taken(self, port_id: PortId, load_id: LoadId, now: float) -> Refused | None:
        """Book out what a vehicle has taken."""
        return self.act(requests.taken(self.state, port_id, load_id), now)

    # Cranes.

    def crane_report(self, report: Report, now: float) -> None:
        """Take a crane's answer to a step."""
        self._emit(cranes.answered(self.state, self.turnover, self.settings, report, now), now)

    def crane_status(self, status: Status, now: float) -> None:
        """Take how a crane stands, after it was asked."""
        crane = self.state.facts.cranes[status.aisle_id]
        what, report = cranes.compare(self.state, status)
        if report is not None:
            self.crane_report(report, now)
            self.crane_status(status, now)
            return
        link = self.links[status.aisle_id]
        link.trusted = what in ('wait', 'send')
        link.asked = now if what == 'wait' else link.asked
        working = crane.state in (Packml.IDLE, Packml.EXECUTE)
        if what == 'look' and working:
            found, wanted = status.load_id or 'nothing', crane.load_id or 'nothing'
            reason = f'fork carries {found}, books say {wanted}: a person must look'
            self._machine(crane, Packml.HELD, reason, now)
        elif what == 'down' and working:
            self._machine(crane, Packml.STOPPED, status.text or 'down', now)
        elif what in ('wait', 'send') and crane.state is Packml.STOPPED:
            self._machine(crane, Packml.EXECUTE if crane.jobs else Packml.IDLE, '', now)
        elif what == 'send' and crane.step is not None and working:
            self._out.commands.append(SendStep(crane.aisle_id, crane.step))
            link.asked = now

    def crane_silent(self, aisle_id: AisleId) -> None:
        """Note that the way to a crane was lost: it is asked before anything is sent."""
        self.links[aisle_id].trusted = False

    def _machine(self, crane: Crane, state: Packml, reason: str, now: float) -> None:
        self._emit(cranes.changed(crane.aisle_id, state, cranes.CONTROLLER, reason), now)

    def command_crane(
        self, aisle_id: AisleId, wanted: Packml, actor: str, reason: str, now: float
    ) -> Refused | None:
        """Let a person hold, stop, abort or reset a crane; after a reset it is asked first."""
        refused = self.act(cranes.command(self.state, aisle_id, wanted, actor, reason), now)
        if refused is None:
            self.links[aisle_id].trusted = False
        return refused

    def emergency_stop(self, actor: str, reason: str, now: float) -> Refused | None:
        """Abort every crane; each must be reset by a person."""
        for aisle_id, crane in self.state.facts.cranes.items():
            if crane.state is Packml.ABORTED:
                continue
            refused = self.command_crane(aisle_id, Packml.ABORTED, actor, reason, now)
            if refused:
                return refused
        return None

    # The round.

    def tick(self, now: float) -> None:
        """Decide what can be decided now."""
        if isnan(now):
            return
        self._emit(people.expire(self.state, now), now)
        self._conveyors(now)
        if now - self._retried >= RETRY or now < self._retried:
            self._retried = now
            self._retry(now)
        if now - self.turnover.time >= REMEASURE or now < self.turnover.time:
            self.turnover = measure(self.state, now)
        self._looks = 0
        for aisle_id in self.links:
            self._crane(aisle_id, now)

    def _conveyors(self, now: float) -> None:
        for request_id in list(self.state.open_retrievals):
            retrieval = self.state.facts.retrievals[request_id]
            if retrieval.phase is not RetrievalPhase.CONVEYOR:
                continue
            load = self.state.facts.loads.get(retrieval.load_id)
            if load is not None and load.place.kind is PlaceKind.PORT and load.ready <= now:
                self._emit([requests.retrieval_done(self.state, retrieval)], now)

    def _retry(self, now: float) -> None:
        """Look again for loads where there was none, and away from aisles that are closed."""
        for request_id in list(self.state.open_retrievals):
            if self.state.facts.retrievals[request_id].phase is RetrievalPhase.QUEUED:
                found = requests.promise_again(self.state, self.settings, request_id, now)
                self._emit(found, now)
        for aisle_id in self.links:
            if not self.state.usable(aisle_id):
                self._emit(cranes.give_up(self.state, aisle_id, 'aisle closed'), now)
                for request_id in list(self.state.promised[aisle_id]):
                    found = requests.move_away(self.state, self.settings, request_id, now)
                    self._emit(found, now)

    def _crane(self, aisle_id: AisleId, now: float) -> None:
        link, crane = self.links[aisle_id], self.state.facts.cranes[aisle_id]
        if crane.state in (Packml.ABORTED, Packml.HELD):
            return
        if crane.step is not None and link.trusted and self._overdue(crane, link, now):
            link.trusted = False
        if not link.trusted:
            if now - link.asked >= RETRY or now < link.asked:
                link.asked = now
                self._out.commands.append(AskStatus(aisle_id))
            return
        if crane.step is not None or crane.state is Packml.STOPPED:
            return
        if not crane.jobs and aisle_id not in self.state.facts.blocked:
            self._plan(aisle_id, link, now)
        step = cranes.next_step(self.state, aisle_id)
        if step is not None:
            self._emit([ev.StepSent(aisle_id, step)], now)
            self._out.commands.append(SendStep(aisle_id, step))
            link.idle_since = nan

    def _plan(self, aisle_id: AisleId, link: Link, now: float) -> None:
        events = plan_cycle(self.state, self.turnover, self.settings, aisle_id, now)
        if not events:
            link.idle_since = now if isnan(link.idle_since) else link.idle_since
            if now - link.looked >= RETRY and self._looks < LOOKS:
                self._looks += 1
                link.looked = now
                waited = now - link.idle_since
                events = plan_idle(self.state, self.turnover, self.settings, aisle_id, now, waited)
        self._emit(events, now)

    def _overdue(self, crane: Crane, link: Link, now: float) -> bool:
        assert crane.step is not None
        aisle = self.rack.aisles[int(self.rack.aisle[self.rack.span[crane.aisle_id].start])]
        fork = 0.0 if crane.step.kind is StepKind.MOVE else aisle.drive.fork_time
        reckoned = aisle.drive.leg((crane.x, crane.y), (crane.step.x, crane.step.y)) + fork
        since = max(crane.sent, link.asked)
        return now - since > reckoned + self.settings.silence
