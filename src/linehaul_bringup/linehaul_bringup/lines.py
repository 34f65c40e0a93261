# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a pipe to whole lines of text."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: a line longer than this is cut, so that a node gone wild cannot fill the memory [bytes]
LONGEST = 16_384
_COLOUR = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')


@dataclass(slots=True)
class LineSplitter:
    """Gathers bytes until a line is whole."""

    rest: bytes = b''

    def feed(self, data: bytes) -> list[str]:
        """Add bytes and return the lines that are now whole."""
        *whole, self.rest = (self.rest + data).split(b'\n')
        while len(self.rest) > LONGEST:
            whole.append(self.rest[:LONGEST])
            self.rest = self.rest[LONGEST:]
        return [line.decode('utf-8', 'replace').rstrip('\r') for line in whole]

    def flush(self) -> list[str]:
        """Return what is left as a last line."""
        line, self.rest = self.rest, b''
        return [line.decode('utf-8', 'replace')] if line else []


def plain(line: str) -> str:
    """Take the colours out of a line."""
    return _COLOUR.sub('', line)
