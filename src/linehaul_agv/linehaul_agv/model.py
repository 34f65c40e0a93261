# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle remembers of its order, its actions and its errors."""

from dataclasses import dataclass, field

from linehaul_vda5050 import (
    Action,
    ActionId,
    ActionStatus,
    Edge,
    Error,
    ErrorLevel,
    NodeId,
    OperatingMode,
    OrderMemory,
)
from linehaul_vda5050 import Node as OrderNode


@dataclass(frozen=True, slots=True)
class Task:
    """One action and how far it is.

    Attributes:
        action: What to do.
        sequence_id: Node or edge it belongs to; -1 for instant actions.
        status: How far it is.
        triggered: The vehicle has reached the node or entered the edge.
        result: For people.
    """

    action: Action
    sequence_id: int
    status: ActionStatus = ActionStatus.WAITING
    triggered: bool = False
    result: str = ''

    @property
    def active(self) -> bool:
        """Started and not ended."""
        return self.status not in (ActionStatus.WAITING, ActionStatus.UNKNOWN) and not self.ended

    @property
    def ended(self) -> bool:
        """FINISHED or FAILED."""
        return self.status.ended

    @property
    def holds(self) -> bool:
        """Keeps the vehicle from driving now."""
        return self.triggered and not self.ended and self.action.blocking_type.stops_driving


@dataclass(frozen=True, slots=True)
class AgvState:
    """Everything the executor of one vehicle remembers.

    Attributes:
        memory: What the order rules need; its last order gives the reported order id.
        last_node_id, last_sequence_id: Last node reached.
        nodes, edges: Still to reach and to drive, base first, then horizon.
        tasks: Actions of the order.
        instant: Instant actions, oldest first.
        errors: Active errors.
        mode: Who drives.
        driving: The drive has a way and has not said that it stands.
        paused: startPause was received.
        cancelling: Ids of the running cancelOrder actions.
        path_end: Sequence id of the last node given to the drive.
    """

    memory: OrderMemory = field(default_factory=OrderMemory)
    last_node_id: NodeId = field(default_factory=lambda: NodeId(''))
    last_sequence_id: int = 0
    nodes: tuple[OrderNode, ...] = ()
    edges: tuple[Edge, ...] = ()
    tasks: tuple[Task, ...] = ()
    instant: tuple[Task, ...] = ()
    errors: tuple[Error, ...] = ()
    mode: OperatingMode = OperatingMode.AUTOMATIC
    driving: bool = False
    paused: bool = False
    cancelling: tuple[ActionId, ...] = ()
    path_end: int = 0

    @property
    def idle(self) -> bool:
        """Nothing is left to drive or to do."""
        return not self.nodes and not self.edges and all(task.ended for task in self.tasks)

    @property
    def broken(self) -> bool:
        """An error forbids to go on with this order."""
        return any(error.error_level >= ErrorLevel.CRITICAL for error in self.errors)
