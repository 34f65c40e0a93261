# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The host side of Sparkplug B: messages in, readings, losses and requests for rebirth out.

Every metric has a path, group/edge/metric or group/edge/device/metric. A mapping gives its
channel; a path without one is the channel of that very id, if the table has it. Metrics of no
channel are counted and left out. Nothing that comes in raises: what is wrong becomes a `Fault`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, TypeAlias

from linehaul_sensors import sparkplug_codec as codec
from linehaul_sensors import units
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import SparkplugError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.readings import Flag, Quality, Readings, make_readings
from linehaul_sensors.sparkplug_edge import Edge, Held, Source

_MS = 1_000_000
# Quality property of the specification: bad, good, stale; anything else is uncertain.
_QUALITIES = {0: Quality.BAD, 192: Quality.GOOD, 500: Quality.BAD}


@dataclass(frozen=True, slots=True)
class Arrived:
    """Readings that came."""

    readings: Readings


@dataclass(frozen=True, slots=True)
class Lost:
    """Channels whose source is gone."""

    channels: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AskRebirth:
    """The edge node must send its births again."""

    group: str
    edge: str
    why: str

    def message(self, now_ms: int) -> tuple[str, bytes]:
        """Return topic and payload of the command."""
        metric = codec.Metric(codec.REBIRTH, codec.DataType.BOOLEAN, True, time=now_ms)
        topic = codec.Topic(self.group, 'NCMD', self.edge)
        return str(topic), codec.encode([metric], now_ms, None)


@dataclass(frozen=True, slots=True)
class Fault:
    """A message, or a metric of one, that could not be used."""

    where: str
    text: str


Outcome: TypeAlias = Arrived | Lost | AskRebirth | Fault


class _Rows:
    """Readings being collected."""

    def __init__(self) -> None:
        self.channel: list[int] = []
        self.time: list[int] = []
        self.value: list[float] = []
        self.quality: list[int] = []
        self.flags: list[int] = []

    def batch(self) -> Readings:
        return make_readings(self.channel, self.time, self.value, self.quality, self.flags)


