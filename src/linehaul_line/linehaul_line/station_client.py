# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a line from its PLC or MES, by OPC UA or Modbus TCP, as a mapping file says.

One `StationClient` for one line. `read` is one round of reading; it returns what was seen, or a
`Silent` that says why nothing was: a PLC that is away is nothing exceptional. No threads: the
caller decides how often, and a round takes no longer than `timeout` for each request.
"""

import asyncio
import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from linehaul_line.mapping import WIDTHS, LineMapping, Seen, Signal, seen


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing was read, and why."""

    text: str


def decode(words: Sequence[int], kind: str, *, little: bool) -> float:
    """Return the value in Modbus registers.

    Args:
        words: registers of 16 bits, as many as the type takes.
        kind: type, of WIDTHS.
        little: the lower word comes first.
    """
    row = words[::-1] if little else words
    data = struct.pack(f'>{len(row)}H', *row)
    code = {'uint16': '>H', 'int16': '>h', 'uint32': '>I', 'float32': '>f'}[kind]
    return float(struct.unpack(code, data)[0])


def blocks(signals: Sequence[Signal], gap: int = 8, most: int = 125) -> list[tuple[int, int]]:
    """Return first register and number of each block to read: near registers in one request."""
    spans = sorted((int(one.address), int(one.address) + WIDTHS[one.kind]) for one in signals)
    found: list[tuple[int, int]] = []
    for begin, end in spans:
        if found and begin - sum(found[-1]) <= gap and end - found[-1][0] <= most:
            first, count = found[-1]
            found[-1] = (first, max(count, end - first))
        else:
            found.append((begin, end - begin))
    return found


class StationClient:
    """Reads one line; see the module."""

    def __init__(self, mapping: LineMapping, *, timeout: float = 0.5) -> None:
        self._mapping = mapping
        self._timeout = timeout
        self._signals = [
            *mapping.signals.values(),
            *mapping.stock.values(),
            *mapping.stations.values(),
        ]
        self._modbus: Any = None
        self._opcua: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def read(self) -> Seen | Silent:
        """Return what the PLC says now."""
        try:
            values = self._read_modbus() if self._mapping.protocol == 'modbus' else self._ua()
        except (OSError, RuntimeError, ValueError, asyncio.TimeoutError) as error:
            self.close()
            text = str(error) or type(error).__name__
            return Silent(f'{self._mapping.address}: {text}')
        mapping, rest = self._mapping, iter(values)
        return seen(
            mapping,
            dict(zip(mapping.signals, rest, strict=False)),
            dict(zip(mapping.stock, rest, strict=False)),
            dict(zip(mapping.stations, rest, strict=False)),
        )

    def close(self) -> None:
        """Close the connection; the next round opens another."""
        if self._modbus is not None:
            self._modbus.close()
            self._modbus = None
        if self._opcua is not None and self._loop is not None:
            with contextlib.suppress(OSError, RuntimeError, asyncio.TimeoutError):
                self._run(self._opcua.disconnect())
            self._opcua = None
        if self._loop is not None:
            self._loop.close()
            self._loop = None

    def _read_modbus(self) -> list[float]:
        from pymodbus.client import ModbusTcpClient
        from pymodbus.exceptions import ModbusException

        if self._modbus is None:
            host, _, port = self._mapping.address.rpartition(':')
            self._modbus = ModbusTcpClient(host, port=int(port), timeout=self._timeout, retries=0)
            if not self._modbus.connect():
                raise OSError('no Modbus server answers')
        words: dict[int, int] = {}
        for first, count in blocks(self._signals):
            try:
                answer = self._modbus.read_holding_registers(
                    first, count=count, device_id=self._mapping.unit
                )
            except ModbusException as error:
                raise OSError(str(error)) from error
            if answer.isError():
                raise ValueError(f'registers {first} to {first + count - 1}: {answer}')
            words |= dict(enumerate(answer.registers, first))
        return [self._word(words, one) for one in self._signals]

    def _word(self, words: dict[int, int], signal: Signal) -> float:
        first = int(signal.address)
        row = [words[first + offset] for offset in range(WIDTHS[signal.kind])]
        return decode(row, signal.kind, little=self._mapping.little)

    def _ua(self) -> list[float]:
        from asyncua.ua.uaerrors import UaError

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        try:
            values = self._run(self._read_opcua())
        except UaError as error:
            raise OSError(str(error)) from error
        return [float(value) for value in values]

    def _run(self, work: Any) -> Any:
        assert self._loop is not None
        return self._loop.run_until_complete(asyncio.wait_for(work, 4.0 * self._timeout))

    async def _read_opcua(self) -> list[Any]:
        from asyncua.client.client import Client

        if self._opcua is None:
            client = Client(self._mapping.address, timeout=self._timeout)
            await client.connect()
            self._opcua = client
        nodes = [self._opcua.get_node(one.address) for one in self._signals]
        return list(await self._opcua.read_values(nodes))
