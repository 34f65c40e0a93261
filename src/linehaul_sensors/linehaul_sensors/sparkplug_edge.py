# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the host knows of one edge node: its births, aliases, sequence and deaths.

All decisions about order are here; `sparkplug_host` turns what comes out into readings. Messages
that come before the one they follow are held for a moment, because a broker keeps the order of one
topic only. What never comes is a gap: the held messages are used and a rebirth is asked for.
"""

from dataclasses import dataclass, field
from typing import Any

HOLD = 2.0  # [s] a message may wait for the one before it
AGAIN = 10.0  # [s] between two requests for a rebirth
MOST_HELD = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits."""

    kind: str
    device: str
    payload: Any
    received: float


@dataclass(slots=True)
class Source:
    """A metric of a birth: channel number (-1: none), data type, conversion, usable unit."""

    channel: int
    datatype: int
    factor: float = 1.0
    offset: float = 0.0
    usable: bool = True


@dataclass(slots=True)
class Edge:
    """One edge node. `by_alias` and `by_name` are by device; '' is the node itself."""

    online: bool = False
    bdseq: int = -1
    next_seq: int = 0
    asked: float = -1e18
    held: dict[int, Held] = field(default_factory=dict)
    devices: set[str] = field(default_factory=set)
    by_alias: dict[int, Source] = field(default_factory=dict)
    by_name: dict[tuple[str, str], Source] = field(default_factory=dict)

    def begin(self, bdseq: int, seq: int) -> None:
        """Take an NBIRTH in: everything known before it is void."""
        self.online = True
        self.bdseq = bdseq
        self.next_seq = (seq + 1) % 256
        self.devices = {''}
        self.by_alias.clear()
        self.by_name.clear()
        self.held = {s: h for s, h in self.held.items() if (s - self.next_seq) % 256 < 128}

    def channels(self, device: str | None = None) -> list[int]:
        """Return the channels of the node, or of one device."""
        return [
            source.channel
            for (owner, _), source in self.by_name.items()
            if source.channel >= 0 and device in (None, owner)
        ]

    def hold(self, seq: int, message: Held) -> None:
        """Keep a message that came too early."""
        if len(self.held) < MOST_HELD:
            self.held[seq] = message

    def ready(self) -> Held | None:
        """Return the next message in sequence, if it waits."""
        message = self.held.pop(self.next_seq, None)
        if message is not None:
            self.next_seq = (self.next_seq + 1) % 256
        return message

    def overdue(self, now: float) -> bool:
        """Tell whether a held message has waited too long for the one before it."""
        return any(now - message.received > HOLD for message in self.held.values())

    def skip(self) -> None:
        """Give up what is missing: go on with the oldest message that waits."""
        self.next_seq = min(self.held, key=lambda s: (s - self.next_seq) % 256)

    def may_ask(self, now: float) -> bool:
        """Tell whether a rebirth may be asked for now, and note that it is."""
        if now - self.asked < AGAIN:
            return False
        self.asked = now
        return True
