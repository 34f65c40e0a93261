# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated plant can be told: times, seed, step."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a simulated plant.

    Attributes:
        seed: Of everything random.
        step: Length of a physics step [s].
        start_time: Plant time at the beginning [s since 1970].
        pick_time, drop_time: Mean time of a pick and of a drop [s].
        charge_time: Time to dock to a charger [s].
        retrieve_time: Mean time until a container is at an out-port [s].
        store_time: Time until an in-port has taken a container in [s].
        station_empty_time: Time in which a station uses up a container [s].
        told_use: Stations begin with full places, and a container is used up when a line says so;
            else it lasts station_empty_time.
        keep_empties: Empty containers stay at the station until a vehicle fetches them.
        state_interval: Longest time between two states of a vehicle [s].
        charge: State of charge at the beginning, 0 to 1.
        check: Watch for overlaps and vehicles beyond their base.
        report: Put states together for the outside; off in benchmarks that read the arrays.
        handshake: Vehicles and ports do the load handshake around each pick and drop.
        patience: Factor of the handshake's times, for sides in other programs.
        foreign_ports: Ports whose side of the handshake is somebody else's.
        managed_ports: Warehouse ports behind which a warehouse node works, and no stand-in.
    """

    seed: int = 1
    step: float = 0.1
    start_time: float = 1_767_247_200.0
    pick_time: float = 8.0
    drop_time: float = 6.0
    charge_time: float = 3.0
    retrieve_time: float = 20.0
    store_time: float = 10.0
    station_empty_time: float = 120.0
    told_use: bool = False
    keep_empties: bool = False
    state_interval: float = 1.0
    charge: float = 0.9
    check: bool = True
    report: bool = True
    handshake: bool = False
    patience: float = 1.0
    foreign_ports: tuple[str, ...] = ()
    managed_ports: tuple[str, ...] = ()
