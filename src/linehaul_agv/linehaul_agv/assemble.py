# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Finds what a robot needs to know in the plant: which vehicle it is, and where it starts."""

from enum import Enum

from linehaul_vda5050.reach import Pose

from linehaul_agv.errors import SettingError
from linehaul_agv.localise import NOWHERE, Localiser, Trust
from linehaul_agv.memory import Memory
from linehaul_agv.vehicle import Vehicle
from linehaul_floor import Plant
from linehaul_vda5050 import MapId

UNSEEN = 2.0
"""Time [s] a vehicle may have driven on unseen after its process was killed."""


class Origin(Enum):
    """Where odometry is zero: at the vehicle's home, at the map's origin, or a localiser says."""

    HOME = 'home'
    MAP = 'map'
    LOCALISER = 'localiser'


def vehicle_of(plant: Plant, name: str, corridor: float) -> Vehicle:
    """Return a vehicle of a plant.

    Args:
        plant: Where it works.
        name: Its id.
        corridor: Offset [m] from its way that it is going to allow itself.

    Raises:
        SettingError: no such vehicle, or the plant keeps less room free than the corridor.
    """
    spawn = next((spawn for spawn in plant.fleet if spawn.id == name), None)
    if spawn is None:
        ids = [str(spawn.id) for spawn in plant.fleet]
        listed = ', '.join(ids[:5]) + (', …' if len(ids) > 5 else '')
        text = f'vehicle: found {name!r}, wanted one of plant {plant.name!r}: {listed}'
        raise SettingError(f'{text}; give the parameter vehicle, or a namespace that ends so')
    cls = plant.classes[spawn.vehicle_class]
    if corridor > cls.margin:
        raise SettingError(
            f'corridor: found {corridor} m, wanted at most {cls.margin} m: the plant keeps no '
            f'more than this free round a vehicle of class {cls.id!r}'
        )
    return Vehicle(spawn.id, cls, plant.roadmap, MapId(plant.name))


def home_pose(plant: Plant, vehicle: Vehicle) -> Pose:
    """Return where a vehicle stands at home."""
    spawn = next(spawn for spawn in plant.fleet if spawn.id == vehicle.id)
    place = plant.places[spawn.place]
    x, y = plant.roadmap.xy[place.node].tolist()
    return Pose(x, y, place.heading)


def new_localiser(
    plant: Plant, vehicle: Vehicle, trust: Trust, origin: Origin, memory: Memory | None
) -> Localiser:
    """Return a localiser that goes on from where the vehicle was seen last."""
    zero = {Origin.HOME: home_pose(plant, vehicle), Origin.MAP: NOWHERE}.get(origin)
    cls = vehicle.vehicle_class
    unseen = cls.max_speed * UNSEEN + cls.max_speed**2 / (2.0 * cls.deceleration)
    alone = origin is not Origin.LOCALISER
    seen = memory.seen if memory else None
    return Localiser(trust, zero, alone, seen, unseen + trust.jump)
