# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The words of the distribution centre: what it is told, answers, and calls for."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from linehaul_warehouse.codes import Code
from linehaul_warehouse.distribution_model import Proof, TruckId, UnitId
from linehaul_warehouse.ids import OrderId


class StepName(Enum):
    """Business steps that the centre listens to."""

    COMMISSIONING = 'commissioning'
    PLANNING = 'planning'
    RECEIVING = 'receiving'
    STAGING = 'staging'
    LOADING = 'loading'
    DEPARTING = 'departing'


class Action(IntEnum):
    """Numbers as in OrderEvent.msg."""

    UNKNOWN = 0
    ADD = 1
    OBSERVE = 2
    DELETE = 3


@dataclass(frozen=True, slots=True)
class Told:
    """An event of an order, as the centre is told it. time: plant time [s]."""

    event_id: str
    step: StepName
    action: Action
    time: float
    order_id: OrderId
    owner: str
    place_id: str
    parent_id: str
    objects: tuple[str, ...]
    source: str
    reason: str = ''


class Verdict(Enum):
    """What an event came to."""

    TAKEN = 'in_progress'
    MIS_SORTED = 'mis_sorted'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an event: the units that go to clarification, and the proofs of a truck."""

    verdict: Verdict
    code: Code = Code.NONE
    text: str = ''
    wrong: tuple[UnitId, ...] = ()
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A unit that is to be brought to a lane (STAGING) or from it to a dock (LOADING) now."""

    step: StepName
    unit_id: UnitId
    order_id: OrderId
    owner: str
    place_id: str
    truck_id: TruckId
