# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a warehouse and the fold of events into it.

`State` holds what must be known and indexes made from it. `apply` changes it in place, keeps the
indexes, and refuses what must never be: a cell with two loads, a load with two holders or places.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from linehaul_warehouse import events as ev
from linehaul_warehouse.errors import EventError
from linehaul_warehouse.ids import (
    NO_LOAD,
    NO_ORDER,
    NO_REQUEST,
    AisleId,
    CellId,
    ItemId,
    LoadId,
    Lot,
    OrderId,
    PortId,
    RequestId,
)
from linehaul_warehouse.model import (
    CellMark,
    CellState,
    Count,
    Crane,
    Job,
    JobKind,
    Load,
    Mark,
    Outcome,
    Packml,
    Place,
    PlaceKind,
    Retrieval,
    RetrievalPhase,
    StepKind,
    Storage,
    StoragePhase,
)
from linehaul_warehouse.rack import Rack

ENDED_KEPT = 20_000
"""Ended requests of each kind that are kept, so that repeats of their ids are known."""


@dataclass(slots=True)
class Facts:
    """What must be known; a snapshot is this as JSON.

    lots: when the first load of an item's lot came, the age that FIFO goes by. claims: cell to
    the load that comes. counts: cell to the last count that nothing agreed with. blocked: aisle
    to why. retrievals, storages: open and ended, oldest first.
    """

    loads: dict[LoadId, Load] = field(default_factory=dict)
    lots: dict[ItemId, dict[Lot, float]] = field(default_factory=dict)
    marks: dict[CellId, Mark] = field(default_factory=dict)
    claims: dict[CellId, LoadId] = field(default_factory=dict)
    counts: dict[CellId, Count] = field(default_factory=dict)
    blocked: dict[AisleId, str] = field(default_factory=dict)
    retrievals: dict[RequestId, Retrieval] = field(default_factory=dict)
    storages: dict[RequestId, Storage] = field(default_factory=dict)
    cranes: dict[AisleId, Crane] = field(default_factory=dict)
    received: int = 0
    gone: int = 0
    late: int = 0
    done_in: int = 0
    done_out: int = 0
    began: float = 0.0
    picks: dict[ItemId, float] = field(default_factory=dict)


