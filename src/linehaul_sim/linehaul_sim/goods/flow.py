# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What happens to finished goods around a distribution centre, outside of it.

An order book puts user orders onto the final lines, a set being one unit of each kind of line. A
unit that has left its line comes by the chain, is scanned at an entrance, and goes where the
centre calls it, and a scanner says so. A dispatch office plans a truck when enough sets are whole,
and lets it leave when all are on it. Now and then something is brought to the wrong lane.

Lines, calls and the centre's state are levels, and what is told is told again until it is
answered, so that either side may be dead for a while. Draws depend on the seed and on what they
are for, so a flow that goes on from its file goes on the same.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from linehaul_floor import LineId, Plant

FROZEN = 21
"""Positions ahead of a line that cannot be given units, before it says how many."""
SETS = (1, 1, 1, 1, 2, 3)
"""Sets of an order, drawn evenly."""
AGAIN = 3.0
"""[s] after which something is told again that was not answered."""
PAUSE = 60.0
"""[s] until a truck is asked for again when there was no dock or lane for it."""
LOADED, COMPLETE = 4, 2
"""Phases of a set, as in OrderSetState.msg."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How goods flow; times in seconds.

    ahead: units that each line has from the order book at least. chain: from the end of the line
    to the entrance; lane, dock: from a call to the scan; person: until a mis-sorted unit is back
    at an entrance; each is drawn from 0.8 to 1.2 of it. stops: orders of a truck; patience: after
    which a set goes with a truck that is not full. mis_sort: chance that a unit comes to a wrong
    lane.
    """

    seed: int = 1
    ahead: int = 120
    chain: float = 240.0
    lane: float = 60.0
    dock: float = 30.0
    person: float = 120.0
    stops: int = 4
    patience: float = 900.0
    mis_sort: float = 0.001


