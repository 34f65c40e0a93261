# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The floor: size of the reference plant, conflict table, and route queries.

Routes are asked for in two ways: one query at a time (A* with landmark bounds, nothing known of
the goal), and from a table whose row for the goal is already there (what the fleet does). For
scale, Nav2's route server states 0.23 ms for a query on 10,000 nodes.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
from linehaul_floor.checks import check_plant
from linehaul_floor.roadmap import make_roadmap
from linehaul_floor.route import RouteTable, shortest_route

from linehaul_floor import ClassId, Plant, Roadmap, VehicleClass, conflict_table, load_plant

PLANT = 'jiaozhou'
NAV2_10K_US = 230.0


def main() -> int:
    args = common.argument_parser(__doc__).parse_args()
    rng = np.random.default_rng(args.seed)
    queries = 300 if args.quick else 3000
    begin = time.perf_counter()
    plant = load_plant(PLANT)
    load = time.perf_counter() - begin
    figures = [
        common.figure('nodes', plant.roadmap.node_count, '1', target=2000, better='higher'),
        common.figure('edges', plant.roadmap.edge_count, '1'),
        common.figure('places', len(plant.places), '1', target=400, better='higher'),
        common.figure('load the plant', load, 's', target=2.0),
    ]
    with tempfile.TemporaryDirectory() as folder:
        figures += conflicts(plant, Path(folder))
    figures += plant_routes(plant, rng, queries)
    side = 100
    figures += grid_routes(side, side, rng, queries, NAV2_10K_US)
    figures += grid_routes(260, 250, rng, queries // 3, None)
    common.finish('floor', args, figures, detail={'plant': PLANT, 'queries': queries})
    return 0


def conflicts(plant: Plant, folder: Path) -> list[common.Figure]:
    """Conflict tables of every class: time to make, time from the cache, size; and all checks."""
    figures = []
    for class_id in plant.classes:
        conflict_table(plant, class_id, cache_dir=folder / 'warm')  # Shapely's first use
        made, table = _timed(lambda c=class_id: conflict_table(plant, c, cache_dir=folder))
        cached, _ = _timed(lambda c=class_id: conflict_table(plant, c, cache_dir=folder))
        size = table.indices.nbytes + table.indptr.nbytes
        figures += [
            common.figure(f'conflict table {class_id}', made, 's', target=10.0),
            common.figure(f'conflict table {class_id} cached', cached, 's'),
            common.figure(f'conflict pairs {class_id}', table.indices.size, '1'),
            common.figure(f'conflict table {class_id} size', size / 1e6, 'MB'),
        ]
    checked, report = _timed(lambda: check_plant(plant, folder))
    figures.append(common.figure('all checks', checked, 's'))
    figures.append(common.figure('check errors', len(report.errors), '1', target=0))
    return figures


def plant_routes(plant: Plant, rng: np.random.Generator, count: int) -> list[common.Figure]:
    """Routes between random places of the plant."""
    vehicle = plant.classes[ClassId('agv')]
    nodes = np.array([p.node for p in plant.places.values() if vehicle.id in p.classes])
    pairs = np.stack([rng.choice(nodes, 2, replace=False) for _ in range(count)])
    return _queries(PLANT, plant.roadmap, vehicle, pairs, NAV2_10K_US)


def grid_routes(
    width: int, height: int, rng: np.random.Generator, count: int, target: float | None
) -> list[common.Figure]:
    """Routes between random nodes of a four-neighbour grid with 2 m pitch."""
    roadmap = grid(width, height)
    vehicle = load_plant(PLANT).classes[ClassId('agv')]
    pairs = rng.integers(roadmap.node_count, size=(count, 2))
    return _queries(f'grid {width}x{height}', roadmap, vehicle, pairs, target)


def grid(width: int, height: int) -> Roadmap:
    """Return a two-way four-neighbour grid."""
    index = np.arange(width * height).reshape(height, width)
    x, y = np.meshgrid(np.arange(width) * 2.0, np.arange(height) * 2.0)
    right = (index[:, :-1].ravel(), index[:, 1:].ravel())
    up = (index[:-1].ravel(), index[1:].ravel())
    start = np.concatenate([right[0], right[1], up[0], up[1]]).astype(np.int32)
    end = np.concatenate([right[1], right[0], up[1], up[0]]).astype(np.int32)
    edges = start.size
    return make_roadmap(
        [f'n{i}' for i in range(width * height)],
        np.stack([x.ravel(), y.ravel()], axis=1),
        [f'e{i}' for i in range(edges)],
        start,
        end,
        np.full(edges, 1.5),
        np.zeros(edges, bool),
    )


def _queries(
    name: str, roadmap: Roadmap, vehicle: VehicleClass, pairs: np.ndarray, target: float | None
) -> list[common.Figure]:
    shortest_route(roadmap, int(pairs[0, 0]), int(pairs[0, 1]), vehicle_class=vehicle)
    single = np.array(
        [
            _timed(lambda a=a, b=b: shortest_route(roadmap, a, b, vehicle_class=vehicle))[0]
            for a, b in pairs.tolist()
        ]
    )
    goals = pairs[: max(1, min(len(pairs), 50)), 1]
    routes = RouteTable(roadmap, vehicle)
    rows = np.array([_timed(lambda g=g: routes.row(g))[0] for g in dict.fromkeys(goals.tolist())])
    known = [
        (a, g)
        for a, g in zip(pairs[:, 0].tolist(), np.resize(goals, len(pairs)).tolist(), strict=True)
    ]
    table = np.array([_timed(lambda a=a, g=g: routes.route(a, g))[0] for a, g in known])
    return [
        common.figure(f'{name}: nodes', roadmap.node_count, '1'),
        common.figure(
            f'{name}: one query p50', np.percentile(single, 50) * 1e6, 'us', target=target
        ),
        common.figure(f'{name}: one query p99', np.percentile(single, 99) * 1e6, 'us'),
        common.figure(f'{name}: goal row p50', np.percentile(rows, 50) * 1e6, 'us'),
        common.figure(
            f'{name}: from the row p50', np.percentile(table, 50) * 1e6, 'us', target=NAV2_10K_US
        ),
        common.figure(f'{name}: from the row p99', np.percentile(table, 99) * 1e6, 'us'),
    ]


def _timed(call: Any) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


if __name__ == '__main__':
    sys.exit(main())
