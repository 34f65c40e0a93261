# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory floor: roadmap, stations, zones, footprints, conflict table, maps and worlds."""

from linehaul_floor.conflict import ConflictTable, conflict_table
from linehaul_floor.errors import FloorError, LifError, PlantError, Problem, RouteInputError
from linehaul_floor.find import load_plant, plant_names
from linehaul_floor.ids import (
    ClassId,
    EdgeId,
    ItemId,
    LineId,
    NodeId,
    PlaceId,
    VehicleId,
    ZoneId,
)
from linehaul_floor.line_side import first_loads, part_places
from linehaul_floor.parse import parse_plant
from linehaul_floor.plant import (
    Area,
    Battery,
    Chain,
    CraneAisle,
    Flow,
    Item,
    Line,
    Place,
    PlaceKind,
    Plant,
    Solid,
    SolidKind,
    VehicleClass,
    VehicleSpawn,
    Zone,
    ZoneKind,
)
from linehaul_floor.roadmap import Roadmap
from linehaul_floor.route import Route, RouteTable, shortest_route
from linehaul_floor.route_graph import travel_time

__all__ = [
    'Area',
    'Battery',
    'Chain',
    'ClassId',
    'ConflictTable',
    'CraneAisle',
    'EdgeId',
    'FloorError',
    'Flow',
    'Item',
    'ItemId',
    'LifError',
    'Line',
    'LineId',
    'NodeId',
    'Place',
    'PlaceId',
    'PlaceKind',
    'Plant',
    'PlantError',
    'Problem',
    'Roadmap',
    'Route',
    'RouteInputError',
    'RouteTable',
    'Solid',
    'SolidKind',
    'VehicleClass',
    'VehicleId',
    'VehicleSpawn',
    'Zone',
    'ZoneId',
    'ZoneKind',
    'conflict_table',
    'first_loads',
    'load_plant',
    'parse_plant',
    'part_places',
    'plant_names',
    'shortest_route',
    'travel_time',
]
