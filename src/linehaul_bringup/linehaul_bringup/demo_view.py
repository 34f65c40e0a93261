# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What one sees of a demo while it runs: a live table on a terminal, else a line per change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .demo_goals import Wish, shown


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a delivery has come.

    Args:
        phase: in words.
        vehicle: who works for it, or ''.
        eta: time until it arrives [s] of plant time; NaN when not known.
        ended: whether it is over.
    """

    phase: str
    vehicle: str
    eta: float = nan
    ended: bool = False


class View(Protocol):
    """Something that shows how the demo goes."""

    def say(self, text: str) -> None:
        """Show a line about the whole."""
        ...

    def change(self, now: float, wish: Wish, progress: Progress) -> None:
        """Show a delivery's progress at a plant time [s]."""
        ...

    def close(self) -> None:
        """End the show."""
        ...


class PlainView:
    """One line for each change of phase or vehicle."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[Wish, tuple[str, str]] = {}

    def say(self, text: str) -> None:
        """Print a line about the whole."""
        print(text, file=self._stream, flush=True)

    def change(self, now: float, wish: Wish, progress: Progress) -> None:
        """Print a delivery's line when its phase or vehicle is another."""
        key = (progress.phase, progress.vehicle)
        if self._last.get(wish) == key:
            return
        self._last[wish] = key
        by = f', {progress.vehicle}' if progress.vehicle else ''
        self.say(f'{now:8.1f} s  {shown(wish)}: {progress.phase}{by}{in_seconds(progress.eta)}')

    def close(self) -> None:
        """Nothing is left to do."""


class LiveView:
    """A table that is drawn anew a few times a second."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        self._rows = {wish: Progress('waiting for the fleet', '') for wish in wishes}
        self._now = 0.0
        self._console = Console(file=sys.stdout)
        self._live = Live(console=self._console, refresh_per_second=5, get_renderable=self._table)
        self._live.start()

    def say(self, text: str) -> None:
        """Print a line above the table."""
        self._console.print(text, markup=False, highlight=False)

    def change(self, now: float, wish: Wish, progress: Progress) -> None:
        """Put a delivery's progress into its row."""
        self._now, self._rows[wish] = now, progress

    def close(self) -> None:
        """Draw the table a last time."""
        self._live.stop()

    def _table(self) -> Table:

        done = sum(progress.ended for progress in self._rows.values())
        table = Table(
            title=f'{done} of {len(self._rows)} deliveries, plant time {self._now:.0f} s'
        )
        for name in ('delivery', 'vehicle', 'phase', 'arrives'):
            table.add_column(name)
        room = max(5, self._console.height - 8)
        running = [row for row in self._rows.items() if not row[1].ended]
        ended = [row for row in self._rows.items() if row[1].ended]
        for wish, progress in (running + ended[::-1])[:room]:
            style = 'green' if progress.ended else ''
            words = (shown(wish), progress.vehicle, progress.phase, in_seconds(progress.eta, ''))
            table.add_row(*(Text(word, style=style) for word in words))
        return table


def in_seconds(eta: float, before: str = ', ') -> str:
    """Write a time to go, or '' when it is not known or over."""
    return f'{before}in {eta:.0f} s' if isfinite(eta) and eta > 0.0 else ''


def open_view(wishes: Sequence[Wish], *, as_json: bool) -> View:
    """Choose the view: the table needs a terminal, and with --json nothing but JSON goes out."""
    if as_json:
        return PlainView(sys.stderr)
    return LiveView(wishes) if sys.stdout.isatty() else PlainView(sys.stdout)
