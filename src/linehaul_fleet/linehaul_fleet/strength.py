# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When it is told that the fleet is below its strength, and when that it is well again.

What is wrong is told at once, and again when something else is wrong as well; that all is well
only after a while, so that what comes and goes is not told each time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

OVER = 30.0
"""[s] without anything wrong until it is over."""
_COUNTS = re.compile(r'\d+')


@dataclass(slots=True)
class Strength:
    """What was told last: the kinds of notices, and when the last notice was seen [s]."""

    told: frozenset[str] = frozenset()
    seen: float = 0.0

    def look(self, notices: Sequence[str], now: float) -> str:
        """Return what is to be told now; empty: nothing.

        Args:
            notices: what keeps the fleet below its strength now, a line each.
            now: plant time [s].
        """
        kinds = frozenset(_COUNTS.sub('', text) for text in notices)
        if kinds:
            self.seen = now
            if not kinds <= self.told:
                self.told |= kinds
                return 'degraded: ' + '; '.join(notices)
        elif self.told and not 0.0 <= now - self.seen < OVER:
            self.told = frozenset()
            return 'at full strength again'
        return ''
