# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a factory floor consists of, as immutable data.

Decides nothing and reads nothing: `parse.py` makes a Plant from a file and refuses wrong ones.
Dataclasses that hold arrays compare by identity; `same.py` compares them by content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from linehaul_floor.geometry import FloatArray
from linehaul_floor.ids import ClassId, ItemId, LineId, PlaceId, VehicleId, ZoneId
from linehaul_floor.roadmap import Roadmap


class PlaceKind(IntEnum):
    """What a place is for."""

    UNKNOWN = 0
    STATION = 1
    WAREHOUSE_PORT = 2
    CHAIN_PORT = 3
    CHARGER = 4
    PARKING = 5


class Flow(IntEnum):
    """Which way loads pass a place, seen from the floor: OUT hands loads to vehicles."""

    UNKNOWN = 0
    NONE = 1
    IN = 2
    OUT = 3
    BOTH = 4


class ZoneKind(IntEnum):
    """What a zone asks of vehicles (names after VDA 5050 3.0 zones where one exists)."""

    UNKNOWN = 0
    ONE_WAY = 1
    SPEED = 2
    NO_GO = 3
    SINGLE_VEHICLE = 4
    RELEASE = 5


class SolidKind(IntEnum):
    """What stands on the floor where no vehicle can be."""

    UNKNOWN = 0
    WALL = 1
    RACK = 2
    MACHINE = 3
    OBSTACLE = 4


@dataclass(frozen=True, slots=True)
class Battery:
    """Energy of a vehicle class: capacity [Wh], powers [W]."""

    capacity_wh: float
    idle_power: float
    drive_power: float
    charge_power: float


@dataclass(frozen=True, slots=True, eq=False)
class VehicleClass:
    """One kind of vehicle.

    footprint and loaded_footprint: convex corners (K, 2) [m] in the vehicle frame, x forward,
    counter-clockwise. margin: distance [m] added all round to either outline. Speeds [m/s],
    accelerations [m/s²], turn_rate [rad/s], turn_acceleration [rad/s²], load_mass_max [kg].
    """

    id: ClassId
    name: str
    footprint: FloatArray
    loaded_footprint: FloatArray
    height: float
    max_speed: float
    max_speed_loaded: float
    acceleration: float
    deceleration: float
    turn_rate: float
    turn_acceleration: float
    margin: float
    load_mass_max: float
    can_reverse: bool
    battery: Battery


@dataclass(frozen=True, slots=True)
class VehicleSpawn:
    """A vehicle of the fleet and its home, a parking place of its own."""

    id: VehicleId
    vehicle_class: ClassId
    place: PlaceId


@dataclass(frozen=True, slots=True)
class Item:
    """A part that is brought in containers: masses [kg], container_units parts a container."""

    id: ItemId
    name: str
    unit_mass: float
    container_units: int
    container_mass: float

    @property
    def load_mass(self) -> float:
        """Mass [kg] of a full container."""
        return self.container_mass + self.container_units * self.unit_mass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vehicle stops on purpose: a bay off the lanes.

    node: index into the roadmap. items: what the place takes or gives. uses: parts taken per
    unit built, for stations. capacity: containers it holds besides one on a vehicle. heading:
    yaw [rad] of a vehicle standing there. classes: vehicle classes that may enter.
    """

    id: PlaceId
    kind: PlaceKind
    node: int
    junction: int
    name: str
    heading: float
    flow: Flow
    items: tuple[ItemId, ...]
    uses: Mapping[ItemId, float]
    line: LineId | None
    side: str | None
    capacity: int
    load_height: float
    charge_power: float
    classes: frozenset[ClassId]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A production line: path (K, 2) [m] in flow direction, stations in order, takt [s]."""

    id: LineId
    name: str
    kind: str
    order: int
    takt: float
    width: float
    path: FloatArray
    stations: tuple[PlaceId, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A part of the floor with a rule.

    outline (K, 2) [m]. speed [m/s] for SPEED, heading [rad] for ONE_WAY, else 0. classes: whom
    it binds; empty binds all.
    """

    id: ZoneId
    kind: ZoneKind
    name: str
    outline: FloatArray
    speed: float
    heading: float
    classes: frozenset[ClassId]


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """Something vehicles must not touch: outline (K, 2) [m], height [m]."""

    id: str
    kind: SolidKind
    name: str
    outline: FloatArray
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class CraneAisle:
    """An aisle of a high-bay warehouse: path (2, 2) [m] of the crane."""

    id: str
    warehouse: str
    path: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """An overhead power-and-free chain: path (K, 2) [m], height [m], closed or not."""

    id: str
    name: str
    path: FloatArray
    height: float
    closed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """A named part of the building, for people: outline (K, 2) [m], where its name stands."""

    name: str
    outline: FloatArray
    use: str
    label: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class Plant:
    """A whole factory floor. size: (x, y) [m], the origin is the south-west corner."""

    name: str
    title: str
    size: tuple[float, float]
    roadmap: Roadmap
    places: Mapping[PlaceId, Place]
    classes: Mapping[ClassId, VehicleClass]
    fleet: tuple[VehicleSpawn, ...]
    items: Mapping[ItemId, Item]
    zones: Mapping[ZoneId, Zone]
    lines: Mapping[LineId, Line]
    solids: tuple[Solid, ...]
    crane_aisles: tuple[CraneAisle, ...]
    chains: tuple[Chain, ...]
    areas: tuple[Area, ...]

    def place_of_node(self, node: int) -> Place | None:
        """Return the place whose rest position is this node, if any."""
        return next((place for place in self.places.values() if place.node == node), None)

    def places_of(self, kind: PlaceKind) -> tuple[Place, ...]:
        """Return the places of one kind in file order."""
        return tuple(place for place in self.places.values() if place.kind is kind)
