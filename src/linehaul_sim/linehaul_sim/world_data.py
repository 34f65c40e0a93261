# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What of the simulated plant evolves, in one place, so that it can be stored and brought back."""

from dataclasses import dataclass, field

import numpy as np

from linehaul_agv import AgvState
from linehaul_floor import Plant
from linehaul_sim.bodies import Bodies, bodies_at
from linehaul_sim.checker import Checker
from linehaul_sim.faults import Radio
from linehaul_sim.hand_off_data import HandOffs
from linehaul_sim.handling import Handling
from linehaul_sim.loads import Ledger, fill_stations, new_ledger
from linehaul_sim.settings import Settings
from linehaul_sim.warehouse import Warehouse
from linehaul_vda5050 import ConnectionState, NodeId


@dataclass(slots=True)
class WorldData:
    """Everything of the world that evolves. numbers: header ids sent, by topic and vehicle."""

    steps: int
    rng: np.random.Generator
    bodies: Bodies
    agvs: list[AgvState]
    ledger: Ledger
    warehouse: Warehouse
    handling: Handling
    radio: Radio
    checker: Checker | None
    next_state: np.ndarray
    dirty: dict[int, None]
    sheets: dict[int, None]
    links: dict[int, ConnectionState]
    ended: list[str]
    numbers: dict[tuple[str, int], int]
    empty_battery: np.ndarray
    custody_errors: int = 0
    custody_texts: list[str] = field(default_factory=list)
    hand_offs: HandOffs = field(default_factory=HandOffs)


def new_world(plant: Plant, settings: Settings) -> WorldData:
    """Begin: every vehicle at home, every port empty."""
    rng = np.random.default_rng(settings.seed)
    count = len(plant.fleet)
    spread = np.clip(settings.charge + rng.uniform(-0.05, 0.05, count), 0.05, 1.0)
    bodies = bodies_at(plant, spread)
    homes = [plant.roadmap.node_ids[int(node)] for node in bodies.node]
    ledger = new_ledger(plant)
    if settings.told_use:
        fill_stations(plant, ledger, settings.start_time)
    step = settings.state_interval / max(count, 1)
    return WorldData(
        steps=0,
        rng=rng,
        bodies=bodies,
        agvs=[AgvState(last_node_id=NodeId(home)) for home in homes],
        ledger=ledger,
        warehouse=Warehouse(),
        handling=Handling(),
        radio=Radio(),
        checker=Checker(plant, bodies.pose) if settings.check else None,
        next_state=settings.start_time + step * np.arange(count),
        dirty={},
        sheets={},
        links={},
        ended=[],
        numbers={},
        empty_battery=np.zeros(count, bool),
    )
