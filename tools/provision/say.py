# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Progress lines: what is being done and how long it has taken so far."""

import sys
import time

_START = time.monotonic()


def say(text: str) -> None:
    """Print one progress line with the seconds since the set-up began."""
    print(f'[{time.monotonic() - _START:6.1f} s] {text}', file=sys.stderr, flush=True)
