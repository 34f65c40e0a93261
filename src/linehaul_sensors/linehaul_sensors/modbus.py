# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The Modbus bridge: reads one device again and again, in asyncio."""

import asyncio
import contextlib
from collections.abc import Callable
from math import nan
from typing import Any

import numpy as np
from linehaul_ros.stopping import stoppable
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from linehaul_sensors.backoff import Backoff
from linehaul_sensors.modbus_map import Block, Device, value_of
from linehaul_sensors.readings import Flag, Quality, Readings, make_readings

TIMEOUT = 3.0
"""[s] for one read."""


class ModbusBridge:
    """One device.

    Args:
        device: what to read.
        clock: [ns] since 1970.
        deliver: called with the readings of each round, and with the channels lost ones.
        rng: for the waits after failures.
        backoff: those waits.
    """

    def __init__(
        self,
        device: Device,
        clock: Callable[[], int],
        deliver: Callable[[Readings, tuple[int, ...]], None],
        rng: np.random.Generator,
        backoff: Backoff | None = None,
    ) -> None:
        self.device = device
        self._clock = clock
        self._deliver = deliver
        self._rng = rng
        self._backoff = backoff or Backoff()
        self.failures = 0

    async def run(self) -> None:
        """Read until cancelled; a device that is gone is tried again with longer waits."""
        while True:
            with contextlib.suppress(ModbusException, OSError, asyncio.TimeoutError):
                await stoppable(self._connection())
            # A failure is counted here, and told by the lost channels.
            self.failures += 1
            channels = tuple(r.channel for b in self.device.blocks for r in b.registers)
            self._deliver(make_readings([], [], []), channels)
            await asyncio.sleep(self._backoff.wait(self.failures, self._rng))

    async def _connection(self) -> None:
        client = AsyncModbusTcpClient(
            self.device.host, port=self.device.port, timeout=TIMEOUT, reconnect_delay=0
        )
        try:
            if await client.connect():
                await self._rounds(client)
        finally:
            client.close()

    async def _rounds(self, client: AsyncModbusTcpClient) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while client.connected:
            rows: list[tuple[int, int, float, int, int]] = []
            for block in self.device.blocks:
                rows += await self._read(client, block)
            self.failures = 0
            self._deliver(make_readings(*map(list, zip(*rows, strict=True))), ())
            due = max(due + self.device.period, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _read(
        self, client: AsyncModbusTcpClient, block: Block
    ) -> list[tuple[int, int, float, int, int]]:
        call: dict[str, Any] = {
            'holding': client.read_holding_registers,
            'input': client.read_input_registers,
            'coil': client.read_coils,
            'discrete': client.read_discrete_inputs,
        }
        answer = await call[block.kind](
            block.address, count=block.count, device_id=self.device.unit_id
        )
        time = self._clock()
        words = answer.bits if block.kind in ('coil', 'discrete') else answer.registers
        if answer.isError() or len(words) < block.count:
            bad = int(Quality.BAD), int(Flag.SOURCE)
            return [(r.channel, time, nan, *bad) for r in block.registers]
        order = self.device.words
        return [
            (r.channel, time, value_of(r, block, words, order), int(Quality.GOOD), 0)
            for r in block.registers
        ]