class SparkplugHost:
    """All edge nodes of one broker.

    Args:
        table: the channels.
        mapping: metric path to channel id.
    """

    def __init__(self, table: ChannelTable, mapping: Mapping[str, ChannelId]) -> None:
        self._table = table
        self._mapping = mapping
        self._edges: dict[tuple[str, str], Edge] = {}
        self.unmapped = 0

    def receive(self, topic: str, data: bytes, now: float) -> list[Outcome]:
        """Take one message in.

        Args:
            topic: below the Sparkplug namespace.
            data: payload.
            now: [s] of receipt.
        """
        try:
            where = codec.parse_topic(topic)
            payload = codec.decode(data)
        except SparkplugError as error:
            return [Fault(topic, str(error))]
        if where.kind in ('NCMD', 'DCMD'):
            return []
        edge = self._edges.setdefault((where.group, where.edge), Edge())
        if where.kind == 'NDEATH':
            return self._node_death(where, edge, payload)
        if where.kind == 'NBIRTH':
            out = self._node_birth(where, edge, payload, now)
            return out + self._go_on(where, edge, now)
        if not edge.online:
            edge.hold(payload.seq % 256, Held(where.kind, where.device, payload, now))
            return self._ask(where.group, where.edge, edge, 'no birth was seen', now)
        seq = payload.seq % 256
        behind = (edge.next_seq - seq) % 256
        if 0 < behind < 64:
            return [Fault(topic, f'sequence {seq} again; {edge.next_seq} is next')]
        edge.hold(seq, Held(where.kind, where.device, payload, now))
        return self._go_on(where, edge, now)

    def tick(self, now: float) -> list[Outcome]:
        """Return what time alone brings: gaps in sequences. Call it about once a second."""
        found: list[Outcome] = []
        for (group, name), edge in self._edges.items():
            if not edge.overdue(now):
                continue
            if not edge.online:
                found += self._ask(group, name, edge, 'no birth was seen', now)
                continue
            missing = edge.next_seq
            edge.skip()
            found += self._go_on(codec.Topic(group, 'NDATA', name), edge, now)
            found += self._ask(group, name, edge, f'sequence {missing} is missing', now)
        return found

    def disconnected(self) -> list[Outcome]:
        """Return the losses when the broker is gone; every node must be born again."""
        found: list[Outcome] = []
        for (group, name), edge in self._edges.items():
            if edge.online:
                edge.online = False
                found.append(Lost(tuple(edge.channels()), f'the broker of {group}/{name} is gone'))
            edge.held.clear()
            edge.asked = -1e18
        return found

    def _ask(self, group: str, name: str, edge: Edge, why: str, now: float) -> list[Outcome]:
        return [AskRebirth(group, name, why)] if edge.may_ask(now) else []

    def _go_on(self, where: codec.Topic, edge: Edge, now: float) -> list[Outcome]:
        found: list[Outcome] = []
        while (message := edge.ready()) is not None:
            topic = codec.Topic(where.group, message.kind, where.edge, message.device)
            match message.kind:
                case 'DBIRTH':
                    found += self._birth(topic, edge, message.payload, message.received)
                case 'DDEATH':
                    edge.devices.discard(message.device)
                    lost = tuple(edge.channels(message.device))
                    found.append(Lost(lost, f'device {message.device} is gone'))
                case _:
                    found += self._data(topic, edge, message.payload, message.received, now)
        return found

    def _node_death(self, where: codec.Topic, edge: Edge, payload: Any) -> list[Outcome]:
        bdseq = _bdseq(payload)
        if not edge.online or bdseq != edge.bdseq:
            return []  # the death of an earlier session that came late
        edge.online = False
        edge.held.clear()
        return [Lost(tuple(edge.channels()), f'edge node {where.group}/{where.edge} is gone')]

    def _node_birth(
        self, where: codec.Topic, edge: Edge, payload: Any, now: float
    ) -> list[Outcome]:
        before = set(edge.channels())
        edge.begin(_bdseq(payload), payload.seq)
        found = self._birth(where, edge, payload, now)
        # Devices of the session before are unknown until they are born again.
        gone = tuple(sorted(before - set(edge.channels())))
        return [*found, *([Lost(gone, 'born again without them')] if gone else [])]

    def _birth(self, where: codec.Topic, edge: Edge, payload: Any, now: float) -> list[Outcome]:
        edge.devices.add(where.device)
        faults: list[Outcome] = []
        for metric in payload.metrics:
            if not metric.name or metric.name.startswith((codec.BDSEQ, 'Node Control/')):
                continue
            source, text = self._source(where, metric)
            edge.by_name[(where.device, metric.name)] = source
            if metric.HasField('alias'):
                edge.by_alias[metric.alias] = source
            if text:
                faults.append(Fault(f'{where}: {metric.name}', text))
        return faults + self._data(where, edge, payload, now, now)

    def _source(self, where: codec.Topic, metric: Any) -> tuple[Source, str]:
        parts = (where.group, where.edge, where.device, metric.name)
        path = '/'.join(part for part in parts if part)
        channel = self._table.index.get(self._mapping.get(path, ChannelId(path)), -1)
        source = Source(channel, metric.datatype)
        if channel < 0:
            self.unmapped += 1
            return source, ''
        unit, wanted = codec.properties(metric).get('engUnit'), self._table.channels[channel].unit
        if unit is None:
            return source, ''
        change = units.conversion(str(unit), wanted)
        if change is None:
            source.usable = False
            return source, f'its unit {unit!r} cannot become {wanted!r}: readings are bad'
        source.factor, source.offset = change
        return source, ''

    def _data(
        self, where: codec.Topic, edge: Edge, payload: Any, received: float, now: float
    ) -> list[Outcome]:
        rows, unknown = _Rows(), 0
        stamp = payload.timestamp or int(received * 1000)
        aliases, names, device = edge.by_alias, edge.by_name, where.device
        for metric in payload.metrics:
            if metric.name:
                source = names.get((device, metric.name))
                if source is None and metric.name.startswith((codec.BDSEQ, 'Node Control/')):
                    continue
            else:
                source = aliases.get(metric.alias)
            if source is None:
                unknown += 1
            elif source.channel >= 0:
                _append(rows, metric, source, metric.timestamp or stamp)
        found: list[Outcome] = [Arrived(rows.batch())] if rows.channel else []
        if unknown:
            why = f'{unknown} metrics were never born'
            found += self._ask(where.group, where.edge, edge, why, now)
        return found


def _append(rows: _Rows, metric: Any, source: Source, time: int) -> None:
    quality = Quality.GOOD
    if not source.usable:
        quality = Quality.BAD
    elif metric.HasField('properties'):
        told = codec.properties(metric).get('Quality')
        if told is not None:
            quality = _QUALITIES.get(told, Quality.UNCERTAIN)
    rows.channel.append(source.channel)
    rows.time.append(min(time, (1 << 62) // _MS) * _MS)
    value = codec.number(metric, source.datatype)
    rows.value.append(value * source.factor + source.offset)
    rows.quality.append(quality)
    rows.flags.append(Flag.HISTORICAL if metric.is_historical else 0)


def _bdseq(payload: Any) -> int:
    for metric in payload.metrics:
        if metric.name == codec.BDSEQ:
            value = codec.number(metric, 0)
            return -1 if isnan(value) else int(value)
    return -1
