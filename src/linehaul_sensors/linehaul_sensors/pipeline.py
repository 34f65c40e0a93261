# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From raw readings to everything that follows: quality, alarms, early warning, history.

One batch goes through in one call. Alarms and early warning get the live readings only; history
gets every reading but exact duplicates. What history cannot take is told and counted, and stops
nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Protocol

import numpy as np

from linehaul_sensors.alarm_book import AlarmEvent
from linehaul_sensors.alarm_table import AlarmDef, Kind
from linehaul_sensors.alarms import Alarms
from linehaul_sensors.arrays import ByteArray, FloatArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.early_warnings import WarningRecord
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.ids import AlarmId, EquipmentId
from linehaul_sensors.maintenance import STATES, Maintenance, MaintenanceRules
from linehaul_sensors.quality import Checked, QualityCheck
from linehaul_sensors.readings import NS, Quality, Readings, concatenate
from linehaul_sensors.watch import Sign


class Memory(Protocol):
    """Where readings are kept: a `History`, or a `WriteBehind` before one."""

    def append(self, batch: Readings, now: int) -> object:
        """Take in a batch of checked readings; `now` in ns.

        Raises:
            HistoryError: they cannot be kept.
        """


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to.

    Attributes:
        readings: with their quality, also of channels that became stale.
        events: of alarms; to be journalled before they are told.
        signs: of early warning.
        warnings: records they changed; to be journalled before they are told.
        trouble: why history could not be written; '' if it could.
    """

    readings: Readings
    events: list[AlarmEvent] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    warnings: list[WarningRecord] = field(default_factory=list)
    trouble: str = ''


STATE = 'packml_state'
"""Quantity of a channel that tells the operating state of its machine, by PackML's number."""
PRODUCT = 'product'
"""Quantity of a channel that tells what its machine makes, by the product's number."""


