# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where the nodes' lines go: the terminal, with a coloured prefix, and one file for each node."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

from .lines import plain

_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
#: a node's log file is put aside as `.1` when it is larger [bytes]
LARGEST = 32 * 1024 * 1024
LAST_LINES = 15
#: the label of the starter's own lines
STARTER = 'starter'


def wants_colour(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Tell whether colours belong on a stream; https://no-color.org."""
    return stream.isatty() and not env.get('NO_COLOR') and env.get('TERM') != 'dumb'


@dataclass(slots=True)
class Terminal:
    """The lines of all nodes, one below the other.

    Args:
        stream: where they go.
        colour: whether prefixes are coloured.
        width: width of the prefixes [characters].
    """

    stream: TextIO = sys.stdout
    colour: bool = False
    width: int = 0
    _known: list[str] = field(default_factory=list)
    _closed: bool = False

    def line(self, label: str, text: str) -> None:
        """Write one line of a node, or of the starter itself."""
        if label not in self._known:
            self._known.append(label)
        prefix = f'{label:<{self.width}} |'
        if self.colour:
            code = _COLOURS[self._known.index(label) % len(_COLOURS)]
            prefix = f'\x1b[{code}m{prefix}\x1b[0m'
        self._write(f'{prefix} {text if self.colour else plain(text)}\n')

    def _write(self, text: str) -> None:
        if self._closed:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read along has gone; the plant goes on and the files have every line.
            self._closed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class NodeLog:
    """The log of one node: its file, and the last lines for a report."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self._file: IO[str] = path.open('a', encoding='utf-8', buffering=1)

    def line(self, text: str) -> None:
        """Add one line."""
        self.last.append(plain(text))
        self.note(self.last[-1])

    def note(self, text: str) -> None:
        """Add a line about the node to its file; it is none of its last lines."""
        try:
            self._write(text)
        except OSError:  # a full disk costs log lines, never the plant
            return

    def _write(self, text: str) -> None:
        self._file.write(text + '\n')
        if self._file.tell() > LARGEST:
            self._file.close()
            self.path.replace(self.path.with_suffix('.log.1'))
            self._file = self.path.open('a', encoding='utf-8', buffering=1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
