# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet: from requests and vehicle states to events, orders and wishes for containers.

`Fleet` decides; it has no ROS, files, clock or threads. Its callers do three things in this order:
feed it what has happened, write the events of `take_events` to the journal, and only then send
what `take_orders` gives. A new Fleet made from the journalled events goes on where the old one
stopped: what vehicles report of themselves wins over what was planned.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from math import inf, isnan, nan
from typing import Any

from linehaul_fleet.acts import Holder, Mode
from linehaul_fleet.changes import Change, change_delivery
from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Delivery, LoadId, Phase, Request, RequestId
from linehaul_fleet.eta import estimate
from linehaul_fleet.events import (
    ContainerPromised,
    ContainerReady,
    DeliveryRequested,
    Event,
    LoadAbandoned,
    VehicleRelocated,
)
from linehaul_fleet.following import end_delivery, follow
from linehaul_fleet.giving import give_work
from linehaul_fleet.instant import instant_actions
from linehaul_fleet.losing import cut_short, watch_vehicles
from linehaul_fleet.reconciling import reconcile
from linehaul_fleet.request import check
from linehaul_fleet.returning import bring_back
from linehaul_fleet.roads import apply_limits
from linehaul_fleet.situation import Settings, Situation
from linehaul_fleet.talking import next_order
from linehaul_fleet.ways import commit_legs, improve_ways, watch_ways
from linehaul_floor import ConflictTable, PlaceId, PlaceKind, Plant, VehicleId
from linehaul_traffic import ExplainedWait, Order, Wait, explain
from linehaul_vda5050 import Action, Connection, State
from linehaul_vda5050 import Order as VehicleOrder

ETA_STEP = 5.0
"""[s] by which the warehouse's word on a container must differ to be noted again."""
MOST_LOADS = 5000
"""Loads whose holder is remembered; the one that has not moved for the longest time goes first."""
MOST_TRIES = 1_000_000
"""Plans tried for better ways in one tick, where time does not end it before."""
LISTEN = 3.0
"""[s] after a start in which vehicles are listened to before anybody gets an order."""


