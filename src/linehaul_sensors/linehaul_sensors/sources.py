# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The bridges of a plant as one: started, drained and stopped together, judged apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.fieldbus import Loop, ModbusGroup, OpcUaApart, OpcUaHere
from linehaul_sensors.mqtt import Drained, MqttBridge
from linehaul_sensors.readings import Readings, concatenate
from linehaul_sensors.remote_batches import RemoteBatches
from linehaul_sensors.ros_topics import RosTopics
from linehaul_sensors.sensors_file import (
    BatchSource,
    ModbusSource,
    MqttSource,
    OpcUaSource,
    RosSource,
    Source,
)
from linehaul_sensors.sparkplug_host import Fault


class Bridge(Protocol):
    """What brings readings."""

    @property
    def connected(self) -> bool:
        """Its peer answers."""
        ...

    def start(self) -> None:
        """Begin to connect."""

    def stop(self) -> None:
        """Disconnect."""

    def drain(self) -> Drained:
        """Return what came since the last call."""
        ...


@dataclass(slots=True)
class RosBridge:
    """ROS topics; the node's subscriptions put messages in."""

    topics: RosTopics
    connected: bool = False

    def start(self) -> None:
        """Nothing; the node subscribes."""

    def stop(self) -> None:
        """Nothing; the node owns the subscriptions."""

    def drain(self) -> Drained:
        """Return what came since the last call."""
        readings, faults = self.topics.drain()
        self.connected = self.connected or len(readings) > 0
        found = tuple(Fault(topic, text) for topic, text in faults[:100])
        return Drained(readings, (), found)


@dataclass(slots=True)
class BatchBridge:
    """Batches of other processes; the node's subscriptions put them in."""

    remote: RemoteBatches
    readings: list[Readings] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    connected: bool = False
    _missing: int = 0

    def start(self) -> None:
        """Nothing; the node subscribes."""

    def stop(self) -> None:
        """Nothing; the node owns the subscriptions."""

    def drain(self) -> Drained:
        """Return what came since the last call."""
        batches, self.readings = self.readings, []
        lost, self.lost = self.lost, []
        self.connected = self.connected or bool(batches)
        faults: tuple[Fault, ...] = ()
        if self.remote.missing > self._missing:
            text = f'{self.remote.missing - self._missing} batches are missing'
            faults = (Fault('batches', text),)
            self._missing = self.remote.missing
        return Drained(concatenate(batches), tuple(lost), faults)


@dataclass(slots=True)
class Running:
    """One bridge and what came by it: readings in all, faults in all, and the last of them."""

    id: str
    kind: str
    bridge: Bridge
    readings: int = 0
    faults: int = 0
    dropped: int = 0
    last_fault: str = ''


class Sources:
    """All bridges of a plant.

    Args:
        sources: what they are.
        table: the channels.
        clock: [ns] since 1970, of receipts.
    """

    def __init__(
        self, sources: Sequence[Source], table: ChannelTable, clock: Callable[[], int]
    ) -> None:
        self._loop = Loop()
        self._sources = tuple(sources)
        self._fieldbus = any(isinstance(s, ModbusSource | OpcUaSource) for s in sources)
        self.running = [
            Running(source.id, _kind(source), self._make(source, table, clock, k))
            for k, source in enumerate(sources)
        ]

    def _make(
        self, source: Source, table: ChannelTable, clock: Callable[[], int], seed: int
    ) -> Bridge:
        if isinstance(source, MqttSource):
            return MqttBridge(source.config, table, clock, source.metrics, source.rules)
        if isinstance(source, ModbusSource):
            return ModbusGroup(source.devices, clock, self._loop, seed)
        if isinstance(source, OpcUaSource):
            if source.processes:
                return OpcUaApart(source.server, source.processes, 1000 * seed)
            return OpcUaHere(source.server, clock, self._loop, seed)
        if isinstance(source, RosSource):
            return RosBridge(RosTopics(source.rules))
        return BatchBridge(RemoteBatches(table))

    def batch_topics(self) -> list[tuple[BatchBridge, str]]:
        """Return the bridges that hear batches, and the topic each of them hears."""
        pairs = zip(self.running, self._sources, strict=True)
        return [
            (one.bridge, source.topic)
            for one, source in pairs
            if isinstance(one.bridge, BatchBridge) and isinstance(source, BatchSource)
        ]

    def start(self) -> None:
        """Begin to connect; peers that are not there yet are no error."""
        if self._fieldbus:
            self._loop.start()
        for one in self.running:
            one.bridge.start()

    def stop(self) -> None:
        """Disconnect from everything."""
        for one in self.running:
            one.bridge.stop()
        self._loop.stop()

    def drain(self) -> list[tuple[Running, Drained]]:
        """Return what each bridge brought, and count it."""
        found = []
        for one in self.running:
            brought = one.bridge.drain()
            one.readings += len(brought.readings)
            one.dropped += brought.dropped
            if brought.faults:
                one.faults += len(brought.faults)
                last = brought.faults[-1]
                one.last_fault = f'{last.where}: {last.text}'
            found.append((one, brought))
        while self._loop.faults:
            fault = self._loop.faults.popleft()
            self._note(fault)
        return found

    def _note(self, fault: Fault) -> None:
        for one in self.running:
            if fault.where.startswith(one.kind):
                one.faults += 1
                one.last_fault = f'{fault.where}: {fault.text}'


def _kind(source: Source) -> str:
    return type(source).__name__.removesuffix('Source').lower()
