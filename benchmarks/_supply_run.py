# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A factory whose lines feed themselves: the cores of line, fleet, traffic and sim together.

As `_fleet_run`, but what is asked for comes from the lines' own desks, and what they use up is
what empties the containers on the simulated floor. So there is one stock beside the lines: a
container that comes too early finds its place full there, and one that comes too late stops the
line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import Any

import numpy as np
from _fleet_demand import Shift
from _fleet_run import FactoryRun, _spread
from linehaul_fleet.changes import Change as FleetChange
from linehaul_fleet.codes import Refusal
from linehaul_fleet.delivery import Phase, Request
from linehaul_fleet.delivery import RequestId as DeliveryId
from linehaul_line.assembly import Finished, Resumed, Stopped
from linehaul_line.desk import LineDesk
from linehaul_line.feeding import Ask, Change, Feeding, Hold, Intent, Release, Withdraw
from linehaul_line.ids import LineId, ModelId
from linehaul_line.line import LinePlan, LineSequence, replace_units
from linehaul_line.lookahead import Policy
from linehaul_line.packml import Command
from linehaul_line.product import Model, standard_model
from linehaul_line.source import expected_responses, first_side, make_line, units

from linehaul_floor import Line, Plant
from linehaul_line import assembly as state_of_line
from linehaul_vda5050 import ActionStatus

KNOWN = 300
"""Units of a line's sequence that are known: more than an hour at the reference takt."""
SOON = 5.0
"""[s] that a due time is ahead at least when it is told."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens to a line at a time after the beginning [s]."""

    at: float
    text: str
    do: Callable[['SupplyRun'], None]


