# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane must be able to do to be controlled: take a step, answer, and say how it stands.

A crane end is anything that does that: the simulated crane here, or tags of a PLC. It keeps the
last task it did on its own side; a task id that it knows is not done again but answered again.
The controller sends one step at a time and, after any silence, asks for the status before it
sends anything.
"""

from dataclasses import dataclass

from linehaul_warehouse.ids import AisleId, LoadId, TaskId
from linehaul_warehouse.model import Outcome, Step


@dataclass(frozen=True, slots=True)
class Report:
    """How a step ended, where the crane stands x, y [m], and what the step took [J]."""

    aisle_id: AisleId
    task_id: TaskId
    outcome: Outcome
    x: float
    y: float
    energy: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """How a crane stands: what its fork carries, what it does and what it did last.

    ready: it can take a step (not down, no emergency stop). running: '' none.
    """

    aisle_id: AisleId
    ready: bool
    load_id: LoadId
    running: TaskId
    last: Report | None
    text: str = ''


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Ask a crane for its status."""

    aisle_id: AisleId


@dataclass(frozen=True, slots=True)
class SendStep:
    """Send a crane a step."""

    aisle_id: AisleId
    step: Step


Command = AskStatus | SendStep
