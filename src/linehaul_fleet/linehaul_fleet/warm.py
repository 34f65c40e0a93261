# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles what the fleet needs before it is needed.

The planner's kernels are compiled on first use, which takes up to a minute where no cache has
them yet. Vehicles that are already under way must not wait for that.
"""

from collections.abc import Mapping

from linehaul_floor import ConflictTable, Plant, PlantError, conflict_table, load_plant
from linehaul_traffic import ExecutionGraph, Path, TrafficPlanner, Wish

SMALL = 'cell'
"""A plant whose tables are made at once; what is compiled is the same for every plant."""
LARGE = 500
"""Nodes from which on the tables of a plant take seconds."""


def warm_up(plant: Plant, conflicts: Mapping[tuple[str, str], ConflictTable]) -> None:
    """Plan, improve and drive one way on an empty floor of its own, then forget it."""
    if plant.roadmap.node_count > LARGE:
        plant, conflicts = _small(plant, conflicts)
    classes = {str(name): c for name, c in plant.classes.items()}
    graph = ExecutionGraph(plant.roadmap, conflicts, classes)
    planner = TrafficPlanner(graph)
    for spawn in plant.fleet[:2]:
        home = plant.places[spawn.place]
        graph.place(spawn.id, spawn.vehicle_class, home.node)
        graph.load(spawn.id, False)
    graph.advance(1.0)
    for spawn in plant.fleet[:2]:
        home, vehicle_class = plant.places[spawn.place], plant.classes[spawn.vehicle_class]
        goals = [p.node for p in plant.places.values() if spawn.vehicle_class in p.classes]
        for goal in goals:
            wish = Wish(spawn.id, vehicle_class, home.node, goal, home.heading)
            if goal != home.node and isinstance(planner.plan(wish), Path):
                break
    for spawn in plant.fleet[:2]:
        granted, _ = graph.grant(spawn.id, 5.0)
        graph.resume(spawn.id, granted, granted)
    graph.advance(30.0)
    for spawn in plant.fleet[:2]:
        planner.renew(spawn.id)
    graph.restore_order(graph.order())


def _small(
    plant: Plant, conflicts: Mapping[tuple[str, str], ConflictTable]
) -> tuple[Plant, Mapping[tuple[str, str], ConflictTable]]:
    """Return a small plant with its tables; where none is installed, the plant itself."""
    try:
        small = load_plant(SMALL)
    except PlantError:
        return plant, conflicts
    used = {spawn.vehicle_class for spawn in small.fleet}
    return small, {(a, b): conflict_table(small, a, b) for a in used for b in used}