@dataclass(frozen=True, slots=True)
class Tell:
    """Something that is told the centre until it is answered; fields as in OrderEvent.msg."""

    event_id: str
    step: str
    action: int
    place_id: str = ''
    order_id: str = ''
    owner: str = ''
    parent_id: str = ''
    object_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A unit that the centre wants in a lane or on a truck."""

    step: str
    unit_id: str
    place_id: str
    truck_id: str


@dataclass(frozen=True, slots=True)
class Moving:
    """A unit on its way to a scanner: when it is there [s], and which."""

    at: float
    step: str
    place_id: str
    truck_id: str = ''


@dataclass(frozen=True, slots=True)
class SetSeen:
    """What the centre says of an order that is there."""

    order_id: str
    phase: int
    truck_id: str


@dataclass(frozen=True, slots=True)
class Slots:
    """Units for a line, from a position on."""

    line_id: LineId
    first: int
    units: tuple[tuple[str, str, str], ...]
    """(unit, order, owner)."""


@dataclass(slots=True)
class Goods:
    """Where everything is. All of it is plain, so that it can be written as JSON.

    numbers: orders, trucks and scans made so far. book: owner and units of each order that has not
    left. order_of: of each unit. wanted: units of each line that it does not know yet, in order.
    first: position of each line behind our units. seen: position of units on lines. moving: units
    between a line or place and a scanner. outbox: what is not answered. trucks: their orders.
    whole: since when an order is [s]. no_truck: until then none is asked for [s]. left: units that
    have left their line.
    """

    numbers: dict[str, int] = field(default_factory=lambda: {'order': 0, 'truck': 0, 'scan': 0})
    book: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    order_of: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    moving: dict[str, Moving] = field(default_factory=dict)
    outbox: dict[str, Tell] = field(default_factory=dict)
    trucks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    whole: dict[str, float] = field(default_factory=dict)
    no_truck: float = 0.0
    left: int = 0


def kinds_of(plant: Plant) -> list[list[LineId]]:
    """Return the final lines by what they build: those that use the same items build the same."""
    kinds: dict[frozenset[str], list[LineId]] = {}
    for line in plant.lines.values():
        if line.kind == 'final_assembly':
            uses = frozenset(str(i) for s in line.stations for i in plant.places[s].uses)
            kinds.setdefault(uses, []).append(line.id)
    return list(kinds.values())


class Flow:
    """The flow of one plant.

    Args:
        plant: with final lines.
        centre_id: the centre's name.
        entrances: where units come in.
        settings: times and sizes.
        goods: from a file; None begins.

    Raises:
        ValueError: the plant has no final line, or no entrance.
    """

    def __init__(
        self,
        plant: Plant,
        centre_id: str,
        entrances: Iterable[str],
        settings: Settings,
        goods: Goods | None = None,
    ) -> None:
        self.kinds, self.entrances = kinds_of(plant), sorted(entrances)
        if not self.kinds or not self.entrances:
            raise ValueError(f'{plant.name}: no final line found, or no port where units come in')
        self.stations = {line: len(plant.lines[line].stations) for k in self.kinds for line in k}
        self.centre_id, self.settings = centre_id, settings
        self.goods = goods or Goods()
        self.position: dict[str, int] = {}
        self.changed = True

    def _draw(self, *key: object) -> random.Random:
        return random.Random(f'{self.settings.seed}:{":".join(map(str, key))}')

    def _time(self, mean: float, *key: object) -> float:
        return mean * self._draw(*key).uniform(0.8, 1.2)

    # Lines.

    def line(self, line_id: str, position: int, upcoming: Mapping[str, int], now: float) -> None:
        """Hear a line: the position that enters next, and the positions of units that it knows."""
        if line_id not in self.stations:
            return
        self.position[line_id] = position
        mine = self.goods.seen.setdefault(line_id, {})
        known = {unit: at for unit, at in upcoming.items() if unit in self.goods.order_of}
        if not known.items() <= mine.items():
            self.changed = True
        mine.update(known)
        self._known(line_id, known)
        gone = [u for u, at in mine.items() if at <= position - self.stations[LineId(line_id)] - 1]
        for unit in gone:
            del mine[unit]
            self.goods.left += 1
            self._come(unit, now + self._time(self.settings.chain, 'chain', unit))

    def _known(self, line_id: str, known: Mapping[str, int]) -> None:
        """Note what a line has, although its answer was lost."""
        wanted = self.goods.wanted.get(line_id, [])
        for unit in [u for u in wanted if u in known]:
            wanted.remove(unit)
            self.goods.first[line_id] = max(self.goods.first.get(line_id, 0), known[unit] + 1)

    def slots(self) -> list[Slots]:
        """Return the units that lines are to be given now; makes orders where they run short."""
        if len(self.position) < len(self.stations):
            return []
        while self._short():
            self._order()
        return [
            Slots(LineId(line), self._first(line), tuple(self._slot(u) for u in units))
            for line, units in self.goods.wanted.items()
            if units
        ]

    def given(self, slots: Slots) -> None:
        """Note that a line has taken units."""
        self.changed = True
        self.goods.first[slots.line_id] = slots.first + len(slots.units)
        wanted = self.goods.wanted[slots.line_id]
        for k, (unit, _, _) in enumerate(slots.units):
            if unit in wanted:
                wanted.remove(unit)
            self.goods.seen.setdefault(slots.line_id, {})[unit] = slots.first + k

    def frozen(self, slots: Slots, until: int) -> None:
        """Note that a line does not change its units before a position any more."""
        self.goods.first[slots.line_id] = max(until + 1, slots.first)

    def _first(self, line: str) -> int:
        return max(self.goods.first.get(line, 0), self.position[line] + FROZEN)

    def _slot(self, unit: str) -> tuple[str, str, str]:
        order = self.goods.order_of[unit]
        return unit, order, self.goods.book[order][0]

    def _short(self) -> bool:
        goods = self.goods
        return any(
            len(goods.wanted.get(line, ())) + len(goods.seen.get(line, ())) < self.settings.ahead
            for line in self.stations
        )

    def _order(self) -> None:
        """Make an order: its sets go to the line of each kind that has least to build."""
        goods = self.goods
        self.changed = True
        goods.numbers['order'] += 1
        order = f'order_{goods.numbers["order"]:06d}'
        draw = self._draw(order)
        owner, units = f'customer_{draw.randint(1, 400):03d}', []
        for number in range(draw.choice(SETS)):
            for kind, lines in enumerate(self.kinds, 1):
                unit = f'{order}.{number + 1}.{kind}'
                line = min(
                    lines,
                    key=lambda x: (
                        len(goods.wanted.get(x, ())) + len(goods.seen.get(x, ())),
                        x,
                    ),
                )
                goods.wanted.setdefault(line, []).append(unit)
                goods.order_of[unit] = order
                units.append(unit)
        goods.book[order] = owner, tuple(units)
        self._tell(
            Tell(
                f'{order}:new', 'commissioning', 1, self.centre_id, order, owner, '', tuple(units)
            )
        )

    # Units.

    def _come(self, unit: str, at: float) -> None:
        self.changed = True
        gate = self._draw('gate', unit, at).choice(self.entrances)
        self.goods.moving[unit] = Moving(at, 'receiving', gate)

    def called(self, call: Call, lanes: Iterable[str], now: float) -> None:
        """Hear a call; a unit that is on its way, or is being scanned, is not sent twice."""
        goods = self.goods
        busy = any(call.unit_id in tell.object_ids for tell in goods.outbox.values())
        if busy or call.unit_id in goods.moving or call.unit_id not in goods.order_of:
            return
        self.changed = True
        number = goods.numbers['scan']
        lane = call.step == 'staging'
        mean = self.settings.lane if lane else self.settings.dock
        place, draw = call.place_id, self._draw('sort', call.unit_id, number)
        others = sorted(set(lanes) - {place})
        if lane and others and draw.random() < self.settings.mis_sort:
            place = draw.choice(others)
        at = now + self._time(mean, call.step, call.unit_id, number)
        goods.moving[call.unit_id] = Moving(at, call.step, place, call.truck_id)

    def tick(self, now: float) -> None:
        """Let units that are there be scanned."""
        for unit in [u for u, one in self.goods.moving.items() if one.at <= now]:
            one = self.goods.moving.pop(unit)
            self.goods.numbers['scan'] += 1
            name = f'{unit}:{one.step}:{self.goods.numbers["scan"]}'
            scan = Tell(name, one.step, 2, one.place_id, '', '', one.truck_id, (unit,))
            self._tell(scan)

    # The centre.

    def answered(
        self, event_id: str, disposition: str, objects: Iterable[str], now: float
    ) -> None:
        """Hear what something that was told came to."""
        tell = self.goods.outbox.pop(event_id, None)
        if tell is None:
            return
        self.changed = True
        if disposition.startswith('mis_sorted'):
            for unit in objects:
                self._come(unit, now + self._time(self.settings.person, 'person', unit, event_id))
        refused = disposition.startswith('refused')
        if tell.step == 'planning' and refused:
            self.goods.no_truck = now + PAUSE
            self.goods.trucks.pop(tell.parent_id, None)
        elif tell.step == 'departing' and not refused:
            for order in self.goods.trucks.pop(tell.parent_id, ()):
                for unit in self.goods.book.pop(order)[1]:
                    self.goods.order_of.pop(unit, None)
                self.goods.whole.pop(order, None)

    def centre(self, sets: Iterable[SetSeen], now: float) -> None:
        """Hear which sets are whole and which are loaded; plan trucks, and let them leave."""
        by_order = {one.order_id: one for one in sets if one.order_id in self.goods.book}
        spoken_for = {order for orders in self.goods.trucks.values() for order in orders}
        ready = [
            one.order_id
            for one in by_order.values()
            if one.phase == COMPLETE and not one.truck_id and one.order_id not in spoken_for
        ]
        for order in ready:
            self.goods.whole.setdefault(order, now)
        ready.sort(key=lambda order: (self.goods.whole[order], order))
        free = now >= self.goods.no_truck
        while (
            free and ready and (len(ready) >= self.settings.stops or self._waited(ready[0], now))
        ):
            ready = self._plan(ready)
        for truck, orders in self.goods.trucks.items():
            phases = {by_order[o].phase if o in by_order else 0 for o in orders}
            if phases == {LOADED}:
                self._tell(Tell(f'{truck}:left', 'departing', 2, self.centre_id, parent_id=truck))

    def _waited(self, order: str, now: float) -> bool:
        return now - self.goods.whole.get(order, inf) > self.settings.patience

    def _plan(self, ready: list[str]) -> list[str]:
        stops, rest = tuple(ready[: self.settings.stops]), ready[self.settings.stops :]
        self.goods.numbers['truck'] += 1
        truck = f'truck_{self.goods.numbers["truck"]:05d}'
        self.goods.trucks[truck] = stops
        tell = Tell(f'{truck}:plan', 'planning', 1, self.centre_id, '', '', truck, stops)
        self._tell(tell)
        return rest

    def _tell(self, tell: Tell) -> None:
        if tell.event_id not in self.goods.outbox:
            self.changed = True
            self.goods.outbox[tell.event_id] = tell
