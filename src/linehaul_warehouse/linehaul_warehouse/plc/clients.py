# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Reading and writing tags over OPC UA and Modbus TCP, in asyncio.

An OPC UA address is a node id. A Modbus address is a holding register and what is in it:
`100 int16`, `102 float32` (two registers, high word first), or `110 text 8` (eight registers, 16
characters, filled up with zeros).
"""

import asyncio
import contextlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.plc.tags import Value

LOST: tuple[type[Exception], ...] = (
    UaError,
    ModbusException,
    OSError,
    asyncio.TimeoutError,
)
"""What a client raises when the way to the PLC is lost."""
_REAL = (ua.VariantType.Float, ua.VariantType.Double)
_WHOLE = tuple(
    ua.VariantType[name]
    for name in ('SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64')
)
TIMEOUT = 2.0
"""[s] for one read or write."""


class TagClient(Protocol):
    """One connection. Every call may raise one of LOST."""

    async def open(self) -> None:
        """Connect."""

    async def close(self) -> None:
        """Disconnect; never raises."""

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Value | None]:
        """Return address to value; None: bad quality."""

    async def write(self, values: Iterable[tuple[str, Value]]) -> None:
        """Write one after the other, in this order."""


def _fit(address: str, kind: ua.VariantType, value: Value) -> Value:
    """Return a value as a tag of a kind takes it.

    Raises:
        SettingError: it cannot.
    """
    if kind is ua.VariantType.String and isinstance(value, str):
        return value
    if kind in _REAL and not isinstance(value, str):
        return float(value)
    if kind in _WHOLE and not isinstance(value, str) and float(value).is_integer():
        return int(value)
    raise SettingError(f'tags: {address} is a {kind.name}, which cannot hold {value!r}')


class OpcUaTags:
    """Tags of an OPC UA server."""

    def __init__(self, url: str) -> None:
        self._client = Client(url, timeout=TIMEOUT)
        self._kinds: dict[str, Any] = {}

    async def open(self) -> None:
        """Connect."""
        await self._client.connect()

    async def close(self) -> None:
        """Disconnect."""
        try:
            with contextlib.suppress(*LOST):  # it may be gone already
                await self._client.disconnect()
        finally:
            self._client.disconnect_socket()  # asyncua leaves it open where it is cancelled

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Value | None]:
        """Read all in one request."""
        nodes = [self._client.get_node(address) for address in addresses]
        found = await self._client.read_attributes(nodes, AttributeIds.Value)
        values = {}
        for address, one in zip(addresses, found, strict=True):
            good = one.StatusCode is None or one.StatusCode.is_good()
            values[address] = one.Value.Value if good and one.Value is not None else None
        return values

    async def write(self, values: Iterable[tuple[str, Value]]) -> None:
        """Write each with the type that the server has for it."""
        for address, value in values:
            node = self._client.get_node(address)
            if address not in self._kinds:
                self._kinds[address] = await node.read_data_type_as_variant_type()
            kind = self._kinds[address]
            await node.write_value(ua.DataValue(ua.Variant(_fit(address, kind, value), kind)))


def parse_register(address: str) -> tuple[int, str, int]:
    """Return register, kind and number of registers of a Modbus address.

    Raises:
        SettingError: it does not have that form.
    """
    parts = address.split()
    sizes = {'int16': 1, 'float32': 2}
    number, kind = (parts[0], parts[1]) if len(parts) > 1 else ('', '')
    if not number.isdecimal() or not (kind in sizes or kind == 'text'):
        raise SettingError(f'tags: found {address!r}, wanted such as 100 int16 or 110 text 8')
    if kind == 'text':
        if len(parts) != 3 or not parts[2].isdecimal() or not 1 <= int(parts[2]) <= 60:
            raise SettingError(f'tags: found {address!r}, wanted 1 to 60 registers of text')
        return int(number), kind, int(parts[2])
    return int(number), kind, sizes[kind]


def to_registers(address: str, value: Value) -> list[int]:
    """Return the registers that a value fills.

    Raises:
        SettingError: it does not fit in.
    """
    _, kind, count = parse_register(address)
    try:
        if kind == 'text':
            raw = str(value).encode('ascii').ljust(2 * count, b'\0')
        else:
            raw = struct.pack('>f' if kind == 'float32' else '>h', value)
    except (UnicodeEncodeError, struct.error) as error:
        raise SettingError(f'tags: {value!r} does not fit into {address!r}: {error}') from error
    if len(raw) > 2 * count:
        raise SettingError(f'tags: {value!r} is too long for {address!r}')
    return list(struct.unpack(f'>{count}H', raw))


def from_registers(address: str, words: Sequence[int]) -> Value | None:
    """Return the value in registers; None: it makes no sense."""
    _, kind, count = parse_register(address)
    raw = struct.pack(f'>{count}H', *words)
    if kind == 'text':
        try:
            return raw.rstrip(b'\0').decode('ascii')
        except UnicodeDecodeError:
            return None
    return struct.unpack('>f' if kind == 'float32' else '>h', raw)[0]  # type: ignore[no-any-return]


class ModbusTags:
    """Holding registers of a Modbus TCP device."""

    def __init__(self, host: str, port: int, unit: int) -> None:
        self._unit = unit
        self._client = AsyncModbusTcpClient(host, port=port, timeout=TIMEOUT, reconnect_delay=0)

    async def open(self) -> None:
        """Connect."""
        if not await self._client.connect():
            raise ConnectionError('no connection')

    async def close(self) -> None:
        """Disconnect."""
        self._client.close()

    async def read(self, addresses: Sequence[str]) -> Mapping[str, Value | None]:
        """Read one after the other."""
        values: dict[str, Value | None] = {}
        for address in addresses:
            first, _, count = parse_register(address)
            answer = await self._client.read_holding_registers(
                first, count=count, device_id=self._unit
            )
            good = not answer.isError() and len(answer.registers) == count
            values[address] = from_registers(address, answer.registers) if good else None
        return values

    async def write(self, values: Iterable[tuple[str, Value]]) -> None:
        """Write the registers of each value in one request."""
        for address, value in values:
            words = to_registers(address, value)
            first = parse_register(address)[0]
            answer = await self._client.write_registers(first, words, device_id=self._unit)
            if answer.isError():
                raise ModbusException(f'writing {address!r}: {answer}')
