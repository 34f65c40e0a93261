# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the lines of a plant ask of its fleet over a shift, the same whatever the fleet does.

Each line runs by its takt, with speed changes, stops and model changes that are drawn beforehand.
Each station uses up a container every so many units; the next one is asked for when what is left
lasts LEAD seconds at the present speed, and is due when the station runs out. A stop puts the
line's open deliveries on hold, and when it runs again, or faster or slower, their due times move.
"""

from dataclasses import dataclass, field

import numpy as np

from linehaul_floor import ItemId, Line, LineId, PlaceId, Plant

LEAD = (480.0, 900.0)
"""[s] before running out at which stations ask, drawn for each station."""
RUN = 1500.0
"""[s] mean time between two stops of a line."""
STOP = (60.0, 420.0)
"""[s] shortest and longest stop."""
SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)
PRIORITIES = (60, 100, 100, 100, 160)


@dataclass(frozen=True, slots=True)
class Want:
    """A container wanted, times in seconds after the shift began.

    at: when it is asked for. due: when the station runs out as its line goes then; true_due: when
    it really does. units: of the line until then.
    """

    request_id: str
    at: float
    due: float
    true_due: float
    item_id: ItemId
    quantity: int
    station_id: PlaceId
    line_id: LineId
    units: float
    priority: int


@dataclass(frozen=True, slots=True)
class LineEvent:
    """From a time on [s] a line runs at a speed (1: by its takt; 0: stands)."""

    at: float
    line_id: LineId
    speed: float


@dataclass(slots=True)
class LineClock:
    """Units that have gone through a line, over time: breakpoints and speeds between them."""

    takt: float
    times: list[float] = field(default_factory=lambda: [0.0])
    units: list[float] = field(default_factory=lambda: [0.0])
    speeds: list[float] = field(default_factory=lambda: [1.0])

    def change(self, time: float, speed: float) -> None:
        """Run at another speed from a time on."""
        self.units.append(self.at(time))
        self.times.append(time)
        self.speeds.append(speed)

    def at(self, time: float) -> float:
        """Return the units done at a time."""
        k = int(np.searchsorted(self.times, time, 'right')) - 1
        return self.units[k] + (time - self.times[k]) * self.speeds[k] / self.takt

    def when(self, units: float) -> float:
        """Return the time at which so many units are done."""
        for k in reversed(range(len(self.times))):
            if self.units[k] <= units and (self.speeds[k] > 0.0 or self.units[k] == units):
                if self.speeds[k] == 0.0:
                    return self.times[k]
                return self.times[k] + (units - self.units[k]) * self.takt / self.speeds[k]
        return 0.0


@dataclass(frozen=True, slots=True)
class Shift:
    """All wants, soonest first, the events of the lines, and the clock of each line."""

    wants: tuple[Want, ...]
    events: tuple[LineEvent, ...]
    clocks: dict[LineId, LineClock]


def shift_of(
    plant: Plant, hours: float, rng: np.random.Generator, load: float = 1.0, stops: bool = True
) -> Shift:
    """Draw a shift.

    Args:
        plant: with lines.
        hours: of asking.
        rng: for everything drawn.
        load: how much faster than by their takt all lines run.
        stops: whether lines stop and change their speed.
    """
    seconds = 3600.0 * hours
    wants: list[Want] = []
    events: list[LineEvent] = []
    clocks = {}
    for line in plant.lines.values():
        clock, mine = _line_clock(line, seconds, rng, load, stops)
        clocks[line.id] = clock
        events += mine
        for station in line.stations:
            wants += _station(plant, line, clock, station, seconds, rng)
    wants.sort(key=lambda w: (w.at, w.request_id))
    events.sort(key=lambda e: (e.at, e.line_id))
    return Shift(tuple(wants), tuple(events), clocks)


def _line_clock(
    line: Line, seconds: float, rng: np.random.Generator, load: float, stops: bool
) -> tuple[LineClock, list[LineEvent]]:
    clock = LineClock(line.takt / load)
    events = []
    time = float(rng.exponential(RUN))
    while stops and time < seconds + 1800.0:
        length = float(rng.uniform(*STOP))
        speed = float(rng.choice(SPEEDS))
        events += [LineEvent(time, line.id, 0.0), LineEvent(time + length, line.id, speed)]
        time += length + float(rng.exponential(RUN))
    for event in events:
        clock.change(event.at, event.speed)
    return clock, events


def _station(
    plant: Plant,
    line: Line,
    clock: LineClock,
    station: PlaceId,
    seconds: float,
    rng: np.random.Generator,
) -> list[Want]:
    found = []
    for item_id, uses in plant.places[station].uses.items():
        item = plant.items[item_id]
        step = item.container_units / uses
        lead = float(rng.uniform(*LEAD)) / clock.takt
        units = float(rng.uniform(0.0, step)) + lead
        priority = int(rng.choice(PRIORITIES))
        number = 0
        while clock.when(units - lead) < seconds:
            at = clock.when(units - lead)
            k = int(np.searchsorted(clock.times, at, 'right')) - 1
            speed = clock.speeds[k] or 1.0
            number += 1
            found.append(
                Want(
                    f'{station}-{item_id}-{number}',
                    at,
                    at + lead * clock.takt / speed,
                    clock.when(units),
                    item_id,
                    item.container_units,
                    station,
                    line.id,
                    units,
                    priority,
                )
            )
            units += step
    return found
