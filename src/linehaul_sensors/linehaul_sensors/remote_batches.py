# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of another process as a source: its channels by their ids, its readings by its numbers.

A gateway or a simulated plant that speaks ROS sends what a bridge sends: the births of its
channels and batches of readings. Its numbers are translated to those of the channel table; what
it has and the table has not is counted and left out, and so are batches whose births are unknown.
A gap in the sequence of batches is a loss, which is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from linehaul_sensors import units
from linehaul_sensors.arrays import FloatArray, IntArray
from linehaul_sensors.channels import Channel, ChannelTable
from linehaul_sensors.readings import Flag, Quality, Readings


@dataclass(slots=True)
class _Sender:
    """What is known of one bridge: numbers of its channels (-1: none), and their conversion."""

    instance: str
    number: IntArray
    change: FloatArray  # (K, 2); NaN: its unit cannot become the channel's
    next: int = -1


@dataclass(slots=True)
class RemoteBatches:
    """Translates the batches of any number of senders.

    Attributes:
        table: the channels.
        unmapped: channels of senders that the table does not have.
        unknown: batches whose births have not been seen.
        missing: batches that were lost on the way.
    """

    table: ChannelTable
    unmapped: int = 0
    unknown: int = 0
    missing: int = 0
    _senders: dict[str, _Sender] = field(default_factory=dict)

    def born(self, bridge: str, instance: str, channels: Mapping[int, Channel]) -> tuple[int, ...]:
        """Take in the births of a sender; return the channels it no longer has."""
        size = max(channels, default=-1) + 1
        number, change = np.full(size, -1, np.int64), np.full((size, 2), np.nan)
        for index, channel in channels.items():
            known = self.table.index.get(channel.id, -1)
            number[index] = known
            if known < 0:
                self.unmapped += 1
                continue
            found = units.conversion(channel.unit, self.table.channels[known].unit)
            change[index] = (np.nan, np.nan) if found is None else found
        before = self._senders.get(bridge)
        self._senders[bridge] = _Sender(instance, number, change)
        gone = set() if before is None else set(before.number.tolist()) - set(number.tolist())
        return tuple(sorted(gone - {-1}))

    def receive(
        self, bridge: str, instance: str, sequence: int, batch: Readings
    ) -> Readings | None:
        """Return the readings by the table's numbers; None if the sender is not known (yet)."""
        sender = self._senders.get(bridge)
        if sender is None or sender.instance != instance:
            self.unknown += 1
            return None
        if sender.next >= 0:
            self.missing += max(sequence - sender.next, 0)
        sender.next = sequence + 1
        known = batch.channel < sender.number.size
        known[known] = sender.number[batch.channel[known]] >= 0
        part = batch.take(known)
        change = sender.change[part.channel]
        strange = np.isnan(change[:, 0])
        value = np.where(strange, part.value, part.value * change[:, 0] + change[:, 1])
        return Readings(
            sender.number[part.channel].astype(np.uint32),
            part.time,
            value,
            np.where(strange, np.uint8(Quality.BAD), part.quality),
            np.where(strange, np.uint16(Flag.SOURCE), part.flags).astype(np.uint16),
        )
