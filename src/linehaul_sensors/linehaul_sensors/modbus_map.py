# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Modbus TCP: which registers are which channels, how few reads get them, and what the words mean.

    devices:
      - host: 10.0.0.7
        unit_id: 1
        period: 1.0               # [s] between two reads of everything
        words: big                # order of the words of long values: big or little
        registers:
          - {channel: oven_t, kind: input, address: 100, type: int16, scale: 0.1, unit: Cel}

Modbus has neither time nor quality: the time of the read stands for both ends, and what a device
refuses to read is bad. Source: Modbus application protocol V1.1b3 (125 registers, 2000 bits a
read).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors import units
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import MappingError
from linehaul_sensors.ids import ChannelId

_FORMATS = {
    'uint16': ('H', 1),
    'int16': ('h', 1),
    'uint32': ('I', 2),
    'int32': ('i', 2),
    'float32': ('f', 2),
    'uint64': ('Q', 4),
    'int64': ('q', 4),
    'float64': ('d', 4),
}
_KINDS = ('holding', 'input', 'coil', 'discrete')
_MOST = {'holding': 125, 'input': 125, 'coil': 2000, 'discrete': 2000}
_GAP = 8
"""Unused registers that are read along rather than with a second read."""


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a device; value in the channel's unit = raw * factor + offset."""

    channel: int
    kind: str
    address: int
    type: str
    factor: float
    offset: float

    @property
    def size(self) -> int:
        """Registers or bits it takes."""
        return 1 if self.kind in ('coil', 'discrete') else _FORMATS[self.type][1]


@dataclass(frozen=True, slots=True)
class Block:
    """One read: so many registers or bits from an address, and the values in them."""

    kind: str
    address: int
    count: int
    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """One device and the reads that get all its values."""

    host: str
    port: int
    unit_id: int
    period: float
    words: str
    blocks: tuple[Block, ...]


def parse_devices(text: str, table: ChannelTable, source: str = 'modbus') -> tuple[Device, ...]:
    """Return the devices of a YAML text with one key, `devices`.

    Raises:
        MappingError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    root = as_fields({} if document is None else document, '', problems)
    devices = [_device(row, table) for row in root.children('devices', optional=False)]
    root.finish()
    if problems:
        raise MappingError(source, problems)
    return tuple(devices)


def _device(row: Fields, table: ChannelTable) -> Device:
    registers = [_register(one, table) for one in row.children('registers', optional=False)]
    device = Device(
        host=row.text('host'),
        port=row.integer('port', 502, low=1),
        unit_id=row.integer('unit_id', 1),
        period=row.positive('period', 1.0),
        words=row.choice('words', ('big', 'little'), 'big'),
        blocks=plan(registers),
    )
    row.finish()
    return device


def _register(row: Fields, table: ChannelTable) -> Register:
    name, kind = row.text('channel'), row.choice('kind', _KINDS, 'holding')
    number = table.index.get(ChannelId(name), -1)
    scale, offset = row.number('scale', 1.0), row.number('offset', 0.0)
    if number < 0:
        row.note('unknown_channel', 'channel', name, 'name one of the channel table')
    elif row.has('unit'):
        unit, wanted = row.text('unit'), table.channels[number].unit
        change = units.conversion(unit, wanted)
        if change is None:
            row.note('wrong_unit', 'unit', f'{unit} cannot become {wanted}', 'mend one of them')
        else:
            scale, offset = scale * change[0], offset * change[0] + change[1]
    address = row.integer('address')
    if address > 65_535:
        row.note('out_of_range', 'address', str(address), 'use 0 to 65535')
    register = Register(
        channel=number,
        kind=kind,
        address=address,
        type=row.choice('type', tuple(_FORMATS), 'uint16'),
        factor=scale,
        offset=offset,
    )
    row.finish()
    return register


def plan(registers: Sequence[Register]) -> tuple[Block, ...]:
    """Return few reads that get all registers, none longer than the protocol allows."""
    blocks: list[Block] = []
    for kind in _KINDS:
        group: list[Register] = []
        for one in sorted((r for r in registers if r.kind == kind), key=lambda r: r.address):
            if group:
                end = max(r.address + r.size for r in group)
                whole = max(end, one.address + one.size) - group[0].address
                if one.address - end > _GAP or whole > _MOST[kind]:
                    blocks.append(_block(group))
                    group = []
            group.append(one)
        if group:
            blocks.append(_block(group))
    return tuple(blocks)


def _block(group: Sequence[Register]) -> Block:
    begin = group[0].address
    end = max(r.address + r.size for r in group)
    return Block(group[0].kind, begin, end - begin, tuple(group))


def value_of(register: Register, block: Block, words: Sequence[int], order: str) -> float:
    """Return a value out of a block's registers or bits.

    Args:
        register: which.
        block: it is in.
        words: what was read, from the block's address.
        order: of the words of long values, big or little.
    """
    at = register.address - block.address
    if register.kind in ('coil', 'discrete'):
        return float(words[at]) * register.factor + register.offset
    code, size = _FORMATS[register.type]
    part = list(words[at : at + size])
    if order == 'little':
        part.reverse()
    raw = struct.unpack(f'>{code}', struct.pack(f'>{size}H', *part))[0]
    return float(raw) * register.factor + register.offset
