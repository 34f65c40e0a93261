# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Bits of real stations over Modbus TCP (pymodbus) and OPC UA (asyncua), cycle by cycle.

`serve` asks a station for its bits and tells it the vehicle's, again and again; when the station
cannot be reached, the caller hears None at once, and connecting is tried again with back-off.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from linehaul_transfer.mapping import Bit, StationMap
from linehaul_transfer.wire import StationBits, VehicleBits

FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""[s] before connecting again; doubles up to the longest."""


class StationLost(ConnectionError):  # noqa: N818 (an event, not a defect)
    """The station does not answer, or not with what was asked for."""


class Station(Protocol):
    """A way to one station's bits."""

    async def connect(self) -> None:
        """Open the connection; raises StationLost."""

    async def exchange(self, told: dict[str, bool] | None) -> dict[str, bool]:
        """Write outputs if there are any yet, read inputs; raises StationLost."""

    async def close(self) -> None:
        """Close the connection; never raises."""


def blocks(bits: list[Bit]) -> dict[str, tuple[int, int]]:
    """Return first address and count to read, for each table."""
    found: dict[str, tuple[int, int]] = {}
    for table in sorted({bit.table for bit in bits}):
        addresses = [bit.address for bit in bits if bit.table == table]
        found[table] = (min(addresses), max(addresses) - min(addresses) + 1)
    return found


class ModbusStation:
    """A station behind Modbus TCP; each table is read in one request of at most 2,000 bits."""

    def __init__(self, station: StationMap) -> None:
        from pymodbus.client import AsyncModbusTcpClient

        self._map = station
        self._blocks = blocks(list(station.inputs.values()))
        self._client = AsyncModbusTcpClient(
            station.target,
            port=station.tcp_port,
            timeout=station.timeout,
            retries=0,
            reconnect_delay=0,
        )

    async def connect(self) -> None:
        """Open the connection."""
        if not await self._client.connect():
            raise StationLost(f'{self._map.target}: no connection')

    async def exchange(self, told: dict[str, bool] | None) -> dict[str, bool]:
        """Write outputs, read inputs."""
        from pymodbus.exceptions import ModbusException

        try:
            for name, bit in self._map.outputs.items():
                if told is None:
                    break
                value = told.get(name, False) is not bit.invert
                answer = await self._client.write_coil(
                    bit.address, value, device_id=self._map.device
                )
                self._check(answer, name)
            return await self._read()
        except (ModbusException, OSError, asyncio.TimeoutError) as error:
            raise StationLost(f'{self._map.target}: {error}') from error

    async def _read(self) -> dict[str, bool]:
        tables: dict[str, list[bool]] = {}
        for table, (first, count) in self._blocks.items():
            read = self._client.read_coils
            if table == 'discrete_input':
                read = self._client.read_discrete_inputs
            answer = await read(first, count=count, device_id=self._map.device)
            self._check(answer, table)
            if len(answer.bits) < count:
                raise StationLost(f'{self._map.target}: {table}: {len(answer.bits)} of {count}')
            tables[table] = list(answer.bits)
        return {
            name: bool(tables[bit.table][bit.address - self._blocks[bit.table][0]])
            is not bit.invert
            for name, bit in self._map.inputs.items()
        }

    def _check(self, answer: Any, what: str) -> None:
        if answer.isError():
            raise StationLost(f'{self._map.target}: {what}: {answer}')

    async def close(self) -> None:
        """Close the connection."""
        self._client.close()


class OpcUaStation:
    """A station behind an OPC UA server. A value whose quality is not good counts as lost."""

    def __init__(self, station: StationMap) -> None:
        self._map = station
        self._client: Any = None
        self._reads: list[Any] = []
        self._writes: list[Any] = []

    async def connect(self) -> None:
        """Open the connection."""
        from asyncua.client.client import Client
        from asyncua.ua.uaerrors import UaError

        client = Client(self._map.target, timeout=self._map.timeout)
        try:
            await client.connect()
            self._client = client
            self._reads = [client.get_node(bit.node) for bit in self._map.inputs.values()]
            self._writes = [client.get_node(bit.node) for bit in self._map.outputs.values()]
        except (UaError, OSError, asyncio.TimeoutError) as error:
            raise StationLost(f'{self._map.target}: {error}') from error
        finally:
            if self._client is None:
                client.disconnect_socket()  # asyncua leaves it open where it is cancelled

    async def exchange(self, told: dict[str, bool] | None) -> dict[str, bool]:
        """Write outputs, read inputs."""
        from asyncua.ua.uaerrors import UaError

        if self._client is None:
            raise StationLost(f'{self._map.target}: not connected')
        try:
            if told is not None:
                outputs = self._map.outputs.items()
                values = [told.get(name, False) is not bit.invert for name, bit in outputs]
                await self._client.write_values(self._writes, values)
            found = await self._client.read_values(self._reads)
        except (UaError, OSError, asyncio.TimeoutError) as error:
            raise StationLost(f'{self._map.target}: {error}') from error
        answers = {}
        for (name, bit), value in zip(self._map.inputs.items(), found, strict=True):
            if not isinstance(value, bool):
                raise StationLost(f'{self._map.target}: {name}: found {value!r}, wanted a bit')
            answers[name] = value is not bit.invert
        return answers

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(client.disconnect(), self._map.timeout)
            finally:
                client.disconnect_socket()


def open_station(station: StationMap) -> Station:
    """Return the way to a station that its mapping asks for."""
    return ModbusStation(station) if station.protocol == 'modbus' else OpcUaStation(station)


def _bits(found: dict[str, bool]) -> StationBits:
    return StationBits(
        l_req=found.get('l_req', False),
        u_req=found.get('u_req', False),
        ready=found['ready'],
        ho_avbl=found['ho_avbl'],
        es=found['es'],
        present=found.get('present'),
        placed=found.get('placed'),
    )


async def serve(
    station: StationMap,
    step: Callable[[StationBits | None], VehicleBits],
    stopped: Callable[[], bool],
    way: Station | None = None,
) -> None:
    """Exchange bits until `stopped()`.

    Args:
        station: How to reach it.
        step: Takes the station's bits, None while it cannot be reached; returns what it is told.
            Nothing is told before the first bits are in, so that a restart disturbs nobody.
        stopped: Is asked once a cycle.
        way: The connection; default: what the mapping asks for.
    """
    way = way or open_station(station)
    wait, connected, alive = FIRST_WAIT, False, False
    told: VehicleBits | None = None
    try:
        while not stopped():
            try:
                if not connected:
                    await asyncio.wait_for(way.connect(), station.timeout * 2)
                    connected = True
                alive = not alive
                outputs = {name: getattr(told, name, alive) for name in station.outputs}
                said = way.exchange(outputs if told else None)
                found = await asyncio.wait_for(said, station.timeout * 2)
            except (StationLost, asyncio.TimeoutError):
                connected = False
                told = step(None)
                await way.close()
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            wait = FIRST_WAIT
            told = step(_bits(found))
            await asyncio.sleep(station.poll)
    finally:
        await way.close()
