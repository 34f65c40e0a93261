# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What one vehicle is: the part that never changes while it works."""

from dataclasses import dataclass

from linehaul_floor import Roadmap, VehicleClass, VehicleId
from linehaul_vda5050 import Abilities, MapId

ORDER_ACTIONS = frozenset({'pick', 'drop', 'startCharging', 'stopCharging', 'waitForTrigger'})
"""Action types taken on nodes and edges."""
INSTANT_ACTIONS = frozenset(
    {'startPause', 'stopPause', 'cancelOrder', 'stateRequest', 'factsheetRequest'}
    | {'startCharging', 'stopCharging', 'trigger', 'retry', 'skipRetry', 'clearInstantActions'}
)
"""Action types taken at once."""
CANCELLABLE = frozenset({'waitForTrigger'})
"""Action types that stop when the order is cancelled; the others run to their end."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle and the map it knows.

    Attributes:
        id: Vehicle id, also its serial number.
        vehicle_class: Outline, speeds, battery.
        roadmap: Lanes it may drive; an order off the roadmap is refused.
        map_id: Name of the map.
        base_request_distance: Remaining base [m] below which it asks for more.
    """

    id: VehicleId
    vehicle_class: VehicleClass
    roadmap: Roadmap
    map_id: MapId
    base_request_distance: float = 8.0

    @property
    def abilities(self) -> Abilities:
        """What the order rules need to know."""
        return Abilities(ORDER_ACTIONS, self.map_id, serial_number=str(self.id))
