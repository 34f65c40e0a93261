# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where each vehicle goes next for its job, and its way there in the execution graph."""

from functools import partial

from linehaul_fleet.codes import Code
from linehaul_fleet.delivery import Phase
from linehaul_fleet.events import LegCommitted, LegReplanned, PhaseReached
from linehaul_fleet.following import end_delivery, give_up
from linehaul_fleet.model import Vehicle
from linehaul_fleet.orders import order_id
from linehaul_fleet.situation import Situation
from linehaul_fleet.steps import step
from linehaul_fleet.turns import look_who_wants, urgency
from linehaul_fleet.waiting import in_demand, waiting_place
from linehaul_fleet.work import Leg, Task
from linehaul_floor import Place
from linehaul_traffic import CommitError, NoWay, Path, Wait, Wish
from linehaul_vda5050 import OrderId


def commit_legs(s: Situation, now: float) -> None:
    """Commit a way for each vehicle that has a job and no leg, the most urgent first."""
    s.waits = {k: w for k, w in s.waits.items() if s.model.vehicles[k].leg}
    look_who_wants(s, now)
    for vehicle in sorted(s.model.vehicles.values(), key=partial(urgency, s)):
        if vehicle.job is None or vehicle.leg is not None or not s.usable(vehicle, now):
            continue
        found = step(s, vehicle, vehicle.job, now)
        if found is not None:
            _commit(s, vehicle, *found, now)


def watch_ways(s: Situation, now: float) -> None:
    """See to vehicles that do not get on; what is done is in `watched`, for the log."""
    control = s.model.control
    under_way = [v for v in s.model.vehicles.values() if v.leg and s.on_floor(v.id)]
    unable = {
        v.id for v in s.model.vehicles.values() if control.stands(v.id) or not s.usable(v, now)
    }
    asked = {v.id: d.requested for v in under_way if (d := s.delivery_of(v)) is not None}
    done = s.watchdog.look(asked, unable)
    s.replanned = s.replanned or bool(done)
    s.watched += done


def improve_ways(s: Situation, seconds: float, tries: int, now: float) -> None:
    """Spend some time on better ways for what is not granted yet, and note what has changed."""
    if seconds > 0.0 and s.planner.improve(seconds, tries):
        s.replanned = True
    for vehicle in s.model.vehicles.values():
        if vehicle.leg is not None and s.on_floor(vehicle.id):
            path, _, _ = s.graph.path(vehicle.id)
            if path != vehicle.leg.path:
                s.note(LegReplanned(vehicle.id, path), now)


def _commit(s: Situation, vehicle: Vehicle, place: Place, task: Task, now: float) -> None:
    here = s.end_of_way(vehicle)
    if here == place.node and not _has_to_act(vehicle, task):
        return
    route = _way(s, vehicle, place)
    if isinstance(route, NoWay) and s.graph.closed.any():
        s.waits[vehicle.id] = Wait(vehicle.id, vehicle.id, here)  # until somebody opens a road
        return
    if isinstance(route, NoWay):
        name = s.plant.roadmap.node_ids[here]
        text = f'no way leads from {name} to {place.id} for a {vehicle.vehicle_class} vehicle'
        _no_way(s, vehicle, text, now)
        return
    if isinstance(route, Wait):
        s.waits[vehicle.id] = route
        _step_aside(s, vehicle, place, now)
        return
    _commit_leg(s, vehicle, route, place, task, now)


def _commit_leg(
    s: Situation, vehicle: Vehicle, path: Path, place: Place, task: Task, now: float
) -> None:
    s.waits.pop(vehicle.id, None)
    if not path.edges:
        _stay(s, vehicle, path)
    s.replanned = True
    leg = Leg(OrderId(order_id(vehicle.id, vehicle.orders)), path, place.id, task)
    s.note(LegCommitted(vehicle.id, leg), now)
    delivery = s.delivery_of(vehicle)
    if delivery is not None and task.action_type == 'drop':
        s.note(PhaseReached(delivery.request.request_id, Phase.DELIVERING), now)


def _stay(s: Situation, vehicle: Vehicle, path: Path) -> None:
    """Begin a leg where the vehicle stands; it stands there, also where another is to rest."""
    try:
        s.graph.commit(vehicle.id, path)
    except CommitError:
        s.graph.remove(vehicle.id)
        s.graph.place(vehicle.id, vehicle.vehicle_class, path.nodes[0])
        s.graph.load(vehicle.id, bool(vehicle.loads))


def _has_to_act(vehicle: Vehicle, task: Task) -> bool:
    if task.action_type == 'startCharging':
        return vehicle.state is not None and not vehicle.state.power_supply.charging
    return bool(task.action_type)


def _way(s: Situation, vehicle: Vehicle, place: Place) -> Path | Wait | NoWay:
    position = vehicle.state.mobile_robot_position if vehicle.state else None
    wish = Wish(
        vehicle=vehicle.id,
        vehicle_class=s.plant.classes[vehicle.vehicle_class],
        start=s.end_of_way(vehicle),
        goal=place.node,
        heading=position.theta if position else None,
    )
    return s.planner.plan(wish)


def _step_aside(s: Situation, vehicle: Vehicle, place: Place, now: float) -> None:
    """While its goal is taken a vehicle keeps out of the way, so that no two block each other."""
    node = s.end_of_way(vehicle)
    here = s.plant.place_of_node(node)
    if here is None or not in_demand(s, here, vehicle):
        return
    for aside in (waiting_place(s, vehicle, place, node), s.plant.places[vehicle.home]):
        route = _way(s, vehicle, aside) if aside is not None else None
        if aside is not None and isinstance(route, Path):
            _commit_leg(s, vehicle, route, aside, Task(), now)
            return


def _no_way(s: Situation, vehicle: Vehicle, text: str, now: float) -> None:
    """A delivery to a place that no way leads to fails with a reason."""
    delivery = s.delivery_of(vehicle)
    if delivery is not None:
        end_delivery(s, delivery, Phase.FAILED, Code.NO_ROUTE, text, now)
    give_up(s, vehicle, text, now)
