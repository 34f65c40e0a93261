# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What happened to an order in the distribution centre, step by step, until it was shipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from linehaul_warehouse.distribution_model import (
    Centre,
    Happening,
    MisSorted,
    OrderAnnounced,
    Proof,
    StopDropped,
    TruckLeft,
    TruckPlanned,
    UnitPlace,
    UnitScanned,
)
from linehaul_warehouse.ids import OrderId

SCANS = {
    UnitPlace.STORED: 'receiving',
    UnitPlace.LANE: 'staging',
    UnitPlace.TRUCK: 'loading',
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One step of an order: when [s], what, where, with which truck and units, and a text."""

    time: float
    step: str
    place_id: str = ''
    truck_id: str = ''
    unit_ids: tuple[str, ...] = ()
    text: str = ''


@dataclass(frozen=True, slots=True)
class Traced:
    """An order as the centre knows it: owner, units, how far, its steps, and its proof."""

    order_id: OrderId
    owner: str
    unit_ids: tuple[str, ...]
    phase: str
    marks: tuple[Mark, ...] = ()
    proof: Proof | None = None


def marks(
    centre: Centre, happened: Sequence[Happening], time: float
) -> list[tuple[OrderId, Mark]]:
    """Return what events add to the trails of orders; the centre has them in it already."""
    found: list[tuple[OrderId, Mark]] = []
    for event in happened:
        match event:
            case OrderAnnounced(order):
                units = tuple(order.unit_ids)
                found.append((order.order_id, Mark(time, 'commissioning', '', '', units)))
            case TruckPlanned(truck):
                mark = Mark(time, 'planning', truck.dock_id, truck.id, (), f'lane {truck.lane_id}')
                found += [(order_id, mark) for order_id in truck.stops]
            case UnitScanned(unit_id, place, at):
                order = centre.orders[centre.units[unit_id]]
                mark = Mark(time, SCANS.get(place, ''), at, order.truck_id, (unit_id,))
                found.append((order.order_id, mark))
            case MisSorted(unit_id, at, wanted) if unit_id in centre.units:
                mark = Mark(time, 'mis_sorted', at, '', (unit_id,), f'wanted {wanted}')
                found.append((centre.units[unit_id], mark))
            case StopDropped(truck_id, order_id, actor, reason):
                mark = Mark(time, 'left_behind', '', truck_id, (), f'{actor}: {reason}')
                found.append((order_id, mark))
            case TruckLeft(truck_id, proofs):
                for proof in proofs:
                    units, stop = proof.unit_ids, f'stop {proof.stop}'
                    mark = Mark(time, 'shipping', proof.dock_id, truck_id, units, stop)
                    found.append((proof.order_id, mark))
    return found
