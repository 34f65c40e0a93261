# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How fast alarms come: flood, chattering and the count of the last ten minutes.

A flood begins with more than 10 announced alarms in 10 minutes and ends below 5 (ISA-18.2, EEMUA
191). An alarm chatters when it is announced three times or more within a minute.
"""

from collections import deque
from dataclasses import dataclass, field

from linehaul_sensors.ids import AlarmId

WINDOW = 600.0  # [s]
FLOOD_BEGINS = 10
FLOOD_ENDS = 5
CHATTER_WINDOW = 60.0  # [s]
CHATTER = 3


@dataclass(slots=True)
class AlarmRate:
    """The announcements of the last ten minutes; times in s."""

    flood: bool = False
    times: deque[float] = field(default_factory=deque)
    by_alarm: dict[AlarmId, deque[float]] = field(default_factory=dict)

    def announce(self, alarm: AlarmId, time: float) -> None:
        """Count an announcement. Times that go back are counted at the latest time known."""
        now = max(time, self.times[-1]) if self.times else time
        self.advance(now)
        self.times.append(now)
        recent = self.by_alarm.setdefault(alarm, deque(maxlen=CHATTER))
        recent.append(now)
        self.advance(now)

    def advance(self, now: float) -> None:
        """Forget what is older than the windows."""
        while self.times and self.times[0] <= now - WINDOW:
            self.times.popleft()
        count = len(self.times)
        self.flood = count >= FLOOD_ENDS if self.flood else count > FLOOD_BEGINS

    def chattering(self, now: float) -> list[AlarmId]:
        """Return the alarms that chatter; those that came to rest are forgotten."""
        quiet = [a for a, t in self.by_alarm.items() if t[-1] <= now - CHATTER_WINDOW]
        for alarm in quiet:
            del self.by_alarm[alarm]
        return [
            a
            for a, t in self.by_alarm.items()
            if len(t) == CHATTER and t[0] > now - CHATTER_WINDOW
        ]
