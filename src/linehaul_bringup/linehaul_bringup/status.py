# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a run's nodes are doing, as a file that other programs read: `status.json`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class NodeStatus:
    """One node of a run.

    Args:
        state: `waiting`, `running`, `given_up` or `stopped`.
        pid: its process, or None while there is none.
        restarts: how often it was started again.
        last_exit: exit code of its last ended process, negative for a signal, or None.
    """

    state: str = 'waiting'
    pid: int | None = None
    restarts: int = 0
    last_exit: int | None = None


@dataclass(slots=True)
class RunStatus:
    """A whole run.

    Args:
        state: `running`, `stopping`, `stopped` or `failed`.
        pid: the starter's process.
        reason: why it failed, or ''.
        nodes: its nodes by label.
    """

    state: str
    pid: int
    reason: str = ''
    nodes: dict[str, NodeStatus] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Replace the file at once, so that a reader never sees half of it."""
        fresh = path.with_suffix('.new')
        try:
            fresh.write_text(json.dumps(asdict(self), indent=2) + '\n', encoding='utf-8')
            os.replace(fresh, path)
        except OSError:  # a full disk costs the status, never the plant
            return


def read_status(path: Path) -> RunStatus | None:
    """Read a run's status, or None before the run has written one."""
    try:
        raw = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        return None
    nodes = {label: NodeStatus(**node) for label, node in raw.pop('nodes').items()}
    return RunStatus(**raw, nodes=nodes)
