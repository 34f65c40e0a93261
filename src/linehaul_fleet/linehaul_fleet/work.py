# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle is busy with: a job, and the leg it drives for it."""

from dataclasses import dataclass
from enum import IntEnum

from linehaul_fleet.delivery import LoadId, RequestId
from linehaul_floor import PlaceId
from linehaul_traffic import Path
from linehaul_vda5050 import OrderId


class JobKind(IntEnum):
    """Why a vehicle works; numbers as WORK_* in VehicleSummary.msg."""

    UNKNOWN = 0
    IDLE = 1
    DELIVERY = 2
    RETURN = 3
    MOVE = 4
    CHARGE = 5
    PARK = 6
    OUT = 7


@dataclass(frozen=True, slots=True)
class Job:
    """A job of one vehicle.

    DELIVERY: fetch load_id at source, bring it to target. RETURN: the same without a request;
    source None: the load is on the vehicle already. CHARGE, PARK: drive to target.
    """

    kind: JobKind
    target: PlaceId
    source: PlaceId | None = None
    request_id: RequestId | None = None
    load_id: LoadId | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What happens at the end of a leg: a VDA 5050 action with its parameters; '' for none."""

    action_type: str = ''
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Leg:
    """A committed way to a place and the task there; one VDA 5050 order."""

    order_id: OrderId
    path: Path
    place_id: PlaceId
    task: Task

    @property
    def action_id(self) -> str:
        """The id of the task's action."""
        return f'{self.order_id}.task'
