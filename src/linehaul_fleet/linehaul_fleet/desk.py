# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The dispatcher's desk: what assignment and charging know beside the model, and what is planned.

Nothing here is journalled: after a restart it is learned and planned anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from linehaul_floor.geometry import FloatArray

from linehaul_fleet.abilities import Abilities
from linehaul_fleet.charging import FLOOR, SPARE
from linehaul_fleet.drain import DrainModel
from linehaul_fleet.travel import TravelTimes
from linehaul_floor import ClassId, PlaceId, PlaceKind, Plant, VehicleId

AS_ITS_CLASS = Abilities()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned for a mission: by whom (None: put off), when there and delivered [s]."""

    vehicle: VehicleId | None
    start: float
    arrival: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A load that stands at a port, or is promised to it: when there [s]; -inf: it is there."""

    key: str
    ready: float


@dataclass(slots=True)
class Desk:
    """Learned and planned.

    Attributes:
        plant: the plant.
        pair: how missions and vehicles are paired; None: by `assign`.
        travel: driving times.
        drain: use of charge.
        plans: what is planned for each mission, by its key.
        ports: loads to fetch at each port. wanted: vehicles that want to go into the same bay.
        must_charge: vehicles that take no more missions before they have charged.
        may_leave: vehicles that charge in a gap and may leave for work at any charge.
        booked, charged: when charges were booked and given last [s].
        pressed: share of the last minutes in which each class had more to do than vehicles.
        peak: classes for which it is a peak.
        notices: what keeps the fleet below its strength, a line each for people.
        solved: when the last assignment was made [s]; rounds: how many; seen: events before it.
        turned: how many missions were taken from each vehicle since it had a load.
        changes: how often each load that is brought back changed its vehicle.
        abilities: what vehicles said of themselves in their factsheets.
    """

    plant: Plant
    pair: Callable[..., Any] | None = None
    travel: TravelTimes = field(init=False)
    drain: DrainModel = field(init=False)
    plans: dict[str, Plan] = field(default_factory=dict)
    ports: dict[PlaceId, list[Waiting]] = field(default_factory=dict)
    wanted: dict[PlaceId, list[Any]] = field(default_factory=dict)
    must_charge: set[VehicleId] = field(default_factory=set)
    may_leave: set[VehicleId] = field(default_factory=set)
    booked: float = -inf
    charged: float = -inf
    pressed: dict[ClassId, float] = field(default_factory=dict)
    peak: set[ClassId] = field(default_factory=set)
    notices: tuple[str, ...] = ()
    solved: float = -inf
    rounds: int = 0
    noted: int = 0
    seen: int = -1
    measured: float = -inf
    turned: dict[VehicleId, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    abilities: dict[VehicleId, Abilities] = field(default_factory=dict)
    _nearest: dict[ClassId, tuple[int, FloatArray]] = field(default_factory=dict)
    _chargers: dict[ClassId, tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with what the plant file says."""
        self.travel = TravelTimes(self.plant.roadmap, self.plant.classes)
        self.drain = DrainModel(self.plant.classes)
        self._chargers = {
            name: tuple(
                p.node for p in self.plant.places_of(PlaceKind.CHARGER) if name in p.classes
            )
            for name in self.plant.classes
        }

    def pace_loaded(self, name: str) -> float:
        """Return how much longer a class drives with a load than without."""
        one = self.plant.classes[ClassId(name)]
        return one.max_speed / one.max_speed_loaded if one.max_speed_loaded > 0.0 else 1.0

    def load_limit(self, vehicle: VehicleId, name: str) -> float:
        """Return the heaviest load of a vehicle of a class [kg]."""
        most = self.plant.classes[ClassId(name)].load_mass_max
        return min(most, self.able(vehicle).load_mass)

    def able(self, vehicle: VehicleId) -> Abilities:
        """Return what a vehicle has said of itself; as its class where it has said nothing."""
        return self.abilities.get(vehicle, AS_ITS_CLASS)

    def reserve(self, vehicle: VehicleId, name: ClassId, node: int) -> float:
        """Return the charge that a vehicle at a node needs to get to a charger, with a margin."""
        _, driving = self.drain.rates(vehicle, str(name))
        nearest = float(self.to_charger(name)[node])
        return FLOOR + SPARE * driving * (nearest if nearest < inf else 0.0)

    def has_charger(self, name: ClassId) -> bool:
        """Return whether the plant has a charger for a class."""
        return bool(self._chargers[name])

    def to_charger(self, name: ClassId) -> FloatArray:
        """Return (N,) seconds from each node to the nearest charger; inf where there is none."""
        kept = self._nearest.get(name)
        if kept is None or kept[0] != self.travel.version:
            least = np.full(self.plant.roadmap.node_count, inf)
            for charger in self._chargers[name]:
                least = np.minimum(least, self.travel.to(name, charger))
            kept = self._nearest[name] = (self.travel.version, least)
        return kept[1]


def tired(desk: Desk, vehicle: VehicleId, name: ClassId, charge: float, node: int) -> bool:
    """Return whether a vehicle must not take another mission before it has charged."""
    return vehicle in desk.must_charge or charge < desk.reserve(vehicle, name, node)
