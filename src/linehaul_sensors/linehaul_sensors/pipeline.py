# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From raw readings to everything that follows: quality, alarms, early warning, history.

One batch goes through in one call. Alarms and early warning get the live readings only; history
gets every reading but exact duplicates. A full disk stops history alone: it is told, counted, and
tried again with the next batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from linehaul_sensors.alarm_book import AlarmEvent
from linehaul_sensors.alarm_table import AlarmDef
from linehaul_sensors.alarms import Alarms
from linehaul_sensors.arrays import ByteArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import History
from linehaul_sensors.quality import Checked, QualityCheck
from linehaul_sensors.readings import NS, Quality, Readings, concatenate
from linehaul_sensors.watch import Sign, Watch


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to.

    Attributes:
        readings: with their quality, also of channels that became stale.
        events: of alarms; to be journalled before they are told.
        signs: of early warning.
        trouble: why history could not be written; '' if it could.
    """

    readings: Readings
    events: list[AlarmEvent] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    trouble: str = ''


class Pipeline:
    """The sensor layer behind the bridges.

    Args:
        table: the channels.
        alarms: all alarm definitions.
        history: where readings are kept; None keeps none.
        contexts: operating states a machine can be in.
    """

    def __init__(
        self,
        table: ChannelTable,
        alarms: Sequence[AlarmDef],
        history: History | None = None,
        contexts: int = 18,
    ) -> None:
        self.quality = QualityCheck(table)
        self.alarms = Alarms(alarms, table)
        self.watch = Watch(len(table), contexts)
        self.history = history
        self.lost_to_history = 0
        self.context: ByteArray = np.zeros(len(table), dtype=np.uint8)
        self._of_equipment = table.of_equipment()

    def set_state(self, equipment: str, state: int) -> None:
        """Take in the operating state (PackML number) of a machine."""
        for name, channels in self._of_equipment.items():
            if name == equipment:
                self.context[list(channels)] = state

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
        events = self.alarms.readings(checked)
        signs = self._watch(checked)
        kept = checked.readings if checked.keep.all() else checked.readings.take(checked.keep)
        silent = self.quality.lost(lost, now) if len(lost) else None
        return self._finish(kept, silent, events, signs, now)

    def tick(self, now: int) -> Outcome:
        """Do what time alone asks for; call it about once a second."""
        silent = self.quality.stale(now)
        events = self.alarms.tick(now / NS)
        return self._finish(silent.take(np.zeros(0, np.int64)), silent, events, [], now)

    def _finish(
        self,
        kept: Readings,
        silent: Readings | None,
        events: list[AlarmEvent],
        signs: list[Sign],
        now: int,
    ) -> Outcome:
        if silent is not None and len(silent):
            live = np.ones(len(silent), dtype=bool)
            events = events + self.alarms.readings(Checked(silent, live, silent.time, live))
            kept = concatenate([kept, silent])
        return Outcome(kept, events, signs, self._remember(kept, now))

    def _watch(self, checked: Checked) -> list[Sign]:
        rows = checked.live & (checked.readings.quality < Quality.BAD)
        channel = checked.readings.channel[rows]
        time = checked.used[rows] / NS
        return self.watch.feed(channel, time, checked.readings.value[rows], self.context[channel])

    def _remember(self, kept: Readings, now: int) -> str:
        if self.history is None:
            return ''
        try:
            self.history.append(kept, now)
        except HistoryError as error:
            self.lost_to_history += len(kept)
            return str(error)
        return ''
