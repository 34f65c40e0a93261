# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The file that says behind which PLC, and behind which tags of it, each crane is.

cranes:
- aisle: wh1
opcua: {url: opc.tcp://10.0.0.9:4840}        # or modbus: {host: 10.0.0.9, port: 502, unit: 1}
period: 0.2                                  # [s] between two looks at the status
step: {kind: ns=2;s=Crane1.Step.Kind, ...}   # fields and addresses: tags.py, clients.py
status: {ready: ns=2;s=Crane1.Ready, ...}
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError
from linehaul_floor.strict_yaml import read

from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.plc.clients import ModbusTags, OpcUaTags, TagClient, parse_register
from linehaul_warehouse.plc.tags import TagMap, parse_tags
from linehaul_warehouse.rack import Rack

PERIOD = 0.2


@dataclass(frozen=True, slots=True)
class Wired:
    """A crane: its tags, how to make a connection, and the time between two looks [s]."""

    tags: TagMap
    connect: Callable[[], TagClient]
    period: float


def load_cranes(path: Path, rack: Rack) -> list[Wired]:
    """Read the file.

    Raises:
        SettingError: it cannot be read, something in it is wrong, or an aisle has no crane in it.
    """
    try:
        content, problems = read(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f'cranes {path}: cannot read: {error}') from error
    if problems:
        raise SettingError(f'cranes {path}: {problems[0].where}: {problems[0].found}')
    try:
        return parse_cranes(content, rack)
    except SettingError as error:
        raise SettingError(f'cranes {path}: {error}') from error


def parse_cranes(content: Any, rack: Rack) -> list[Wired]:
    """Read the content of the file.

    Raises:
        SettingError: something in it is wrong, or an aisle has no crane in it.
    """
    if not isinstance(content, dict) or set(content) != {'cranes'}:
        raise SettingError('wanted cranes and nothing else')
    rows = content['cranes']
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingError(f'cranes: found {rows!r}, wanted a list of mappings')
    found = [_wired(row) for row in rows]
    aisles, wanted = sorted(one.tags.aisle_id for one in found), sorted(a.id for a in rack.aisles)
    if aisles != wanted:
        raise SettingError(f'cranes: found aisles {aisles}, wanted each of {wanted} once')
    return found


def _wired(row: dict[str, Any]) -> Wired:
    ways = {'opcua', 'modbus'} & set(row)
    strange = set(row) - {'aisle', 'opcua', 'modbus', 'period', 'step', 'status'}
    if len(ways) != 1 or strange:
        raise SettingError(f'crane: found {sorted(row)}, wanted opcua or modbus, and known fields')
    period = row.get('period', PERIOD)
    if not isinstance(period, int | float) or not 0.01 <= period <= 10.0:
        raise SettingError(f'period: found {period!r}, wanted 0.01 to 10 s')
    tags = parse_tags({name: row.get(name) for name in ('aisle', 'step', 'status')})
    (way,) = ways
    connect = _opcua(row[way], tags) if way == 'opcua' else _modbus(row[way], tags)
    return Wired(tags, connect, float(period))


def _opcua(where: Any, tags: TagMap) -> Callable[[], TagClient]:
    url = where.get('url') if isinstance(where, dict) and set(where) == {'url'} else None
    if not isinstance(url, str) or not url.startswith('opc.tcp://'):
        raise SettingError(f'opcua: found {where!r}, wanted a url that begins with opc.tcp://')
    for address in [*tags.step.values(), *tags.status.values()]:
        try:
            ua.NodeId.from_string(address)
        except UaError as error:
            raise SettingError(f'tags: {address!r} is no node id: {error}') from error
    return lambda: OpcUaTags(url)


def _modbus(where: Any, tags: TagMap) -> Callable[[], TagClient]:
    fields = where if isinstance(where, dict) else {}
    host, port, unit = fields.get('host'), fields.get('port', 502), fields.get('unit', 1)
    numbers = all(isinstance(n, int) and 0 <= n <= 65535 for n in (port, unit))
    if not isinstance(host, str) or not numbers or set(fields) - {'host', 'port', 'unit'}:
        raise SettingError(f'modbus: found {where!r}, wanted host, port and unit')
    taken: dict[int, str] = {}
    for address in [*tags.step.values(), *tags.status.values()]:
        first, _, count = parse_register(address)
        for register in range(first, first + count):
            if taken.setdefault(register, address) != address:
                raise SettingError(f'tags: {address!r} and {taken[register]!r} overlap')
    return lambda: ModbusTags(host, port, unit)
