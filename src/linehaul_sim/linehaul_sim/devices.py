# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The load handlers and chargers of all vehicles: start their work, end it when it is due."""

from linehaul_agv import ActionReported, Vehicle
from linehaul_floor import Place, Plant
from linehaul_sim.hand_offs import Transfers
from linehaul_sim.handling import (
    FAIL_TIME,
    Job,
    charge_problem,
    done,
    drop_problem,
    failed,
    finish_transfer,
    pick_problem,
)
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import draw_duration
from linehaul_sim.world_data import WorldData
from linehaul_vda5050 import Action, ActionStatus, error_types


class Devices:
    """Works on the data of one world. Times are plant time [s]."""

    def __init__(
        self, plant: Plant, settings: Settings, vehicles: list[Vehicle], data: WorldData
    ) -> None:
        self._settings = settings
        self._vehicles = vehicles
        self._data = data
        self.transfers = Transfers(plant, settings, vehicles, data) if settings.handshake else None
        self._place_of_node: dict[int, Place] = {p.node: p for p in plant.places.values()}

    def _place(self, i: int) -> Place | None:
        return self._place_of_node.get(int(self._data.bodies.node[i]))

    def start(self, i: int, action: Action, now: float) -> None:
        """Begin a vehicle's action; it ends, well or badly, when its job is due."""
        d, s = self._data, self._settings
        place, vehicle = self._place(i), self._vehicles[i]
        if self.transfers is not None and action.action_type in ('pick', 'drop'):
            why = self.transfers.start(i, action, place, now)
            if why:
                d.handling.add(now + FAIL_TIME, i, action, place, None, why)
            return
        problem, load, time = '', None, s.charge_time
        match action.action_type:
            case 'pick':
                mass = vehicle.vehicle_class.load_mass_max
                problem, load = pick_problem(place, d.ledger, vehicle.id, action, mass)
                time = draw_duration(d.rng, s.pick_time)
            case 'drop':
                problem, load = drop_problem(place, d.ledger, vehicle.id, action)
                time = draw_duration(d.rng, s.drop_time)
            case 'startCharging':
                problem = charge_problem(place)
        if load is not None and place is not None:
            d.ledger.ports[place.id].claimed = vehicle.id
        due = now + (FAIL_TIME if problem else time)
        d.handling.add(due, i, action, place, load, problem)

    def result(self, job: Job, now: float) -> ActionReported:
        """End a job: move the load, begin or end charging, and say how it went."""
        d, i, kind = self._data, job.vehicle, job.action.action_type
        if kind in ('pick', 'drop'):
            answer = finish_transfer(job, d.ledger, self._vehicles[i].id, now)
            good = answer.status is ActionStatus.FINISHED
            d.handling.picks += good and kind == 'pick'
            d.handling.drops += good and kind == 'drop'
            d.handling.failures += not good
            d.bodies.loaded[i] = self._vehicles[i].id in d.ledger.carried
            port = next((p for k, p in d.ledger.ports.items() if k == job.place), None)
            if port is not None and port.claimed == self._vehicles[i].id:
                port.claimed = None
            return answer
        if kind == 'startCharging':
            if job.problem:
                return failed(job.action, job.problem, error_types.CHARGING_FAILED)
            place = self._place(i)
            own = self._vehicles[i].vehicle_class.battery.charge_power
            d.bodies.charging[i] = min(own, place.charge_power if place else own)
            return done(job.action)
        d.bodies.charging[i] = 0.0
        return done(job.action)
