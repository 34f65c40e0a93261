# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Vehicles that are not simulated here, as the simulated ports see them.

Such a vehicle says in its state what it carries and which node it reached last. Those are levels:
a load it says it has and that stands at the port of its node has been picked, and a load it no
longer has is at the port of its node. Said again, late or twice, they change nothing.
"""

from dataclasses import replace

from linehaul_floor import Place, Plant, VehicleId
from linehaul_sim.errors import UnknownIdError
from linehaul_sim.loads import HolderKind, Ledger, has_port
from linehaul_vda5050 import LoadId

SIMULATED, ROS, VDA5050 = 'simulated', 'ros', 'vda5050'


def split_fleet(plant: Plant, vehicles: str) -> tuple[Plant, tuple[VehicleId, ...]]:
    """Tell which vehicles of a plant are simulated.

    Args:
        plant: With its whole fleet.
        vehicles: 'simulated' all are, 'ros' and 'vda5050' none is, or the ids of those that are,
            by commas.

    Returns:
        The plant with the simulated vehicles only, and the ids of the others.

    Raises:
        UnknownIdError: the plant has no such vehicle.
    """
    every = [spawn.id for spawn in plant.fleet]
    named = {VehicleId(name.strip()) for name in vehicles.split(',')}
    nobody = set[VehicleId]()
    wanted = {SIMULATED: set(every), ROS: nobody, VDA5050: nobody}.get(vehicles, named)
    unknown = ', '.join(sorted(repr(name) for name in wanted - set(every)))
    if unknown:
        text = f'vehicles: found {unknown}, wanted {SIMULATED}, {ROS}, or ids of plant'
        raise UnknownIdError(f'{text} {plant.name!r} joined by commas')
    fleet = tuple(spawn for spawn in plant.fleet if spawn.id in wanted)
    return replace(plant, fleet=fleet), tuple(name for name in every if name not in wanted)


def see_loads(
    ledger: Ledger, place: Place | None, vehicle: VehicleId, said: tuple[str, ...], now: float
) -> str:
    """Move loads as an external vehicle says it has moved them.

    Args:
        ledger: Changed in place.
        place: Where the vehicle stands; None: at no place.
        vehicle: Who.
        said: Ids of the loads it says it carries.
        now: Plant time [s].

    Returns:
        What does not fit, for people; empty: nothing.
    """
    known = ledger.carried.get(vehicle)
    wanted = LoadId(said[0]) if said else None
    if wanted == known:
        return ''
    at_port = place is not None and has_port(place)
    if known is not None:
        if place is None or not at_port:
            return f'{vehicle} no longer carries {known} and is at no port: a person must look'
        ledger.give(known, HolderKind.PORT, str(place.id), now)
    if wanted is None:
        return ''
    load = ledger.loads.get(wanted)
    if load is None:
        return f'{vehicle} carries {wanted!r}, which nobody knows'
    here = load.holder is HolderKind.PORT and place is not None and load.holder_id == place.id
    if not here:
        return f'{vehicle} carries {wanted}, which is with {load.holder.name} {load.holder_id}'
    ledger.give(wanted, HolderKind.VEHICLE, vehicle, now)
    return ''