class Pipeline:
    """The sensor layer behind the bridges.

    Args:
        table: the channels.
        alarms: all alarm definitions.
        history: where readings are kept; None keeps none.
        rules: of early warning.
    """

    def __init__(
        self,
        table: ChannelTable,
        alarms: Sequence[AlarmDef],
        history: Memory | None = None,
        rules: MaintenanceRules | None = None,
    ) -> None:
        rules = rules or MaintenanceRules()
        self.quality = QualityCheck(table)
        self.alarms = Alarms(alarms, table)
        self.maintenance = Maintenance(table, failure_limits(table, alarms), rules)
        self.history = history
        self.lost_to_history = 0
        self.context: ByteArray = np.zeros(len(table), dtype=np.uint8)
        self._state: ByteArray = np.zeros(len(table), dtype=np.uint8)
        self._product: ByteArray = np.zeros(len(table), dtype=np.uint8)
        self._products = {float(one): slot for slot, one in enumerate(rules.products, start=1)}
        self._table = table
        self._of_equipment = table.of_equipment()
        tells = [channel.quantity in (STATE, PRODUCT) for channel in table.channels]
        self._tells = np.array(tells, dtype=bool)
        self._bound: dict[EquipmentId, list[AlarmDef]] = {}
        for alarm in alarms:
            if alarm.states:
                self._bound.setdefault(alarm.equipment, []).append(alarm)

    def set_state(self, equipment: EquipmentId, state: int, now: float) -> list[AlarmEvent]:
        """Take in the operating state (PackML number) of a machine; `now` in s.

        Alarms that are none in this state are suppressed by design, the others no longer.
        """
        rows = list(self._of_equipment.get(equipment, ()))
        self._state[rows] = state
        self._place(rows)
        found: list[AlarmEvent] = []
        for on in (True, False):
            names: list[AlarmId] = [
                alarm.id
                for alarm in self._bound.get(equipment, ())
                if (state not in alarm.states) == on
            ]
            found += self.alarms.suppress(names, on, f'operating state {state}', now)
        return found

    def set_product(self, equipment: EquipmentId, product: float) -> None:
        """Take in what a machine makes; early warning knows what is usual for each product."""
        rows = list(self._of_equipment.get(equipment, ()))
        self._product[rows] = self._products.get(product, 0)
        self._place(rows)

    def _place(self, rows: list[int]) -> None:
        self.context[rows] = self._state[rows] + STATES * self._product[rows]

    def _states(self, checked: Checked) -> list[AlarmEvent]:
        rows = np.flatnonzero(checked.live & self._tells[checked.readings.channel])
        found: list[AlarmEvent] = []
        for row in rows.tolist():
            value = checked.readings.value[row]
            usable = checked.readings.quality[row] < Quality.BAD
            about = self._table.channels[int(checked.readings.channel[row])]
            if about.quantity == PRODUCT:
                if usable:  # else it is taken to be the same still
                    self.set_product(about.equipment, float(value))
                continue
            state = int(value) if usable and 0 <= value < STATES else 0
            if state != self._state[self._table.index[about.id]]:
                now = float(checked.used[row]) / NS
                found += self.set_state(about.equipment, state, now)
        return found

    def step(self, batch: Readings, lost: Sequence[int], now: int) -> Outcome:
        """Take in what the bridges brought.

        Args:
            batch: raw readings.
            lost: channels whose source is gone.
            now: [ns] of receipt.

        Raises:
            ReadingsError: a channel number is not in the table.
        """
        checked = self.quality.check(batch, now)
        events = self._states(checked) + self.alarms.readings(checked)
        signs = self._watch(checked)
        warnings = self.maintenance.take(signs, now / NS)
        kept = checked.readings if checked.keep.all() else checked.readings.take(checked.keep)
        silent = self.quality.lost(lost, now) if len(lost) else None
        return self._finish(kept, silent, Outcome(kept, events, signs, warnings), now)

    def tick(self, now: int) -> Outcome:
        """Do what time alone asks for; call it about once a second."""
        silent = self.quality.stale(now)
        events = self.alarms.tick(now / NS)
        warnings = self.maintenance.tick(now / NS)
        none = silent.take(np.zeros(0, np.int64))
        return self._finish(none, silent, Outcome(none, events, [], warnings), now)

    def _finish(
        self, kept: Readings, silent: Readings | None, so_far: Outcome, now: int
    ) -> Outcome:
        events = so_far.events
        if silent is not None and len(silent):
            live = np.ones(len(silent), dtype=bool)
            checked = Checked(silent, live, silent.time, live)
            events = events + self._states(checked) + self.alarms.readings(checked)
            kept = concatenate([kept, silent])
        trouble = self._remember(kept, now)
        return Outcome(kept, events, so_far.signs, so_far.warnings, trouble)

    def _watch(self, checked: Checked) -> list[Sign]:
        channel = checked.readings.channel
        usable = checked.live & (checked.readings.quality < Quality.BAD)
        rows = usable & ~self._tells[channel]
        channel = channel[rows]
        time = checked.used[rows] / NS
        value = checked.readings.value[rows]
        return self.maintenance.feed(channel, time, value, self.context[channel])

    def _remember(self, kept: Readings, now: int) -> str:
        if self.history is None:
            return ''
        try:
            self.history.append(kept, now)
        except HistoryError as error:
            self.lost_to_history += len(kept)
            return str(error)
        return ''


def failure_limits(table: ChannelTable, alarms: Sequence[AlarmDef]) -> FloatArray:
    """Return (C, 2) the farthest lower and upper alarm limit of each channel; NaN: none."""
    limits = np.full((len(table), 2), nan)
    for alarm in alarms:
        if alarm.channel is None:
            continue
        row = table.index[alarm.channel]
        if alarm.kind is Kind.LOW:
            limits[row, 0] = np.fmin(limits[row, 0], alarm.limit)
        elif alarm.kind is Kind.HIGH:
            limits[row, 1] = np.fmax(limits[row, 1], alarm.limit)
    return limits
