# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What of the alarms is shown: the most urgent first, as many as a message may hold.

In a flood thousands of alarms are not normal. Sent whole every second they would fill the network
that carries the answer to the flood; so the list ends where the budget ends, and says how many
alarms there are in all. Grouped consequences are the first to go: their cause tells their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from linehaul_sensors.alarm_book import AlarmView

BUDGET = 60_000
"""Bytes of one message; at one a second 0.5 Mbit/s, and below 1 where two come close together."""
_FIXED = 128  # numbers, times and the lengths of texts of one alarm, with padding


@dataclass(frozen=True, slots=True)
class Shown:
    """The alarms that are shown, and how many there are."""

    alarms: tuple[AlarmView, ...]
    total: int


def size(view: AlarmView) -> int:
    """Return an upper bound of an alarm's bytes in a message."""
    definition = view.alarm
    texts = (
        definition.id,
        definition.equipment,
        definition.channel or '',
        definition.message,
        definition.consequence,
        definition.response,
        view.cause,
        view.actor,
        view.reason,
    )
    return _FIXED + sum(len(text.encode()) + 4 for text in texts)


def fit(views: Sequence[AlarmView], budget: int = BUDGET) -> Shown:
    """Return the first of the views, which are sorted by urgency, that fit a budget of bytes."""
    left, found = budget, []
    for view in views:
        left -= size(view)
        if left < 0:
            break
        found.append(view)
    return Shown(tuple(found), len(views))
