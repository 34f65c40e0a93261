# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Maintenance before the malfunction: from watched readings to warnings, and what people teach.

Signs of single channels (`watch`), of machines as a whole (`machine_watch`) and of wear
(`machine_health`) become records (`early_warnings`). A rejected warning makes its machine slower
to warn and the present usual; a confirmed one takes that back; a closed one means work was done,
so the machine is learnt anew: what moves after maintenance is no sign.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np

from linehaul_sensors.arrays import ByteArray, FloatArray, IndexArray
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.codes import Refusal
from linehaul_sensors.early_warnings import EarlyWarnings, WarningRecord, WarningStatus
from linehaul_sensors.ids import EquipmentId, WarningId
from linehaul_sensors.machine_health import HealthRules, MachineHealth
from linehaul_sensors.machine_watch import MachineWatch
from linehaul_sensors.watch import Sign, Watch, WatchRules

STATES = 18
"""Operating states of PackML, and 0 for one that is not known."""
MOST_PRODUCTS = 13
_HOUR = 3600.0
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class MaintenanceRules:
    """What holds for all machines.

    Attributes:
        budget: false warnings a day that are allowed, of single channels and machines together.
        sample: [s] between two looks at a machine as a whole.
        health: of its trends.
        products: numbers of products that make a difference to machines; others count as one.
    """

    budget: float = 150.0
    sample: float = 300.0
    health: HealthRules = field(default_factory=HealthRules)
    products: tuple[int, ...] = ()

    @property
    def contexts(self) -> int:
        """How many pairs of operating state and product there are."""
        return STATES * (1 + len(self.products))


class Maintenance:
    """Early warning of a plant.

    Args:
        table: the channels.
        limits: (C, 2) lower and upper value at which a channel's machine fails; NaN: none.
        rules: what holds for all machines.
    """

    def __init__(
        self,
        table: ChannelTable,
        limits: FloatArray | None = None,
        rules: MaintenanceRules | None = None,
    ) -> None:
        rules = rules or MaintenanceRules()
        none = np.full((len(table), 2), nan)
        joint = rules.budget / 10.0
        single = WatchRules(budget=rules.budget - joint)
        self.watch = Watch(len(table), rules.contexts, single)
        self.machines = MachineWatch(table, rules.sample, joint)
        self.health = MachineHealth(table, none if limits is None else limits, rules.health)
        self.book = EarlyWarnings(table)
        self._equipment = [channel.equipment for channel in table.channels]
        self._next = {'threshold': nan, 'book': nan}

    def feed(
        self, channel: IndexArray, time: FloatArray, value: FloatArray, context: ByteArray
    ) -> list[Sign]:
        """Learn from N live and usable readings and return the signs among them.

        Args:
            channel: (N,) channel number.
            time: (N,) [s], increasing for each channel.
            value: (N,) finite.
            context: (N,) operating state of the channel's machine.
        """
        if not channel.size:
            return []
        signs = self.watch.feed(channel, time, value, context)
        left = value - self.watch.usual(channel, time, context)
        self.machines.feed(channel, time, left)
        self.health.feed(channel, left)
        return [sign for sign in signs if self._counts(sign)]

    def _counts(self, sign: Sign) -> bool:
        wide = self.health.tolerance.get(self._equipment[sign.channel], 1.0)
        return sign.score >= wide * self.watch.threshold

    def take(self, signs: Sequence[Sign], now: float) -> list[WarningRecord]:
        """Return the records that signs of single channels change; `now` in s."""
        return self.book.signs(signs, now) if signs else []

    def tick(self, now: float) -> list[WarningRecord]:
        """Do what time alone asks for, and return the records it changes; once a second."""
        if self._due('threshold', now, _HOUR):
            self.watch.set_threshold()
        changed = self.book.joint(self.machines.tick(now), now)
        states = self.health.tick(now)
        if states:
            told = {state.equipment for state in states}
            opened = {record.equipment for record in self.book.views()} - told
            states = [*states, *(self.health.state(name) for name in sorted(opened))]
            changed += self.book.states(states, now)
        if self._due('book', now, _MINUTE):
            changed += self.book.tick(now)
        return changed

    def _due(self, what: str, now: float, every: float) -> bool:
        due = self._next[what]
        if now < due <= now + every:
            return False
        self._next[what] = now + every
        return not np.isnan(due)

    def review(
        self, warning: WarningId, status: int, finding: str, actor: str, now: float
    ) -> WarningRecord | Refusal:
        """Let people confirm, reject or close a warning, and learn from it."""
        answer = self.book.review(warning, status, finding, actor, now)
        if isinstance(answer, WarningRecord):
            self.learn(answer)
        return answer

    def learn(self, record: WarningRecord) -> None:
        """Learn from what a person found."""
        if not record.actor:
            return
        match record.status:
            case WarningStatus.REJECTED:
                self.health.accept(record.equipment)
                self.machines.renew(record.equipment)
            case WarningStatus.CONFIRMED:
                self.health.trust(record.equipment)
            case WarningStatus.CLOSED:
                self._renew(record.equipment)
            case _:
                pass

    def _renew(self, name: EquipmentId) -> None:
        if name not in self.health.machines:
            return
        self.watch.forget(self.health.machines[name])
        self.machines.renew(name)
        self.health.renew(name)

    def restore(self, records: Iterable[WarningRecord], learnt: float) -> None:
        """Take in the journal; reviews after `learnt` [s] are not in what was learnt yet."""
        found = list(records)
        self.book.restore(found)
        for record in found:
            if record.changed > learnt and record.equipment in self.health.machines:
                self.learn(record)
