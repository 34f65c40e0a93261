# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a single vehicle can do, by its factsheet, where that is less than its class can.

Ways are planned for the class of a vehicle: one that is larger, or slower to stop, may not drive
(validating.py). One that is slower, carries less or takes only short orders may, and is planned
for as what it is.
"""

from dataclasses import dataclass
from math import inf

from linehaul_floor import VehicleClass
from linehaul_vda5050 import Factsheet

NODES_LEAST = 3
"""An order has its first node and at least two more, or no way could be driven with it."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """Where a vehicle falls behind its class.

    load_mass: heaviest load [kg]. slower, slower_loaded: how many times as long as its class it
    takes for a way, without and with a load. nodes: most nodes of an order; 0: any number.
    """

    load_mass: float = inf
    slower: float = 1.0
    slower_loaded: float = 1.0
    nodes: int = 0


def abilities_of(sheet: Factsheet, vehicle_class: VehicleClass) -> Abilities:
    """Return what a vehicle says of itself; what it does not say is as in its class."""
    return Abilities(
        sheet.maximum_load_mass,
        _slower(vehicle_class.max_speed, sheet.maximum_speed),
        _slower(vehicle_class.max_speed_loaded, sheet.maximum_speed_loaded),
        max(sheet.maximum_order_nodes, NODES_LEAST) if sheet.maximum_order_nodes > 0 else 0,
    )


def _slower(planned: float, own: float) -> float:
    return max(planned / own, 1.0) if own > 0.0 else 1.0
