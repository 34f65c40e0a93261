# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a crane must be able to do to be controlled: take a step, answer, and say how it stands.

A crane end is anything that does that: the simulated crane here, or tags of a PLC. It keeps the
last task it did on its own side; a task id that it knows is not done again but answered again.
The controller sends one step at a time and, after any silence, asks for the status before it
sends anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from linehaul_warehouse.ids import AisleId, LoadId, PortId, TaskId
from linehaul_warehouse.model import Outcome, Step
from linehaul_warehouse.rack import Flow
from linehaul_warehouse.state import State


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


class CraneEnd(Protocol):
    """The far end of all cranes of a warehouse, with what stands at its ports.

    new: nothing is remembered, and `begin` is to be called with the books.
    """

    new: bool

    def begin(self, state: State) -> None:
        """Put what the books say where they say."""

    def obey(self, command: Command, now: float) -> Report | Status | None:
        """Take a command; returns what the crane answers at once."""

    def advance(self, now: float) -> Sequence[Report | Status]:
        """Return what cranes have said since the last call."""

    def set_down(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was put on an in-port."""

    def taken(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was taken from a port."""

    def at(self, flow: Flow) -> list[tuple[PortId, LoadId]]:
        """Return the loads that stand at the ports of a flow."""

    def gone(self, state: State) -> list[tuple[PortId, LoadId]]:
        """Return loads that the books have at an out-port and that are not there."""

    def close(self) -> None:
        """End it."""
