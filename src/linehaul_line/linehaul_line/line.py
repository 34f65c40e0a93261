# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A final assembly line as data, and what its sequence will take, where and when.

The unit at position p stands at station k (from 0) in step p + k of the line's life: `position`
is that of the unit at the first station. Units before the first of the sequence are already past
it and remain in `units` until they leave the last station.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from linehaul_line.goal_chasing import IntArray
from linehaul_line.ids import ItemId, LineId, ModelId, StationId
from linehaul_line.lookahead import FloatArray
from linehaul_line.pace import Pace, step_times
from linehaul_line.product import Model, Unit, parts_of

PartKey = tuple[StationId, ItemId]

#: Units that have left the line before its sequence is cut.
KEPT = 64


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What does not change in a shift.

    changeover: extra seconds of the step in which a unit follows one of another model; `family`
    names what counts as the same, by model. frozen: positions behind the first station that are
    not re-sequenced any more. shares: units of each model in a round of the mix that is built
    where nobody gave a sequence; without: one of each. jis: parts that come in line order.
    """

    id: LineId
    stations: tuple[StationId, ...]
    models: Mapping[ModelId, Model]
    takt: float
    changeover: float = 0.0
    family: Mapping[ModelId, str] | None = None
    frozen: int = 20
    shares: Mapping[ModelId, int] = field(default_factory=dict)
    jis: frozenset[PartKey] = frozenset()


@dataclass(frozen=True, slots=True)
class LineSequence:
    """The units of a line. first: position of units[0]; units follow one another without gaps."""

    first: int
    units: tuple[Unit, ...]

    def at(self, position: int) -> Unit | None:
        """Return the unit at a position, or None outside of what is known."""
        index = position - self.first
        return self.units[index] if 0 <= index < len(self.units) else None


def step_length(plan: LinePlan, sequence: LineSequence, position: int) -> float:
    """Return the seconds at nominal speed of the step with `position` at the first station.

    The slowest station paces it; a unit of another family than the one before costs the
    changeover.
    """
    longest = plan.takt
    for offset, station in enumerate(plan.stations):
        unit = sequence.at(position - offset)
        if unit is not None:
            longest = max(longest, plan.models[unit.model].work.get(station, 0.0))
    return longest + _changeover(plan, sequence, position)


def _changeover(plan: LinePlan, sequence: LineSequence, position: int) -> float:
    unit, before = sequence.at(position), sequence.at(position - 1)
    if not plan.changeover or unit is None or before is None:
        return 0.0
    family = plan.family or {}
    same = family.get(unit.model, unit.model) == family.get(before.model, before.model)
    return 0.0 if same else plan.changeover


@dataclass(frozen=True, slots=True, eq=False)
class SequenceTable:
    """What a sequence means in numbers, made once for each sequence.

    lengths: (U + K,) seconds at nominal speed of the step with each position at the first of K
    stations, until the last unit has left. usage: (U,) parts that each unit takes, by station and
    item.
    """

    sequence: LineSequence
    lengths: FloatArray
    usage: Mapping[tuple[StationId, ItemId], IntArray]


def tabulate(plan: LinePlan, sequence: LineSequence) -> SequenceTable:
    """Return the numbers of a sequence."""
    steps = range(sequence.first, sequence.first + len(sequence.units) + len(plan.stations))
    index = {name: number for number, name in enumerate(plan.models)}
    kinds = np.array([index[unit.model] for unit in sequence.units], np.int64)
    usage = {}
    for station, item in parts_of(list(plan.models.values())):
        each = [model.bill.get(station, {}).get(item, 0) for model in plan.models.values()]
        usage[station, item] = np.array(each, np.int64)[kinds]
    lengths = np.array([step_length(plan, sequence, one) for one in steps], np.float64)
    return SequenceTable(sequence, lengths, usage)


def known_times(
    table: SequenceTable, position: int, pace: Pace, now: float, steps: int
) -> FloatArray:
    """Return the times (N,) [s] at which `position` and those after it enter the first station.

    N is `steps`, or fewer where the sequence ends and the line has run empty.
    """
    first = position - table.sequence.first
    lengths = table.lengths[first : first + steps - 1]
    return step_times(pace, lengths, now)


def station_needs(
    table: SequenceTable, position: int, times: FloatArray, station: int, key: PartKey
) -> FloatArray:
    """Return the times (N,) [s] at which a station takes each further part of an item.

    Args:
        table: the sequence in numbers.
        position: position that enters the first station in the next step.
        times: (S,) times of the next steps.
        station: index of the station.
        key: station and item.
    """
    usage = table.usage[key]
    first = position - station - table.sequence.first
    begin, end = max(first, 0), min(max(first + len(times), 0), len(usage))
    return np.repeat(times[begin - first : end - first], usage[begin:end])


def lacking(
    plan: LinePlan,
    sequence: LineSequence,
    position: int,
    quantity: Mapping[tuple[StationId, ItemId], int],
) -> list[tuple[StationId, ItemId]]:
    """Return the parts without which the step with `position` at the first station cannot be."""
    found = []
    for offset, station in enumerate(plan.stations):
        unit = sequence.at(position - offset)
        bill = {} if unit is None else plan.models[unit.model].bill.get(station, {})
        found += [
            (station, item)
            for item, parts in bill.items()
            if quantity.get((station, item), 0) < parts
        ]
    return found


def replace_units(
    plan: LinePlan, sequence: LineSequence, position: int, first: int, units: Sequence[Unit]
) -> LineSequence | int:
    """Return the sequence with new units from `first` on, or the first position that may change.

    What stands before `first` stays. The frozen horizon begins behind the unit that enters next.
    """
    earliest = position + plan.frozen
    if first < earliest or not sequence.first <= first <= sequence.first + len(sequence.units):
        return earliest
    return LineSequence(sequence.first, sequence.units[: first - sequence.first] + tuple(units))


def trim(plan: LinePlan, sequence: LineSequence, position: int) -> LineSequence:
    """Return the sequence without the units that have left the last station, now and then."""
    gone = max(position - len(plan.stations) - sequence.first, 0)
    return LineSequence(sequence.first + gone, sequence.units[gone:]) if gone > KEPT else sequence
