# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A rack from a YAML file, or a standard one behind the warehouse ports of a plant.

The file:

    id: components
    aisles:
      - {id: wh1, bays: 50, levels: 20, bay: 1.6, level: 1.2, depth: 1}
    drive: {speed_x: 3.0, speed_y: 0.75, acceleration_x: 0.5, acceleration_y: 0.5, fork_time: 8.0}
    limits: [[4, 1000.0, 2.0], [20, 500.0, 1.5]]    # up to level, kg, m; left out: none
    ports:
      - {id: wh1_in_1, flow: in, aisles: [wh1], capacity: 2, x: 0.0, y: 0.0, conveyor_time: 10.0}
"""

import re
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any

from linehaul_floor.strict_yaml import read

from linehaul_floor import Flow as PlaceFlow
from linehaul_floor import PlaceKind, Plant
from linehaul_warehouse.errors import RackError
from linehaul_warehouse.ids import AisleId, PortId
from linehaul_warehouse.rack import Aisle, Flow, Port, Rack
from linehaul_warehouse.travel import Drive

STANDARD = Drive(3.0, 0.75, 0.5, 0.5, fork_time=8.0)
_KEYS = {
    'rack': {'id', 'aisles', 'drive', 'limits', 'ports'},
    'aisle': {'id', 'bays', 'levels', 'bay', 'level', 'depth'},
    'drive': {'speed_x', 'speed_y', 'acceleration_x', 'acceleration_y', 'fork_time'},
    'port': {'id', 'flow', 'aisles', 'capacity', 'x', 'y', 'conveyor_time'},
}


def load_rack(path: Path) -> Rack:
    """Read a rack.

    Raises:
        RackError: the file cannot be read, or something in it is wrong; the text says what.
    """
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise RackError(f'rack {path}: cannot read: {error}') from error
    content, problems = read(text)
    if problems:
        raise RackError(f'rack {path}: {problems[0].where}: {problems[0].found}')
    try:
        return parse_rack(content)
    except RackError as error:
        raise RackError(f'rack {path}: {error}') from error


def parse_rack(content: Any) -> Rack:
    """Make a rack from the content of a file.

    Raises:
        RackError: something is missing, unknown or out of range.
    """
    top = _mapping('rack', content)
    drive = Drive(**_numbers('drive', _mapping('drive', top.get('drive', {})), _KEYS['drive']))
    limits = tuple(_limit(one) for one in _list('limits', top.get('limits', [])))
    aisles = []
    for one in _list('aisles', top.get('aisles')):
        fields = _mapping('aisle', one)
        sizes = _numbers('aisle', fields, {'bay', 'level'})
        counts = {k: _count('aisle', fields, k) for k in ('bays', 'levels')}
        depth = _count('aisle', fields, 'depth', 1)
        name = AisleId(_text('aisle', fields, 'id'))
        bays, levels = counts['bays'], counts['levels']
        pitch = sizes['bay'], sizes['level']
        aisles.append(Aisle(name, bays, levels, *pitch, drive, depth, limits))
    ports = {}
    for one in _list('ports', top.get('ports')):
        port = _port(_mapping('port', one))
        if port.id in ports:
            raise RackError(f'ports: found {port.id!r} twice')
        ports[port.id] = port
    return Rack(_text('rack', top, 'id'), tuple(aisles), ports)


def _port(fields: Mapping[str, Any]) -> Port:
    flow = _text('port', fields, 'flow')
    if flow not in ('in', 'out'):
        raise RackError(f'port: found flow {flow!r}, wanted in or out')
    names = _list('port aisles', fields.get('aisles'))
    some = {k for k in ('x', 'y', 'conveyor_time') if k in fields}
    return Port(
        PortId(_text('port', fields, 'id')),
        Flow[flow.upper()],
        tuple(AisleId(str(name)) for name in names),
        _count('port', fields, 'capacity', 1),
        **_numbers('port', fields, some),
    )


def _mapping(kind: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RackError(f'{kind}: found {value!r}, wanted a mapping')
    strange = {str(k) for k in value} - _KEYS[kind]
    if strange:
        raise RackError(f'{kind}: found {sorted(strange)}, wanted of {sorted(_KEYS[kind])}')
    return value


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RackError(f'{name}: found {value!r}, wanted a list')
    return value


def _text(kind: str, fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise RackError(f'{kind} {name}: found {value!r}, wanted text')
    return value


def _count(kind: str, fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100_000:
        raise RackError(f'{kind} {name}: found {value!r}, wanted a whole number above 0')
    return value


def _numbers(kind: str, fields: Mapping[str, Any], names: set[str]) -> dict[str, float]:
    found = {}
    for name in sorted(names):
        value = fields.get(name)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not -inf < value < inf:  # type: ignore[operator]
            raise RackError(f'{kind} {name}: found {value!r}, wanted a number')
        found[name] = float(value)  # type: ignore[arg-type]
    return found


def _limit(value: Any) -> tuple[int, float, float]:
    if not isinstance(value, list) or len(value) != 3:
        raise RackError(f'limits: found {value!r}, wanted [up to level, kg, m]')
    level, weight, height = value
    return int(level), float(weight), float(height)


def rack_of_plant(plant: Plant, prefix: str, bays: int = 50, levels: int = 20) -> Rack:
    """Return a standard rack behind the ports <prefix><n>_in_<k> and <prefix><n>_out_<k>.

    Raises:
        RackError: the plant has no such ports.
    """
    pattern = re.compile(rf'({re.escape(prefix)}\d*)_(?:in|out)_\d+')
    ports: dict[PortId, Port] = {}
    for place in plant.places_of(PlaceKind.WAREHOUSE_PORT):
        match = pattern.fullmatch(place.id)
        if match and place.flow in (PlaceFlow.IN, PlaceFlow.OUT):
            flow = Flow.IN if place.flow is PlaceFlow.IN else Flow.OUT
            aisle = AisleId(match[1])
            name = PortId(place.id)
            ports[name] = Port(name, flow, (aisle,), place.capacity, conveyor_time=5.0)
    names = sorted({aisle for port in ports.values() for aisle in port.aisles})
    if not names:
        text = f'plant {plant.name}: found no warehouse port named {prefix}<n>_in_<k> or _out_<k>'
        raise RackError(f'{text}; wanted some, or a rack file')
    aisles = tuple(Aisle(name, bays, levels, 1.6, 1.2, STANDARD) for name in names)
    return Rack(prefix, aisles, ports)