@dataclass(slots=True)
class Book:
    """What is noted of the lines. Times in seconds after the beginning.

    stops: line, begin, seconds, cause. times, stock: parts beside each line at each round. full:
    containers that the line had no place for. lateness: when and how late after the run-out each
    delivery came. changes: intents told to the fleet, by kind. log: what a shift leader reads.
    apart: where line and floor count differently. refused: handovers that were not possible at
    first, by action: when and why.
    """

    stops: list[tuple[str, float, float, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    stock: dict[str, list[int]] = field(default_factory=dict)
    full: list[str] = field(default_factory=list)
    lateness: list[tuple[float, float]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    log: list[tuple[float, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    refused: dict[str, tuple[float, str]] = field(default_factory=dict)
    happened: list[tuple[float, str]] = field(default_factory=list)


class SupplyRun(FactoryRun):
    """One run.

    Args:
        plant: with lines and fleet.
        conflicts: tables of all pairs of classes.
        seed: of everything random: the plant's times, charges, and what stands in open containers.
        adjust: False: requests stay as they were asked, whatever the line does then.
        happenings: what happens to the lines, soonest first.
        feeding: how all lines feed themselves.
        models: what lines can build beside their standard model.
        start: [s] until the lines run.
    """

    def __init__(
        self,
        plant: Plant,
        conflicts: Any,
        seed: int,
        *,
        adjust: bool = True,
        happenings: Sequence[Happening] = (),
        feeding: Feeding | None = None,
        models: dict[LineId, list[Model]] | None = None,
        start: float = 60.0,
        **options: Any,
    ) -> None:
        super().__init__(plant, conflicts, Shift((), (), {}), seed, told_use=True, **options)
        self.adjust, self.book = adjust, Book()
        self._happenings = list(happenings)
        self._builds: dict[LineId, ModelId] = {}
        self._wanted: dict[DeliveryId, Ask] = {}
        self._models = models or {}
        rng = np.random.default_rng([seed, 11])
        self.desks = {
            line.id: self._desk(line, number, start, feeding or fed(), rng)
            for number, line in enumerate(plant.lines.values())
        }

    def _desk(
        self, line: Line, number: int, start: float, feeding: Feeding, rng: np.random.Generator
    ) -> LineDesk:
        """Return a line that builds its standard model, with one container opened at each part."""
        standard = standard_model(self.plant, line)
        begin = self.world.now + start + number * line.takt / len(self.plant.lines)
        made = make_line(self.plant, line, [standard], start=begin, known=KNOWN)
        known = [standard, *self._models.get(line.id, [])]
        plan: LinePlan = replace(made.plan, models={one.id: one for one in known}, changeover=60.0)
        stock = {
            key: replace(part, contents=(int(rng.integers(1, c + 1)), *part.contents[1:]))
            for key, part in made.stock.items()
            for c in [part.container_quantity]
        }
        self._builds[line.id] = standard.id
        self.book.stock[line.id] = []
        responses = expected_responses(self.plant, line, wait=60.0, transfer=15.0)
        side = first_side(self.plant, line)
        return LineDesk(replace(made, plan=plan, stock=stock), feeding, responses, side=side)

    # The round.

    def _lines(self) -> None:
        while self._happenings and self._happenings[0].at <= self.seconds:
            happening = self._happenings.pop(0)
            self.note(happening.text)
            self.book.happened.append((self.seconds, happening.text))
            happening.do(self)
        self._hear_fleet()
        for line, desk in self.desks.items():
            sequence = self._more(line, desk)
            desk.assembly = replace(desk.assembly, sequence=sequence)
            intents, events = desk.tick(self.world.now)
            for event in events:
                self._note_event(line, event)
            for load in desk.side.to_tell():
                self.world.use_load(load)
                desk.side.heard(load)
            for intent in intents:
                self._tell_fleet(line, intent)
            self.book.stock[line].append(sum(p.quantity for p in desk.assembly.stock.values()))
        self.book.times.append(self.seconds)
        self._compare()

    def _compare(self) -> None:
        """Note where what a line counts beside itself is not what stands on the floor."""
        coming: dict[str, set[str]] = {}
        for name, ask in self._wanted.items():
            load = self.fleet.model.deliveries[name].load_id
            coming.setdefault(ask.station, set()).add(str(load))
        for desk in self.desks.values():
            for (station, _), row in desk.side.rows.items():
                there = set(self.world.data.ledger.ports[station].loads)
                strange = there - set(row) - coming.get(station, set())
                gone = set(row) - there
                if strange or gone:
                    text = f'{station}: {sorted(strange)} not counted, {sorted(gone)} not there'
                    if text not in self.book.apart:
                        self.book.apart.append(text)
                        self.note(text)

    def _round(self) -> None:
        told = len(self.record.explained)
        super()._round()
        for text in self.record.explained[told:]:
            self.note(text)
        for vehicle in self.fleet.model.vehicles.values():
            for action in vehicle.state.action_states if vehicle.state else ():
                known = action.action_id in self.book.refused
                if action.action_status is ActionStatus.RETRIABLE and not known:
                    job = vehicle.job
                    text = f'{vehicle.id}: {action.action_result}, {job and job.request_id}'
                    self.book.refused[action.action_id] = self.seconds, text
                    self.note(text)

    def note(self, text: str) -> None:
        """Write a line of the log."""
        self.book.log.append((self.seconds, text))

    def _note_event(self, line: LineId, event: Any) -> None:
        if isinstance(event, Stopped):
            self.book.stops.append((line, event.time - self.begin, nan, event.cause))
            self.note(f'{line} stands: {event.cause}')
        elif isinstance(event, Resumed):
            began = self.book.stops[self._last_stop(line)]
            self.book.stops[self._last_stop(line)] = (*began[:2], event.stood, began[3])
            self.note(f'{line} runs again after {event.stood:.0f} s')
        else:
            assert isinstance(event, Finished)

    def _last_stop(self, line: str) -> int:
        return max(k for k, stop in enumerate(self.book.stops) if stop[0] == line)

    def _more(self, line: LineId, desk: LineDesk) -> LineSequence:
        """Return the sequence with units of the model that is built now added behind."""
        sequence, plan = desk.assembly.sequence, desk.assembly.plan
        end = sequence.first + len(sequence.units)
        missing = KNOWN - (end - desk.assembly.position)
        if missing < KNOWN // 4:
            return sequence
        model = plan.models[self._builds[line]]
        return LineSequence(
            sequence.first, sequence.units + units(line, [model], [1], end, missing)
        )

    # Lines and fleet.

    def _tell_fleet(self, line: LineId, intent: Intent) -> None:
        name = DeliveryId(intent.request)
        if isinstance(intent, Ask):
            self._send(name, intent)
            return
        if not self.adjust:
            return
        kind = type(intent).__name__.lower()
        self.book.changes[kind] = self.book.changes.get(kind, 0) + 1
        match intent:
            case Withdraw(_, reason):
                self.fleet.cancel(name, self.world.now, reason)
                change = None
            case Change(_, due, priority, reason):
                change = FleetChange(due=max(due, self.world.now + SOON), priority=priority)
            case Hold(_, reason):
                change = FleetChange(hold=True)
            case Release(_, reason):
                change = FleetChange(hold=False)
        if change is not None:
            self.fleet.change(name, change, str(line), reason, self.world.now)
        self.note(f'{kind} {name}: {reason}')

    def _send(self, name: DeliveryId, ask: Ask) -> None:
        now = self.world.now
        due = max(ask.due, now + SOON)
        earliest = min(ask.earliest, due) if ask.earliest > now else nan
        answer = self.fleet.request(
            Request(name, '', ask.item, ask.quantity, ask.station, earliest, due, ask.priority),
            now,
        )
        if isinstance(answer, Refusal):
            self.record.refused.append(answer.text)
            self._desk_of(ask).failed(ask.request)
        else:
            self._wanted[name] = ask

    def _desk_of(self, ask: Ask) -> LineDesk:
        line = self.plant.places[ask.station].line
        assert line is not None
        return self.desks[line]

    def _hear_fleet(self) -> None:
        """Book what began and what ended since the last round."""
        now = self.world.now
        for name, ask in list(self._wanted.items()):
            delivery, desk = self.fleet.model.deliveries[name], self._desk_of(ask)
            if Phase.FETCHING <= delivery.phase <= Phase.DELIVERING:
                desk.begun(ask.request, now)
            if delivery.phase in (Phase.LOADED, Phase.DELIVERING):
                desk.loaded(ask.request)
            if not delivery.phase.ended:
                continue
            del self._wanted[name]
            if delivery.phase is not Phase.DELIVERED:
                desk.failed(ask.request)
                self.book.failed.append(f'{name}: {delivery.phase.name} {delivery.text}')
                continue
            found = desk.find(ask.request)
            if found is not None:
                late = delivery.ended - found[1].due
                self.book.lateness.append((self.seconds, late))
            load = delivery.load_id or ''
            refused = desk.placed(ask.request, ask.quantity, now, load)  # type: ignore[arg-type]
            if refused is not None and desk.find(ask.request) is None:
                refused = desk.came((ask.station, ask.item), ask.quantity, load)  # type: ignore[arg-type]
            if refused is not None:
                self.book.full.append(refused.text)

    # What happens to lines.

    def hold(self, line: LineId) -> None:
        """Let a line stand by its own fault."""
        self._command(line, Command.HOLD)

    def unhold(self, line: LineId) -> None:
        """Let it run again."""
        self._command(line, Command.UNHOLD)

    def _command(self, line: LineId, what: Command) -> None:
        after = state_of_line.command(self.desks[line].assembly, what)
        assert isinstance(after, state_of_line.Assembly), after
        self.desks[line].assembly = after

    def set_speed(self, line: LineId, factor: float) -> None:
        """Let a line run faster or slower."""
        after = state_of_line.set_speed(self.desks[line].assembly, factor)
        assert isinstance(after, state_of_line.Assembly), after
        self.desks[line].assembly = after

    def change_over(self, line: LineId, model: ModelId) -> None:
        """Let a line build another model behind its frozen horizon."""
        desk = self.desks[line]
        made, plan = desk.assembly, desk.assembly.plan
        first = made.position + plan.frozen
        end = made.sequence.first + len(made.sequence.units)
        new = units(line, [plan.models[model]], [1], first, end - first)
        after = replace_units(plan, made.sequence, made.position, first, new)
        assert isinstance(after, LineSequence), after
        self._builds[line] = model
        desk.assembly = replace(made, sequence=after)

    # Result.

    def stood(self, since: float, until: float, line: str) -> float:
        """Return the seconds that a line stood starved between two times."""
        total = 0.0
        for name, begin, seconds, _ in self.book.stops:
            if name == line:
                end = begin + seconds if isfinite(seconds) else self.seconds
                total += max(0.0, min(end, until) - max(begin, since))
        return total

    def supply(self, since: float, until: float) -> dict[str, Any]:
        """Return what the lines saw between two times [s after the beginning]."""
        times = np.array(self.book.times)
        inside = (times >= since) & (times < until)
        late = [one for time, one in self.book.lateness if since <= time < until]
        lines = {}
        for name, desk in self.desks.items():
            stock = np.array(self.book.stock[name])[inside]
            most = sum(p.places * p.container_quantity for p in desk.assembly.stock.values())
            lines[name] = {
                'stood_s': self.stood(since, until, name),
                'stood_own_s': desk.assembly.stood_own,
                'done': desk.assembly.done,
                'mean_stock_parts': float(stock.mean()) if stock.size else nan,
                'stock_share': float(stock.mean() / most) if stock.size else nan,
                'response_s': {
                    station: {'mean': one.mean, 'spread': one.spread}
                    for station, one in desk.responses.items()
                },
            }
        return {
            'lines': lines,
            'stops': [stop for stop in self.book.stops if since <= stop[1] < until],
            'into_full_place': self.book.full,
            'handovers_refused': list(self.book.refused.values()),
            'tries_refused': self.world.data.handling.failures,
            'failed': self.book.failed,
            'line_and_floor_apart': self.book.apart,
            'refused': self.record.refused,
            'changes': self.book.changes,
            'lateness_s': _spread(late),
            'late': sum(one > 0.0 for one in late),
            'delivered': len(late),
            'log': self.book.log,
            'happened': self.book.happened,
            'curves': {
                name: (times[::30].tolist(), stock[::30])
                for name, stock in self.book.stock.items()
            },
        }


def fed() -> Feeding:
    """Return how the lines feed themselves: as config/line.param.yaml has it."""
    return Feeding(Policy(z=2.0, cover=180.0, clearing=30.0))
