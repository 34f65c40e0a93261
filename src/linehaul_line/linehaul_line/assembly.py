# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated end of a line: steps, stops and stock, as a fold over time.

`run_until` moves the line from step to step. A step is made when every station has the parts for
the unit that comes to it; else the line is Suspended, its clock stands, and the andon of each
starved station is lit. A fault Holds the line. What the line takes and finishes comes back as
events, so that the same code serves a node, a benchmark and a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from linehaul_line.ids import ItemId, StationId, UnitId
from linehaul_line.line import LinePlan, LineSequence, PartKey, lacking, step_length, trim
from linehaul_line.pace import Pace, after_breaks, slowed, work_until
from linehaul_line.packml import Command, Refusal, State, settle
from linehaul_line.stock import PartStock, take


@dataclass(frozen=True, slots=True)
class Finished:
    """A unit left the last station at a time [s]."""

    unit: UnitId
    time: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The line stands since a time [s], and why."""

    time: float
    cause: str
    parts: tuple[PartKey, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """The line runs again at a time [s] after standing so long [s]."""

    time: float
    stood: float


Event = Finished | Stopped | Resumed


@dataclass(frozen=True, slots=True)
class Assembly:
    """The state of a simulated line.

    position: of the unit that enters next. held: stations with a fault of their own and why.
    stood: seconds of stop in this shift by cause. since: start of the present stop or state.
    """

    plan: LinePlan
    sequence: LineSequence
    position: int
    pace: Pace
    stock: Mapping[PartKey, PartStock]
    state: State = State.EXECUTE
    held: Mapping[StationId, str] = field(default_factory=dict)
    starved: tuple[PartKey, ...] = ()
    since: float = 0.0
    now: float = 0.0
    done: int = 0
    stood_starved: float = 0.0
    stood_own: float = 0.0

    @property
    def andon(self) -> frozenset[StationId]:
        """Stations that call a person: starved or with a fault."""
        return frozenset(self.held) | {station for station, _ in self.starved}

    def cause(self) -> str:
        """Return why the line stands, for people; empty: it runs."""
        if self.state == State.EXECUTE:
            return ''
        if self.starved:
            return 'no ' + ', '.join(f'{item} at {station}' for station, item in self.starved)
        if self.held:
            return ', '.join(f'{station}: {text}' for station, text in sorted(self.held.items()))
        return self.state.name.lower()


def run_until(line: Assembly, now: float) -> tuple[Assembly, list[Event]]:
    """Return the line at a time [s], not before its own, and what happened on the way."""
    events: list[Event] = []
    if line.state == State.SUSPENDED and line.starved:
        line = _resume(line, line.now, events)
    while line.state == State.EXECUTE:
        time = after_breaks(line.pace.breaks, max(line.pace.next_step, line.now))
        if time > now:
            break
        line = replace(line, now=time)
        line = _step(line, time, events)
    stood = max(now - max(line.now, line.since), 0.0) if line.state != State.EXECUTE else 0.0
    return _with_stop(replace(line, now=max(now, line.now)), stood), events


def _with_stop(line: Assembly, seconds: float) -> Assembly:
    if line.state == State.SUSPENDED:
        return replace(line, stood_starved=line.stood_starved + seconds)
    if line.state in (State.HELD, State.STOPPED, State.ABORTED):
        return replace(line, stood_own=line.stood_own + seconds)
    return line


def _step(line: Assembly, time: float, events: list[Event]) -> Assembly:
    """Return the line after its next step, or suspended for want of parts."""
    amounts = {key: stock.quantity for key, stock in line.stock.items()}
    short = tuple(lacking(line.plan, line.sequence, line.position, amounts))
    if short:
        line = replace(line, state=State.SUSPENDED, starved=short, since=time)
        events.append(Stopped(time, line.cause(), short))
        return line
    stock = dict(line.stock)
    for offset, station in enumerate(line.plan.stations):
        unit = line.sequence.at(line.position - offset)
        bill = {} if unit is None else line.plan.models[unit.model].bill.get(station, {})
        for item, parts in bill.items():
            stock[station, item] = take(stock[station, item], parts)
    done = line.done
    leaving = line.sequence.at(line.position - len(line.plan.stations))
    if leaving is not None:
        done += 1
        events.append(Finished(leaving.id, time))
    length = step_length(line.plan, line.sequence, line.position) / line.pace.speed
    pace = replace(line.pace, next_step=work_until(line.pace.breaks, time, length))
    position = line.position + 1
    sequence = trim(line.plan, line.sequence, position)
    return replace(line, stock=stock, done=done, pace=pace, position=position, sequence=sequence)


def _resume(line: Assembly, time: float, events: list[Event]) -> Assembly:
    """Return the line running again when the parts that it waits for are there."""
    amounts = {key: stock.quantity for key, stock in line.stock.items()}
    short = tuple(lacking(line.plan, line.sequence, line.position, amounts))
    if short:
        return replace(line, starved=short)
    events.append(Resumed(time, time - line.since))
    pace = replace(line.pace, next_step=time)
    return replace(line, state=State.EXECUTE, starved=(), since=time, pace=pace)


def supplied(line: Assembly, key: PartKey, stock: PartStock) -> Assembly:
    """Return the line with another stock of one part, as after a delivery."""
    return replace(line, stock={**line.stock, key: stock})


def fault(line: Assembly, station: StationId, text: str) -> Assembly:
    """Return the line held by a fault of one station."""
    held = {**line.held, station: text}
    if line.state in (State.EXECUTE, State.SUSPENDED):
        return replace(line, state=State.HELD, held=held, starved=(), since=line.now)
    return replace(line, held=held)


def mended(line: Assembly, station: StationId) -> Assembly:
    """Return the line after a station's fault was mended; it runs when there is no other."""
    held = {key: text for key, text in line.held.items() if key != station}
    line = replace(line, held=held)
    return line if held or line.state != State.HELD else _running(line)


def command(line: Assembly, what: Command) -> Assembly | Refusal:
    """Return the line after a PackML command, or why it is refused. Transients take no time."""
    if what == Command.UNHOLD and line.held:
        stations = ', '.join(sorted(line.held))
        return Refusal(f'UNHOLD found while {stations} has a fault, wanted it mended first')
    after = settle(line.state, what)
    if isinstance(after, Refusal):
        return after
    if after == State.EXECUTE:
        return _running(line)
    return replace(line, state=after, starved=(), since=line.now)


def set_speed(line: Assembly, factor: float) -> Assembly | Refusal:
    """Return the line at another speed, or why not."""
    if not 0.0 < factor <= 2.0:
        return Refusal(f'speed factor {factor} found, wanted above 0 and at most 2')
    return replace(line, pace=slowed(line.pace, factor, line.now))


def _running(line: Assembly) -> Assembly:
    """Return the line running; the time that it stood is added to its next step."""
    stood = max(line.now - line.since, 0.0) if line.state != State.EXECUTE else 0.0
    pace = replace(line.pace, next_step=line.pace.next_step + stood)
    return replace(line, state=State.EXECUTE, starved=(), since=line.now, pace=pace)


def full_stock(
    plan: LinePlan,
    places: Mapping[StationId, int],
    containers: Mapping[ItemId, int],
    *,
    exchange: bool = False,
) -> dict[PartKey, PartStock]:
    """Return the stock of a line whose places are all taken by full containers."""
    found = {}
    for model in plan.models.values():
        for station, bill in model.bill.items():
            for item in bill:
                size, count = containers[item], places[station]
                found[station, item] = PartStock(
                    station, item, count, size, (size,) * count, exchange=exchange
                )
    return found
