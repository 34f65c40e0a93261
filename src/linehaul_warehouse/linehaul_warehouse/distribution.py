# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the distribution centre decides: sets, lanes, docks, scans, and when a truck may leave.

Functions return events, or why not. A unit is scanned at each hand-over, and the scan decides:
where it does not belong it is a mis-sort, and it can go no further than clarification.
"""

from collections.abc import Sequence

from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.distribution_model import (
    Centre,
    DockId,
    Happening,
    LaneId,
    MisSorted,
    OrderAnnounced,
    OrderSet,
    Proof,
    SetPhase,
    StopDropped,
    Truck,
    TruckId,
    TruckLeft,
    TruckPlanned,
    UnitId,
    UnitPlace,
    UnitScanned,
)
from linehaul_warehouse.ids import NO_ORDER, OrderId

Answer = list[Happening] | Refused


def announce(centre: Centre, order_id: OrderId, owner: str, unit_ids: Sequence[UnitId]) -> Answer:
    """Expect the units of an order; every order has an owner."""
    units = tuple(unit_ids)
    if not order_id or not owner.strip() or not units or not all(units):
        text = f'wanted order, owner and units, found {order_id!r}, {owner!r}, {units!r}'
        return Refused(Code.INVALID_ARGUMENT, text)
    known = centre.orders.get(order_id)
    if known is not None:
        if (known.owner, known.unit_ids) == (owner, units):
            return []
        return Refused(Code.INVALID_ARGUMENT, f'order {order_id} has another owner or other units')
    taken = [unit for unit in units if unit in centre.units]
    if taken or len(set(units)) != len(units):
        return Refused(Code.INVALID_ARGUMENT, f'order {order_id}: units {taken or units} twice')
    return [OrderAnnounced(OrderSet(order_id, owner, units))]


def plan_truck(
    centre: Centre, truck_id: TruckId, stops: Sequence[OrderId], begin: float, end: float
) -> Answer:
    """Give a truck a dock and a lane for a time window [s], the first that are free then.

    Args:
        centre: the centre.
        truck_id: new.
        stops: orders in the order of the tour.
        begin: when its lane begins to be filled [s].
        end: when it leaves [s].
    """
    if not truck_id or truck_id in centre.trucks or not end > begin:
        text = f'wanted a new truck and a time, found {truck_id!r}, {begin:g} to {end:g} s'
        return Refused(Code.INVALID_ARGUMENT, text)
    for order_id in stops:
        order = centre.orders.get(order_id)
        if order is None:
            return Refused(Code.UNKNOWN_ID, f'no order {order_id!r}')
        if order.shipped or order.truck_id:
            return Refused(Code.NOT_ALLOWED, f'order {order_id} has truck {order.truck_id}')
    if not stops or len(set(stops)) != len(stops):
        return Refused(Code.INVALID_ARGUMENT, f'stops: found {list(stops)}, wanted each once')
    others = [t for t in centre.trucks.values() if not t.left and t.begin < end and begin < t.end]
    docks = set(centre.docks) - {t.dock_id for t in others}
    units = sum(len(centre.orders[order_id].unit_ids) for order_id in stops)
    wide = {lane for lane, room in centre.lanes.items() if room >= units}
    lanes = wide - {t.lane_id for t in others}
    if not docks or not lanes:
        what = 'dock' if not docks else f'lane for {units} units'
        return Refused(Code.NOT_ALLOWED, f'no {what} is free from {begin:g} to {end:g} s')
    lane = min(lanes, key=lambda name: (centre.lanes[name], name))
    truck = Truck(truck_id, tuple(stops), DockId(min(docks)), LaneId(lane), begin, end)
    return [TruckPlanned(truck)]


def _mis_sort(unit_id: UnitId, at: str, wanted: str) -> list[Happening]:
    return [MisSorted(unit_id, at, wanted)]


def scan_in(centre: Centre, unit_id: UnitId, at: str) -> list[Happening]:
    """Take a scan at the entrance, or where a person brings a clarified unit back."""
    if unit_id not in centre.units:
        return _mis_sort(unit_id, at, 'nothing: no order has this unit')
    place = centre.places[unit_id][0]
    if place in (UnitPlace.EXPECTED, UnitPlace.CLARIFICATION):
        return [UnitScanned(unit_id, UnitPlace.STORED, at)]
    return [] if place is UnitPlace.STORED else _mis_sort(unit_id, at, place.name)


def to_stage(centre: Centre, truck_id: TruckId, now: float) -> list[UnitId]:
    """Return the units that may go into a truck's lane now: of the last stop that lacks some.

    Nothing before its window, and no set that is not complete: half a set shuts the lane.
    """
    truck = centre.trucks[truck_id]
    if truck.left or now < truck.begin:
        return []
    have = [*centre.staged[truck_id], *centre.loaded[truck_id]]
    order_id = centre.next_stop(truck_id, have)
    if order_id == NO_ORDER or centre.phase(order_id) is SetPhase.INCOMPLETE:
        return []
    if not centre.in_turn(order_id, have):  # one was taken out: a person drops its stop
        return []
    return [u for u in centre.orders[order_id].unit_ids if u not in have]


def to_load(centre: Centre, truck_id: TruckId) -> list[UnitId]:
    """Return the units that may go from their lane onto a truck now: last stop first."""
    truck = centre.trucks[truck_id]
    on_it = centre.loaded[truck_id]
    order_id = centre.next_stop(truck_id, on_it)
    if truck.left or order_id == NO_ORDER or not centre.in_turn(order_id, on_it):
        return []
    units = centre.orders[order_id].unit_ids
    return [u for u in units if centre.places[u][0] is UnitPlace.LANE]


def scan_lane(centre: Centre, unit_id: UnitId, lane_id: LaneId, now: float) -> list[Happening]:
    """Take a scan at the entrance of a staging lane."""
    order = centre.orders.get(centre.units.get(unit_id, NO_ORDER))
    if order is None:
        return _mis_sort(unit_id, lane_id, 'nothing: no order has this unit')
    truck = centre.trucks.get(order.truck_id)
    if centre.places[unit_id] == (UnitPlace.LANE, lane_id):
        return []
    stored = centre.places[unit_id][0] is UnitPlace.STORED
    right = truck is not None and truck.lane_id == lane_id and stored
    if truck is None or not right or unit_id not in to_stage(centre, truck.id, now):
        wanted = f'lane {truck.lane_id} in its turn' if truck else 'no lane'
        return _mis_sort(unit_id, lane_id, wanted)
    return [UnitScanned(unit_id, UnitPlace.LANE, lane_id)]


def scan_dock(centre: Centre, unit_id: UnitId, truck_id: TruckId) -> list[Happening]:
    """Take a scan at the door of a truck: last stop first, and only out of its lane."""
    order = centre.orders.get(centre.units.get(unit_id, NO_ORDER))
    truck = centre.trucks.get(truck_id)
    if order is None or truck is None or truck.left:
        return _mis_sort(unit_id, truck_id, 'nothing: unknown unit, or the truck is not there')
    if centre.places[unit_id] == (UnitPlace.TRUCK, truck_id):
        return []
    turn = centre.next_stop(truck_id, centre.loaded[truck_id])
    staged = centre.places[unit_id][0] is UnitPlace.LANE
    open_way = centre.in_turn(order.order_id, centre.loaded[truck_id])
    if order.truck_id != truck_id or order.order_id != turn or not staged or not open_way:
        return _mis_sort(unit_id, truck_id, f'truck {order.truck_id} in its turn')
    return [UnitScanned(unit_id, UnitPlace.TRUCK, truck_id)]


def drop_stop(
    centre: Centre, truck_id: TruckId, order_id: OrderId, actor: str, reason: str
) -> Answer:
    """Leave an order's set behind; what of it is in the lane or on the truck is taken off."""
    truck = centre.trucks.get(truck_id)
    if truck is None or truck.left or order_id not in truck.stops:
        return Refused(Code.UNKNOWN_ID, f'order {order_id!r} is no stop of truck {truck_id!r}')
    if not actor.strip() or not reason.strip():
        return Refused(Code.INVALID_ARGUMENT, 'wanted who and why')
    return [StopDropped(truck_id, order_id, actor, reason)]


def depart(centre: Centre, truck_id: TruckId, now: float) -> Answer:
    """Let a truck leave, if every set of its tour is on it and whole."""
    truck = centre.trucks.get(truck_id)
    if truck is None:
        return Refused(Code.UNKNOWN_ID, f'no truck {truck_id!r}')
    if truck.left:
        return []
    lacking = [o for o in truck.stops if centre.phase(o) is not SetPhase.LOADED]
    if lacking or not truck.stops:
        text = f'truck {truck_id}: sets {lacking} are not on it; load them or drop their stops'
        return Refused(Code.NOT_ALLOWED, text)
    proofs = []
    for stop, order_id in enumerate(truck.stops, 1):
        order = centre.orders[order_id]
        proofs.append(
            Proof(order_id, order.owner, order.unit_ids, truck_id, truck.dock_id, stop, now)
        )
    return [TruckLeft(truck_id, tuple(proofs))]
