# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The incident recorder: the last minutes of all topics, written as MCAP when something happens.

Messages are kept as they are on the wire (CDR) with the definition of their type, in a ring that
is bounded by time and by bytes. A trigger makes an incident of the ring and what comes within the
time after it; `write` makes a file of it, which Foxglove, rosbag2 and the mcap tools read (profile
ros2, schema encoding ros2msg). That takes seconds when much was said, so it is left to the caller
when and where.
"""

import contextlib
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from linehaul_sensors.errors import HistoryError
from linehaul_sensors.readings import NS


@dataclass(frozen=True, slots=True)
class Schema:
    """A message type: its name, such as sensor_msgs/msg/Imu, and its definition's text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was on the wire; `time` [ns] of its receipt."""

    topic: str
    schema: str
    time: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Incident:
    """What is to be written: the file, the messages in their order, their types by name."""

    path: Path
    messages: tuple[Message, ...]
    schemas: dict[str, Schema]


class Recorder:
    """A ring of messages and the incident being recorded, if any.

    Args:
        folder: of the incident files; it is made.
        before: [s] kept before a trigger.
        after: [s] written after it.
        most: bytes of messages in the ring.
    """

    def __init__(
        self, folder: Path, before: float = 180.0, after: float = 30.0, most: int = 256_000_000
    ) -> None:
        self.folder = folder
        self._before = int(before * NS)
        self._after = int(after * NS)
        self._most = most
        self._ring: deque[Message] = deque()
        self._bytes = 0
        self._schemas: dict[str, Schema] = {}
        self._until = 0
        self._name = ''

    def add_type(self, schema: Schema) -> None:
        """Make a message type known before its first message."""
        self._schemas[schema.name] = schema

    def add(self, message: Message) -> Incident | None:
        """Keep a message; return the incident that ends with it.

        Raises:
            KeyError: its type is not known.
        """
        if message.schema not in self._schemas:
            raise KeyError(message.schema)
        done = self.tick(message.time)
        self._ring.append(message)
        self._bytes += len(message.data)
        while self._bytes > self._most and len(self._ring) > 1:
            self._drop()
        return done

    def trigger(self, name: str, now: int) -> bool:
        """Begin an incident; one that is being recorded goes on longer instead.

        Args:
            name: of the incident, letters, digits and _ are kept.
            now: [ns].

        Returns:
            Whether it is a new one.
        """
        fresh = not self._until
        if fresh:
            clean = ''.join(c if c.isalnum() or c in '_-' else '_' for c in name)[:80]
            self._name = f'{now // NS}_{clean}.mcap'
        self._until = now + self._after
        return fresh

    def tick(self, now: int) -> Incident | None:
        """Forget what is too old, or end an incident and return it."""
        if self._until:
            if now < self._until:
                return None
            return self.end()
        while self._ring and self._ring[0].time < now - self._before:
            self._drop()
        return None

    def end(self) -> Incident | None:
        """End the incident that is being recorded, if there is one, and return it."""
        if not self._until:
            return None
        self._until = 0
        return Incident(self.folder / self._name, tuple(self._ring), dict(self._schemas))

    def _drop(self) -> None:
        self._bytes -= len(self._ring.popleft().data)


def write(incident: Incident) -> Path:
    """Write an incident's file, in full or not at all, and return it.

    Raises:
        HistoryError: it cannot be written.
    """
    path = incident.path
    temporary = path.with_suffix('.part')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open('wb') as file:
            _fill(file, incident)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise HistoryError(f'incident {path}: cannot write: {error}') from error
    return path


def _fill(file: BinaryIO, incident: Incident) -> None:
    from mcap.writer import CompressionType, Writer

    writer: Any = Writer(file, compression=CompressionType.ZSTD)
    writer.start(profile='ros2', library='linehaul')
    channels: dict[tuple[str, str], int] = {}
    for count, message in enumerate(incident.messages):
        key = message.topic, message.schema
        if key not in channels:
            schema = incident.schemas[message.schema]
            number = writer.register_schema(schema.name, 'ros2msg', schema.text.encode())
            channels[key] = writer.register_channel(message.topic, 'cdr', number)
        writer.add_message(
            channels[key],
            message.time,
            message.data,
            publish_time=message.time,
            sequence=count,
        )
    writer.finish()
