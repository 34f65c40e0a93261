# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What vehicles say of themselves: states, connections and factsheets, numbered per topic."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from linehaul_agv import Elements, Observation, Vehicle, factsheet, report
from linehaul_sim.bodies import Drives
from linehaul_sim.loads import Load
from linehaul_sim.warehouse import Retrieval
from linehaul_sim.world_data import WorldData
from linehaul_transfer import PortSignals, VehicleSignals
from linehaul_vda5050 import Connection, ConnectionState, Factsheet, Header, PowerSupply, State
from linehaul_vda5050 import Load as VdaLoad


@dataclass(slots=True)
class Outputs:
    """What the outside gets to know after a step."""

    states: list[State] = field(default_factory=list)
    factsheets: list[Factsheet] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    retrievals: list[Retrieval] = field(default_factory=list)
    signals: list[VehicleSignals | PortSignals] = field(default_factory=list)


class Teller:
    """Makes the messages of all vehicles of one world. Times are plant time [s]."""

    def __init__(self, vehicles: list[Vehicle], drives: Drives, data: WorldData) -> None:
        self._vehicles = vehicles
        self._drives = drives
        self._data = data
        self._elements = [Elements() for _ in vehicles]

    def _header(self, topic: str, i: int, now: float) -> Header:
        number = self._data.numbers.get((topic, i), -1) + 1
        self._data.numbers[topic, i] = number % 2**32
        return Header(number % 2**32, now, serial_number=str(self._vehicles[i].id))

    def connection(self, i: int, link: ConnectionState, now: float) -> Connection:
        """Return a connection message of a vehicle."""
        return Connection(self._header('connection', i, now), link)

    def factsheet(self, i: int, now: float) -> Factsheet:
        """Return the factsheet of a vehicle."""
        return factsheet(self._vehicles[i], self._header('factsheet', i, now))

    def state(self, i: int, now: float) -> State:
        """Return the state a vehicle reports now."""
        return report(
            self._vehicles[i],
            self._data.agvs[i],
            self.observe(i),
            self._header('state', i, now),
            self._elements[i],
        )

    def observe(self, i: int) -> Observation:
        """Return what a vehicle measures now."""
        b = self._data.bodies
        x, y, yaw = b.pose[i].tolist()
        charge = float(b.energy[i] / self._drives.capacity[i])
        carried = self._data.ledger.carried.get(self._vehicles[i].id)
        loads: Sequence[VdaLoad] = ()
        if carried is not None:
            loads = (VdaLoad(carried, 'container', '', self._data.ledger.loads[carried].mass),)
        return Observation(
            x=x,
            y=y,
            theta=yaw,
            speed=self._drives.forward_speed(i),
            omega=float(b.omega[i]),
            moving=self._drives.moving(i),
            distance=float(b.along[i]) if b.way_at[i] < b.way_end[i] else 0.0,
            power=PowerSupply(charge, bool(b.charging[i] > 0.0)),
            loads=tuple(loads),
        )
