# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Long runs in pieces: a run that is stopped after some wall time goes on from a file.

A run is the same with and without pieces (it has no clock of its own); a file belongs to the
state of the code that wrote it.
"""

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

from _fleet_run import FactoryRun
from linehaul_fleet.delivery import Phase

TELL = 120.0
"""[s] of plant time between two lines about how far a run is."""


class Unfinished(Exception):  # noqa: N818 (not an error)
    """The wall time for this piece is over; what is left is in the file."""


class Pieces:
    """The pieces of this call.

    Args:
        folder: of the files; None: nothing is kept, and there is no limit.
        budget: [s] of wall time for this call; 0: no limit.
    """

    def __init__(self, folder: Path | None, budget: float) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        limited = folder is not None and budget > 0.0
        self._end = time.monotonic() + budget if limited else float('inf')

    def over(self) -> bool:
        """Return whether the time of this call is over."""
        return time.monotonic() > self._end

    def begin(self, name: str, make: Callable[[], FactoryRun]) -> FactoryRun:
        """Return the run that was stopped under a name, or a new one."""
        file = self._file(name)
        if file is not None and file.exists():
            found = pickle.loads(file.read_bytes())
            assert isinstance(found, FactoryRun)
            return found
        return make()

    def go(self, name: str, run: FactoryRun, until: float) -> None:
        """Run to a time after the beginning [s].

        Raises:
            Unfinished: it is stopped before, and kept.
        """
        while run.seconds < until and not self.over():
            run.go(min(until, run.seconds + TELL), self.over)
            ended = run.fleet.model.ended[Phase.DELIVERED]
            print(
                f'{name}: {run.seconds / 60.0:.1f} min, {ended} delivered, '
                f'{len(run.fleet.model.open)} open, {run.wall:.0f} s',
                file=sys.stderr,
                flush=True,
            )
        if run.seconds < until:
            file = self._file(name)
            if file is not None:
                file.write_bytes(pickle.dumps(run))
            raise Unfinished(f'{name}: {run.seconds:.0f} of {until:.0f} s of plant time')

    def done(self, name: str) -> None:
        """Forget a run that has ended."""
        file = self._file(name)
        if file is not None:
            file.unlink(missing_ok=True)

    def _file(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / f'{name}.pickle'