class Fleet:
    """The fleet of one plant.

    Args:
        plant: the plant.
        conflicts: a conflict table for each ordered pair of vehicle classes.
        settings: see Settings.
        history: (plant time, event) pairs of the journal, oldest first.
        kept: the last values of `take_kept` in the journal.
    """

    def __init__(
        self,
        plant: Plant,
        conflicts: Mapping[tuple[str, str], ConflictTable],
        settings: Settings | None = None,
        history: Iterable[tuple[float, Event]] = (),
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        """Fold the history; vehicles are where their last committed ways put them."""
        self._s = Situation(plant, conflicts, settings or Settings())
        self.plant = plant
        self.model = self._s.model
        self.graph = self._s.graph
        self.refused = 0
        self.no_new_work: Refusal | None = None
        self._estimated = -inf
        for time, event in history:
            self.model.apply(event, time)
        for vehicle in self.model.in_commit_order():
            if vehicle.path is not None:
                self.graph.restore(vehicle.id, vehicle.vehicle_class, vehicle.path)
        self._restore_order(kept or {})
        apply_limits(self._s)

    def _restore_order(self, kept: Mapping[str, Any]) -> None:
        """Bring back in which order everybody goes, and what was granted to whom."""
        order = kept.get('order')
        if order is not None:
            progress = tuple((VehicleId(v), r, g) for v, r, g in order['progress'])
            self.graph.restore_order(Order(progress, tuple(order['steps'])))
        for vehicle in self.model.vehicles.values():
            granted = kept.get(f'granted/{vehicle.id}')
            if vehicle.leg is not None and granted and granted['order_id'] == vehicle.leg.order_id:
                self.graph.resume(vehicle.id, 0, granted['granted'])

    @property
    def situation(self) -> Situation:
        """What operating.py needs; changes only by events."""
        return self._s

    def explain_waits(self) -> Mapping[VehicleId, ExplainedWait]:
        """Return who waits for whom, where, why and since when."""
        s, paused = self._s, {v for v in self.model.vehicles if self.model.control.stands(v)}
        s.explained = explain(s.graph, s.waits.values(), set(s.troubles), paused, s.explained)
        return s.explained

    @property
    def waits(self) -> Mapping[VehicleId, Wait]:
        """Who waits for whom, and where."""
        return self._s.waits

    # What comes in.

    def request(self, request: Request, now: float) -> Delivery | Refusal:
        """Take a request; the same one again gives the same delivery."""
        known = self.model.deliveries.get(request.request_id)
        if known is not None and known.request.same_as(request):
            return known
        refusal = self._refuse(request, now) if known is None else _reused(request)
        if refusal is not None:
            self.refused += 1
            return refusal
        self._s.note(DeliveryRequested(request), now)
        return self.model.deliveries[request.request_id]

    def _refuse(self, request: Request, now: float) -> Refusal | None:
        refusal = check(request, self.plant, now)
        if refusal is not None:
            return refusal
        control = self.model.control
        if control.mode is Mode.STOPPED:
            by = f'the fleet was stopped by {control.actor}: {control.reason}'
            return Refusal(Code.FLEET_STOPPED, f'{by}; ask again when it runs')
        if self.no_new_work is not None:
            return self.no_new_work
        if len(self.model.open) >= self._s.settings.open_deliveries:
            return Refusal(
                Code.TOO_MANY_OPEN, f'{len(self.model.open)} deliveries are open; ask again later'
            )
        item = self.plant.items[request.item_id]
        station = self.plant.places[request.station_id]
        able = [v for v in self.model.vehicles.values() if self._s.can(v, station, item.load_mass)]
        if not able:
            return Refusal(
                Code.NO_VEHICLE, f'no vehicle can bring {item.load_mass:.0f} kg to {station.id}'
            )
        return None

    def cancel(self, request_id: RequestId, now: float, why: str = 'cancelled') -> bool:
        """Cancel a delivery; False if it is not open. A load on its way goes back."""
        delivery = self.model.open.get(request_id)
        if delivery is None:
            return False
        end_delivery(self._s, delivery, Phase.CANCELLED, Code.CANCELLED, why, now)
        return True

    def fail(self, delivery: Delivery, code: Code, text: str, now: float) -> None:
        """End an open delivery that cannot be done."""
        if not delivery.phase.ended:
            end_delivery(self._s, delivery, Phase.FAILED, code, text, now)

    def change(
        self, request_id: RequestId, change: Change, by: str, reason: str, now: float
    ) -> Refusal | None:
        """Change due time, priority, station or hold of an open delivery, or say why not."""
        return change_delivery(self._s, request_id, change, by, reason, now)

    def container_promised(
        self,
        retrieval_id: RequestId,
        port_id: PlaceId,
        load_id: LoadId,
        now: float,
        eta: float = nan,
    ) -> None:
        """Take note that the warehouse brings a load to a port, and when it expects it there."""
        delivery = self.model.of_retrieval(retrieval_id)
        if delivery is None or delivery.at_port or delivery.phase >= Phase.LOADED:
            return
        if not self._is_out_port(port_id):
            return
        moved = abs(eta - delivery.expected) > ETA_STEP or isnan(eta) != isnan(delivery.expected)
        if delivery.load_id != load_id or delivery.port_id != port_id or moved:
            request_id = delivery.request.request_id
            self._s.note(ContainerPromised(request_id, port_id, load_id, eta), now)

    def container_ready(
        self, retrieval_id: RequestId, port_id: PlaceId, load_id: LoadId, now: float
    ) -> None:
        """Take note that the load stands at the port."""
        if not self._is_out_port(port_id):
            return
        delivery = self.model.of_retrieval(retrieval_id)
        if delivery is None or delivery.phase.ended:
            if load_id not in self.model.abandoned:
                self._s.note(LoadAbandoned(load_id, port_id), now)
        elif not delivery.at_port:
            self._s.note(ContainerReady(delivery.request.request_id, port_id, load_id), now)

    def bring_back(self, load_id: LoadId, place_id: PlaceId, now: float) -> Refusal | None:
        """Have a load that stands somewhere, such as an empty container, taken to an in-port.

        The same load again, while it is waiting or on its way, changes nothing.
        """
        return bring_back(self._s, load_id, place_id, now)

    def empty_stands(self, load_id: LoadId, place_id: PlaceId, now: float) -> None:
        """Hear that an empty container stands somewhere; from a station it is fetched."""
        place = self.plant.places.get(place_id)
        if place is not None and place.kind is PlaceKind.STATION:
            self.bring_back(load_id, place_id, now)

    def container_refused(self, retrieval_id: RequestId, text: str, now: float) -> None:
        """Take note that the warehouse cannot bring the item."""
        delivery = self.model.of_retrieval(retrieval_id)
        if delivery is not None and not delivery.phase.ended and not delivery.at_port:
            end_delivery(self._s, delivery, Phase.FAILED, Code.NO_STOCK, text, now)

    def connection(self, vehicle_id: VehicleId, connection: Connection) -> None:
        """Take a vehicle's connection state in."""
        vehicle = self.model.vehicles.get(vehicle_id)
        if vehicle is not None:
            vehicle.connection = connection.connection_state

    def custody(self, load_id: LoadId, holder: Holder, holder_id: str) -> None:
        """Take in who holds a load, as the two sides of the transfer have told it."""
        known = self._s.custody
        known.pop(load_id, None)
        if holder in (Holder.VEHICLE, Holder.PORT):
            known[load_id] = (holder, holder_id)
        while len(known) > MOST_LOADS:
            del known[next(iter(known))]

    def vehicle_state(self, vehicle_id: VehicleId, state: State, now: float) -> None:
        """Take a vehicle's state in. Unknown vehicles are ignored."""
        vehicle = self.model.vehicles.get(vehicle_id)
        if vehicle is None:
            return
        vehicle.state, vehicle.heard, vehicle.fresh = state, now, self._s.clock
        self._s.desk.drain.see(vehicle_id, str(vehicle.vehicle_class), state, now)
        node = self.plant.roadmap.node_index.get(state.last_node_id)  # type: ignore[call-overload]
        if node is None:
            vehicle.note = f'is at {state.last_node_id!r}, which is not on the roadmap'
            return
        if vehicle_id in self.model.control.gone:
            return
        if not self._s.on_floor(vehicle_id):
            self.graph.place(vehicle_id, vehicle.vehicle_class, node)
            self._s.note(VehicleRelocated(vehicle_id, node), now)
        self.graph.load(vehicle_id, bool(vehicle.loads))
        if reconcile(self._s, vehicle, state, node, now):
            return
        if not cut_short(self._s, vehicle, state, node, now):
            follow(self._s, vehicle, state, node, now)

    # What goes out.

    def take_events(self) -> list[Event]:
        """Return the events since the last call; journal them before anything is sent."""
        events, self._s.events = self._s.events, []
        return events

    def retrievals(self, now: float) -> list[Delivery]:
        """Return the deliveries for which the warehouse must bring a container now."""
        return [
            d
            for d in self.model.open.values()
            if not d.at_port
            and d.phase < Phase.LOADED
            and not now < d.earliest - self._s.settings.retrieve_early
        ]

    def take_watched(self) -> list[str]:
        """Return what the watchdog of traffic has done since the last call, for the log."""
        watched, self._s.watched = self._s.watched, []
        return watched

    def take_kept(self) -> dict[str, Any]:
        """Return present state to be kept in the journal, together with `take_events`."""
        if self._s.replanned:
            self._s.replanned = False
            order = self.graph.order()
            self._s.kept['order'] = {'progress': order.progress, 'steps': order.steps}
        kept, self._s.kept = self._s.kept, {}
        return kept

    def tick(self, now: float, seconds: float = 0.0, tries: int = MOST_TRIES) -> None:
        """Give out work, commit ways, and look for better ways.

        Args:
            now: plant time [s].
            seconds: of computing that may be spent on better ways.
            tries: number of plans that may be tried for them; with endless seconds the outcome
                depends on nothing but this.
        """
        self._s.run_clock(now)
        self.graph.advance(now)
        watch_vehicles(self._s, now)
        if self.model.control.works:
            give_work(self._s, now)
            commit_legs(self._s, now)
        each_second = self._s.clock - self._estimated >= 1.0
        if each_second and self.model.control.works:
            watch_ways(self._s, now)
        improve_ways(self._s, seconds, tries, now)
        if each_second:
            self._estimated = self._s.clock
            estimate(self._s, now)

    def take_orders(self, now: float) -> list[tuple[VehicleId, VehicleOrder]]:
        """Grant ways and return the orders to send now, one at most for a vehicle."""
        orders: list[tuple[VehicleId, VehicleOrder]] = []
        control = self.model.control
        if not control.works or not self._has_heard():
            return orders
        for vehicle in self.model.vehicles.values():
            if vehicle.id in control.held:
                continue
            if vehicle.leg is not None and vehicle.state is not None:
                order = next_order(self._s, vehicle, vehicle.leg, vehicle.state, now)
                if order is not None:
                    orders.append((vehicle.id, order))
        return orders

    def take_actions(self, now: float) -> list[tuple[VehicleId, tuple[Action, ...]]]:
        """Return the instant actions to send now, those of one vehicle together."""
        return instant_actions(self._s, now)

    def _has_heard(self) -> bool:
        """Return whether everybody on the floor has said what it holds, or had time to."""
        if self._s.clock >= LISTEN:
            return True
        return all(self.model.vehicles[v].state is not None for v in self.graph.vehicles)

    def _is_out_port(self, place_id: PlaceId) -> bool:
        place = self.plant.places.get(place_id)
        return place is not None and place.kind is PlaceKind.WAREHOUSE_PORT


def class_pairs(plant: Plant) -> list[tuple[str, str]]:
    """Return the ordered pairs of classes that drive on a plant, for its conflict tables."""
    used = sorted({spawn.vehicle_class for spawn in plant.fleet})
    return list(product(used, used))


def _reused(request: Request) -> Refusal:
    return Refusal(
        Code.REQUEST_ID_REUSED,
        f'request_id {request.request_id} was used for something else; give each request its own',
    )