class State:
    """Facts and their indexes.

    Attributes:
        facts: what must be known.
        rack: the warehouse as it is built.
        in_cell: the load of each occupied cell.
        at_port: loads on the conveyor of each port, first come first.
        by_item, by_order: loads present.
        free: (n,) cells that may be chosen: empty, not claimed, not marked.
        full: (n,) cells with a load.
        open_retrievals, open_storages: requests that go on, oldest first.
        promised: retrievals of each aisle that wait for its crane.
        spread: how many loads of an item lie in each aisle.
    """

    def __init__(self, rack: Rack, facts: Facts | None = None) -> None:
        self.rack = rack
        self.facts = facts or Facts()
        for aisle in rack.aisles:
            self.facts.cranes.setdefault(aisle.id, Crane(aisle.id))
        self.in_cell: dict[CellId, LoadId] = {}
        self.at_port: dict[PortId, list[LoadId]] = {name: [] for name in rack.ports}
        self.by_item: dict[ItemId, dict[Lot, dict[LoadId, None]]] = {}
        self.by_order: dict[OrderId, dict[LoadId, None]] = {}
        self.spread: dict[ItemId, Counter[AisleId]] = defaultdict(Counter)
        self.storing: dict[LoadId, RequestId] = {}
        self.free: npt.NDArray[np.bool_] = np.ones(len(rack.ids), np.bool_)
        self.full: npt.NDArray[np.bool_] = np.zeros(len(rack.ids), np.bool_)
        self.open_retrievals: dict[RequestId, None] = {}
        self.open_storages: dict[RequestId, None] = {}
        self.timed: dict[LoadId, None] = {}
        self.promised: dict[AisleId, dict[RequestId, None]] = {a.id: {} for a in rack.aisles}
        for load in self.facts.loads.values():
            self._enter(load)
        for loads in self.at_port.values():
            loads.sort(key=lambda name: (self.facts.loads[name].ready, name))
        for request_id, retrieval in self.facts.retrievals.items():
            if retrieval.open:
                self.open_retrievals[request_id] = None
                self._promise(retrieval)
        for request_id, storage in self.facts.storages.items():
            if storage.open:
                self.open_storages[request_id] = None
                self.storing[storage.request.load_id] = request_id
        for cell in [*self.facts.claims, *self.facts.marks]:
            self.refresh(cell)

    # Indexes.

    def _enter(self, load: Load) -> None:
        self.by_item.setdefault(load.item_id, {}).setdefault(load.lot, {})[load.id] = None
        for order in {load.order_id, load.held_for} - {NO_ORDER}:
            self.by_order.setdefault(order, {})[load.id] = None
        if load.held_by and load.held_until == load.held_until:
            self.timed[load.id] = None
        self._settle(load)

    def _settle(self, load: Load) -> None:
        """Put a load into the index of its place."""
        place = load.place
        if place.kind is PlaceKind.CELL:
            cell = CellId(place.id)
            if cell not in self.rack.index:
                raise EventError(f'load {load.id}: found cell {cell!r}, wanted one of the rack')
            if cell in self.in_cell:
                raise EventError(f'cell {cell}: found {self.in_cell[cell]} in it before {load.id}')
            self.in_cell[cell] = load.id
            self.spread[load.item_id][self.rack.aisle_of(cell).id] += 1
            self.refresh(cell)
        elif place.kind is PlaceKind.PORT:
            self.at_port[PortId(place.id)].append(load.id)

    def _leave(self, load: Load) -> None:
        """Take a load out of the index of its place."""
        if load.place.kind is PlaceKind.CELL:
            cell = CellId(load.place.id)
            del self.in_cell[cell]
            self.spread[load.item_id][self.rack.aisle_of(cell).id] -= 1
            self.refresh(cell)
        elif load.place.kind is PlaceKind.PORT:
            self.at_port[PortId(load.place.id)].remove(load.id)

    def _forget(self, load: Load) -> None:
        lots = self.by_item[load.item_id]
        del lots[load.lot][load.id]
        if not lots[load.lot]:
            del lots[load.lot]
        for order in {load.order_id, load.held_for} - {NO_ORDER}:
            loads = self.by_order[order]
            del loads[load.id]
            if not loads:
                del self.by_order[order]
        self.timed.pop(load.id, None)

    def refresh(self, cell: CellId) -> None:
        """Work out whether a cell is free."""
        k = self.rack.index[cell]
        facts = self.facts
        self.full[k] = cell in self.in_cell
        taken = cell in self.in_cell or cell in facts.claims or cell in facts.marks
        self.free[k] = not taken

    def _change(self, load: Load) -> None:
        """Put a load in the place of its former self; its place is the same."""
        old = self.facts.loads[load.id]
        self._forget(old)
        if load.place.kind is PlaceKind.CELL:
            aisle = self.rack.aisle_of(CellId(load.place.id)).id
            self.spread[old.item_id][aisle] -= 1
            self.spread[load.item_id][aisle] += 1
        self.facts.loads[load.id] = load
        self.by_item.setdefault(load.item_id, {}).setdefault(load.lot, {})[load.id] = None
        for order in {load.order_id, load.held_for} - {NO_ORDER}:
            self.by_order.setdefault(order, {})[load.id] = None
        if load.held_by and load.held_until == load.held_until:
            self.timed[load.id] = None

    # Reading.

    def load(self, load_id: LoadId) -> Load:
        """Return a load that must be there."""
        try:
            return self.facts.loads[load_id]
        except KeyError:
            raise EventError(f'load {load_id!r} is not in the warehouse') from None

    def cell_state(self, cell: CellId) -> CellState:
        """Return what a cell is."""
        mark = self.facts.marks.get(cell)
        if mark is not None:
            return CellState.FAULTY if mark.mark is CellMark.FAULTY else CellState.BLOCKED
        if cell in self.in_cell:
            held = self.facts.loads[self.in_cell[cell]].held_by in self.open_retrievals
            return CellState.RESERVED_OUT if held else CellState.OCCUPIED
        return CellState.RESERVED_IN if cell in self.facts.claims else CellState.FREE

    def usable(self, aisle_id: AisleId) -> bool:
        """Say whether an aisle is open and its crane in order."""
        crane = self.facts.cranes[aisle_id]
        return aisle_id not in self.facts.blocked and crane.state in (Packml.IDLE, Packml.EXECUTE)

    # The fold.

    def apply(self, time: float, event: ev.Event) -> None:
        """Fold one event in.

        Raises:
            EventError: it does not fit; the state may be half changed then: throw it away.
        """
        match event:
            case ev.LoadReceived(load):
                self._received(load)
            case ev.LoadMoved(load_id, place, ready):
                self._moved(self.load(load_id), place, ready)
            case ev.LoadIssued(load_id=load_id) | ev.LoadRemoved(load_id=load_id):
                self._gone(self.load(load_id))
            case ev.LoadAdjusted(load_id, item_id, lot, quantity):
                new = replace(self.load(load_id), item_id=item_id, lot=lot, quantity=quantity)
                self._age(new, time)
                self._change(new)
            case ev.QualitySet(load_id, quality):
                self.facts.loads[load_id] = replace(self.load(load_id), quality=quality)
            case ev.LoadHeld(load_id, holder, order_id, until):
                self._held(self.load(load_id), holder, order_id, until)
            case ev.LoadFreed(load_id):
                load = self.load(load_id)
                self._change(
                    replace(load, held_by=NO_REQUEST, held_for=NO_ORDER, held_until=float('nan'))
                )
            case ev.CellClaimed(cell_id, load_id):
                self._claimed(cell_id, load_id)
            case ev.CellMarked(cell_id, mark, actor, reason):
                self._marked(cell_id, Mark(mark, reason, actor, time))
            case ev.CellCounted(cell_id, count, settled):
                if settled:
                    self.facts.counts.pop(cell_id, None)
                else:
                    self.facts.counts[cell_id] = replace(count, time=time)
            case ev.AisleBlocked(aisle_id, blocked, actor, reason):
                if blocked:
                    self.facts.blocked[aisle_id] = f'{reason} ({actor})'
                else:
                    self.facts.blocked.pop(aisle_id, None)
            case _:
                self._apply_work(time, event)

    def _apply_work(self, time: float, event: ev.Event) -> None:
        match event:
            case ev.RetrievalAsked(request):
                self._new(request.id, self.facts.retrievals)
                self.facts.retrievals[request.id] = Retrieval(request, time)
                self.open_retrievals[request.id] = None
            case ev.RetrievalPhased(request_id, phase, load_id, port_id):
                old = self.facts.retrievals[request_id]
                self._unpromise(old)
                new = replace(old, phase=phase, load_id=load_id, port_id=port_id)
                self.facts.retrievals[request_id] = new
                self._promise(new)
            case ev.RetrievalEnded():
                self._retrieval_ended(time, event)
            case ev.StorageAsked(request, port_id):
                self._new(request.id, self.facts.storages)
                self.facts.storages[request.id] = Storage(request, time, port_id=port_id)
                self.open_storages[request.id] = None
                self.storing[request.load_id] = request.id
            case ev.StoragePhased(request_id, phase):
                storage = self.facts.storages[request_id]
                self.facts.storages[request_id] = replace(storage, phase=phase)
            case ev.StorageEnded(request_id, cell_id, code, text):
                storage = self.facts.storages[request_id]
                self.facts.storages[request_id] = replace(
                    storage,
                    phase=StoragePhase.ENDED,
                    cell_id=cell_id,
                    code=code,
                    text=text,
                    done=time,
                )
                self.facts.done_in += code == 0
                self.open_storages.pop(request_id, None)
                self.storing.pop(storage.request.load_id, None)
                _shrink(self.facts.storages, len(self.open_storages))
            case ev.CyclePlanned(aisle_id, jobs):
                self._planned(aisle_id, jobs)
            case ev.StepSent(aisle_id, step):
                crane = self.facts.cranes[aisle_id]
                if crane.step is not None:
                    raise EventError(f'crane {aisle_id}: {crane.step.task_id} is not answered yet')
                self.facts.cranes[aisle_id] = replace(
                    crane, step=step, sent=time, tasks=crane.tasks + 1, state=Packml.EXECUTE
                )
            case ev.StepEnded():
                self._step_ended(time, event)
            case ev.CraneChanged(aisle_id, state, _, reason):
                crane = self.facts.cranes[aisle_id]
                self.facts.cranes[aisle_id] = replace(
                    crane, state=state, reason=reason, since=time
                )
            case _:
                raise EventError(f'found event {type(event).__name__}, wanted one of the union')

    def _received(self, load: Load) -> None:
        if load.id in self.facts.loads:
            raise EventError(f'load {load.id}: is at {self.facts.loads[load.id].place} already')
        self.facts.loads[load.id] = load
        self.facts.received += 1
        self._age(load, load.received)
        self._enter(load)

    def _age(self, load: Load, time: float) -> None:
        self.facts.lots.setdefault(load.item_id, {}).setdefault(load.lot, time)

    def _moved(self, load: Load, place: Place, ready: float) -> None:
        if place.kind is PlaceKind.GONE:
            raise EventError(f'load {load.id}: leaves by LoadIssued or LoadRemoved, not by a move')
        self._leave(load)
        if place.kind is PlaceKind.CRANE:
            aisle = AisleId(place.id)
            crane = self.facts.cranes[aisle]
            if crane.load_id:
                raise EventError(f'crane {aisle}: has {crane.load_id} when it takes {load.id}')
            self.facts.cranes[aisle] = replace(crane, load_id=load.id)
        self._unfork(load)
        new = replace(load, place=place, ready=ready)
        self.facts.loads[load.id] = new
        if place.kind is PlaceKind.CELL and self.facts.claims.get(CellId(place.id)) == load.id:
            del self.facts.claims[CellId(place.id)]
        self._settle(new)

    def _unfork(self, load: Load) -> None:
        if load.place.kind is PlaceKind.CRANE:
            aisle = AisleId(load.place.id)
            self.facts.cranes[aisle] = replace(self.facts.cranes[aisle], load_id=NO_LOAD)

    def _gone(self, load: Load) -> None:
        self._leave(load)
        self._unfork(load)
        self._forget(load)
        del self.facts.loads[load.id]
        self.facts.gone += 1

    def _held(self, load: Load, holder: RequestId, order_id: OrderId, until: float) -> None:
        if load.held_by:
            raise EventError(f'load {load.id}: {load.held_by} has it, and {holder} wants it')
        self._change(replace(load, held_by=holder, held_for=order_id, held_until=until))

    def _claimed(self, cell_id: CellId, load_id: LoadId) -> None:
        if load_id and not self.free[self.rack.index[cell_id]]:
            raise EventError(f'cell {cell_id}: is {self.cell_state(cell_id).name}, not FREE')
        if load_id:
            self.facts.claims[cell_id] = load_id
        else:
            self.facts.claims.pop(cell_id, None)
        self.refresh(cell_id)

    def _marked(self, cell_id: CellId, mark: Mark) -> None:
        if mark.mark is CellMark.NONE:
            self.facts.marks.pop(cell_id, None)
        else:
            self.facts.marks[cell_id] = mark
        self.refresh(cell_id)

    def _new(self, request_id: RequestId, known: object) -> None:
        if request_id in known:  # type: ignore[operator]
            raise EventError(f'request {request_id!r} was taken before')

    def _retrieval_ended(self, time: float, event: ev.RetrievalEnded) -> None:
        old = self.facts.retrievals[event.request_id]
        good = event.code == 0
        self.facts.retrievals[event.request_id] = replace(
            old,
            phase=RetrievalPhase.AT_PORT if good else RetrievalPhase.ENDED,
            lot=event.lot,
            quantity=event.quantity,
            code=event.code,
            text=event.text,
            done=time,
        )
        if good and time > old.request.due:
            self.facts.late += 1
        if good:
            item = old.request.item_id
            self.facts.picks[item] = self.facts.picks.get(item, 0.0) + 1.0
        self.facts.done_out += good
        self.open_retrievals.pop(event.request_id, None)
        self._unpromise(old)
        _shrink(self.facts.retrievals, len(self.open_retrievals))

    def _promise(self, retrieval: Retrieval) -> None:
        """Note a retrieval whose load lies in an aisle and waits for its crane."""
        load = self.facts.loads.get(retrieval.load_id)
        if retrieval.phase is RetrievalPhase.RESERVED and load is not None:
            aisle = self.rack.aisle_of(CellId(load.place.id))
            self.promised[aisle.id][retrieval.request.id] = None

    def _unpromise(self, retrieval: Retrieval) -> None:
        for names in self.promised.values():
            names.pop(retrieval.request.id, None)

    def _planned(self, aisle_id: AisleId, jobs: tuple[Job, ...]) -> None:
        crane = self.facts.cranes[aisle_id]
        loads = [j for j in jobs if j.kind is not JobKind.MOVE]
        cycle = {j.kind for j in loads}
        dual = {JobKind.STORE, JobKind.RETRIEVE} <= cycle
        begins = not crane.jobs and bool(loads)
        self.facts.cranes[aisle_id] = replace(
            crane,
            jobs=jobs,
            duals=crane.duals + (begins and dual),
            singles=crane.singles + (begins and not dual),
        )

    def _step_ended(self, time: float, event: ev.StepEnded) -> None:
        crane = self.facts.cranes[event.aisle_id]
        if crane.step is None or crane.step.task_id != event.task_id:
            raise EventError(f'crane {event.aisle_id}: {event.task_id} is not what it was told')
        done = event.outcome is Outcome.DONE
        dropped = done and crane.step.kind is StepKind.DROP
        ends = done and crane.step.kind is not StepKind.PICK
        jobs = crane.jobs[1:] if ends else crane.jobs
        state = crane.state
        if state is Packml.EXECUTE and not jobs:
            state = Packml.IDLE
        self.facts.cranes[event.aisle_id] = replace(
            crane,
            step=None,
            x=event.x,
            y=event.y,
            jobs=jobs,
            moved=crane.moved + dropped,
            busy=crane.busy + max(time - crane.sent, 0.0),
            energy=crane.energy + event.energy,
            state=state,
        )


def _shrink(requests: dict[RequestId, Retrieval] | dict[RequestId, Storage], open_: int) -> None:
    """Forget the oldest ended requests beyond ENDED_KEPT."""
    excess = len(requests) - open_ - ENDED_KEPT
    if excess > ENDED_KEPT // 20:
        for name in [k for k, r in requests.items() if not r.open][:excess]:
            del requests[name]
