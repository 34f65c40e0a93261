# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which values of a PLC or an MES mean what: the mapping file of a real line.

The file names, for each signal of the line, an address that the transport understands: an OPC UA
node id, or a Modbus holding register with its type. `parse_mapping` refuses a wrong file with
every problem; `Seen` is what was read, `apply` puts it into the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from linehaul_line.assembly import Assembly
from linehaul_line.errors import MappingError, StockError
from linehaul_line.ids import ItemId, LineId, StationId
from linehaul_line.line import PartKey, trim
from linehaul_line.packml import State
from linehaul_line.stock import PartStock, count

PROTOCOLS = ('opcua', 'modbus')
#: Registers that a type takes.
WIDTHS = {'uint16': 1, 'int16': 1, 'uint32': 2, 'float32': 2}
_KEYS = {'format', 'line', 'protocol', 'address', 'unit', 'word_order', 'signals', 'stock'}
_KEYS |= {'stations'}
FAULTS = {State.HELD, State.STOPPED, State.ABORTED}
FAULT = 'a fault, says its PLC'


@dataclass(frozen=True, slots=True)
class Signal:
    """One value. address: OPC UA node id, or number of a holding register. kind: register type."""

    address: str
    kind: str = 'uint16'


@dataclass(frozen=True, slots=True)
class LineMapping:
    """A line's PLC. address: URL, or host and port. signals: state, position, speed.

    stations: states of stations, by the same numbers as the line's.
    """

    line: LineId
    protocol: str
    address: str
    unit: int
    little: bool
    signals: Mapping[str, Signal]
    stock: Mapping[PartKey, Signal]
    states: Mapping[int, State]
    stations: Mapping[StationId, Signal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read from a line; None: not mapped. quantity: parts beside each station.

    stations: states of those that are mapped.
    """

    state: State
    position: int | None
    speed: float | None
    quantity: Mapping[PartKey, int]
    stations: Mapping[StationId, State] = field(default_factory=dict)


def parse_mapping(document: Any) -> LineMapping:
    """Return a checked mapping.

    Raises:
        MappingError: with every problem found.
    """
    if not isinstance(document, Mapping):
        raise MappingError(f'{type(document).__name__} found, wanted a mapping')
    problems = [f'{key}: no such key' for key in sorted(set(document) - _KEYS)]
    if document.get('format') != 1:
        problems.append(f'format: {document.get("format")!r} found, wanted 1')
    protocol = document.get('protocol')
    if protocol not in PROTOCOLS:
        problems.append(f'protocol: {protocol!r} found, wanted {" or ".join(PROTOCOLS)}')
    problems += [
        f'{key}: {document.get(key)!r} found, wanted a text'
        for key in ('line', 'address')
        if not isinstance(document.get(key), str)
    ]
    body = document.get('signals')
    body = body if isinstance(body, Mapping) else {}
    if 'state' not in body:
        problems.append('signals: no state found')
    states = _states(body.get('state'), problems)
    signals = {
        name: _signal(f'signals, {name}', body[name], protocol, problems)
        for name in ('state', 'position', 'speed')
        if name in body
    }
    stock = {}
    for index, row in enumerate(document.get('stock') or []):
        where = f'stock, entry {index + 1}'
        if not isinstance(row, Mapping) or not {'station', 'item'} <= set(row):
            problems.append(f'{where}: wanted station, item and an address')
            continue
        key = (StationId(row['station']), ItemId(row['item']))
        stock[key] = _signal(where, row, protocol, problems)
    stations = {}
    for index, row in enumerate(document.get('stations') or []):
        where = f'stations, entry {index + 1}'
        if not isinstance(row, Mapping) or not isinstance(row.get('station'), str):
            problems.append(f'{where}: wanted station and an address')
            continue
        stations[StationId(row['station'])] = _signal(where, row, protocol, problems)
    if problems:
        raise MappingError('\n  '.join([f'{len(problems)} problem(s)', *problems]))
    return LineMapping(
        LineId(document['line']),
        str(protocol),
        document['address'],
        int(document.get('unit', 1)),
        document.get('word_order', 'big') == 'little',
        signals,
        stock,
        states,
        stations,
    )


def _signal(where: str, body: Any, protocol: Any, problems: list[str]) -> Signal:
    body = body if isinstance(body, Mapping) else {}
    if protocol == 'opcua':
        if not isinstance(body.get('node'), str):
            problems.append(f'{where}: wanted node, an OPC UA node id')
        return Signal(str(body.get('node')))
    register, kind = body.get('register'), body.get('type', 'uint16')
    if type(register) is not int or not 0 <= register < 65536:
        problems.append(f'{where}: register {register!r} found, wanted 0 to 65535')
    if kind not in WIDTHS:
        problems.append(f'{where}: type {kind!r} found, wanted {", ".join(WIDTHS)}')
        kind = 'uint16'
    return Signal(str(register), kind)


def _states(body: Any, problems: list[str]) -> dict[int, State]:
    """Return PLC numbers of states; PackML's own where the file names none."""
    names = body.get('values') if isinstance(body, Mapping) else None
    if names is None:
        return {int(state): state for state in State}
    found = {}
    for number, name in names.items():
        if type(number) is not int or str(name).upper() not in State.__members__:
            problems.append(f'signals, state: {number!r}: {name!r} found, wanted a PackML state')
        else:
            found[number] = State[str(name).upper()]
    return found


def seen(
    mapping: LineMapping,
    values: Mapping[str, float],
    stock: Mapping[PartKey, float],
    stations: Mapping[StationId, float] | None = None,
) -> Seen:
    """Return what values mean; a state that the mapping does not know is UNKNOWN.

    Args:
        mapping: of the line.
        values: what was read for each signal.
        stock: what was read for each part.
        stations: what was read for each station.
    """
    position, speed = values.get('position'), values.get('speed')
    return Seen(
        mapping.states.get(int(values['state']), State.UNKNOWN),
        None if position is None else int(position),
        speed if speed is not None and isfinite(speed) and 0.0 < speed <= 2.0 else None,
        {key: int(value) for key, value in stock.items() if isfinite(value) and value >= 0},
        {
            station: mapping.states.get(int(value), State.UNKNOWN)
            for station, value in (stations or {}).items()
            if isfinite(value)
        },
    )


def counted_on(line: Assembly, position: int, offset: int) -> int:
    """Return what to add to a PLC's count of units, which may have begun anew or run over."""
    return offset if position + offset >= line.position else line.position - position


def apply(line: Assembly, read: Seen, now: float) -> Assembly:
    """Return the line as it was seen at a time [s]; a lower count of parts was used up."""
    if read.position is not None and read.position > line.position:
        step = line.plan.takt / line.pace.speed
        line = replace(
            line,
            position=read.position,
            sequence=trim(line.plan, line.sequence, read.position),
            done=line.done + read.position - line.position,
            pace=replace(line.pace, next_step=now + step),
        )
    if read.speed is not None:
        line = replace(line, pace=replace(line.pace, speed=read.speed))
    if read.state != line.state:
        line = replace(line, state=read.state, since=now)
    held = {station: text for station, text in line.held.items() if station not in read.stations}
    faults = (one for one, state in read.stations.items() if state in FAULTS)
    line = replace(line, held=held | {one: line.held.get(one, FAULT) for one in faults})
    stock = dict(line.stock)
    for key, parts in read.quantity.items():
        if key in stock and parts != stock[key].quantity:
            stock[key] = _counted(stock[key], parts)
    return replace(line, stock=stock, now=now)


def _counted(stock: PartStock, parts: int) -> PartStock:
    """Return the stock with so many parts: full containers behind an opened one."""
    full, rest = divmod(parts, stock.container_quantity)
    contents = ((rest,) if rest else ()) + (stock.container_quantity,) * full
    empties = min(stock.empties, max(stock.places - len(contents), 0))
    try:
        return count(stock, contents, empties)
    except StockError:
        contents = (stock.container_quantity,) * stock.places
        return count(stock, contents, 0)
