# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The mapping file of a wired station: where its bits are, over Modbus TCP or OPC UA.

    format: 1
    port: fa1_07
    flow: in                      # in, out or both; both needs sensors
    poll: 0.1                     # s
    modbus: {host: 10.0.0.7, port: 502, device: 1, timeout: 0.5}
    inputs:
      l_req: {table: discrete_input, address: 0}
      ready: {table: discrete_input, address: 1}
      ho_avbl: {table: discrete_input, address: 2}
      es: {table: discrete_input, address: 3, invert: true}
    outputs:
      valid: {table: coil, address: 0}
      ...

Over OPC UA: `opcua: {url: opc.tcp://10.0.0.7:4840, timeout: 0.5}`, and each bit is
`{node: 'ns=2;s=Port.L_REQ'}`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import yaml

from linehaul_transfer.errors import MappingError

FORMAT = 1
INPUTS = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es', 'present', 'placed')
OUTPUTS = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'alive')
NEEDED = {'ready', 'ho_avbl', 'es'}
READ_TABLES = ('coil', 'discrete_input')


class Flow(Enum):
    """Which way loads go at a port."""

    IN = 'in'
    OUT = 'out'
    BOTH = 'both'


@dataclass(frozen=True, slots=True)
class Bit:
    """Where one bit is: a Modbus table and address, or an OPC UA node id."""

    table: str = ''
    address: int = 0
    node: str = ''
    invert: bool = False


@dataclass(frozen=True, slots=True)
class StationMap:
    """How to reach a station. timeout and poll in s.

    Attributes:
        port: Port it is.
        protocol: modbus or opcua.
        target: Host, or OPC UA URL.
        tcp_port, device: Modbus only.
        inputs, outputs: Bit by name; 'alive' changes with every cycle, so that a station can tell
            when nobody talks to it any more.
    """

    port: str
    flow: Flow
    protocol: str
    target: str
    tcp_port: int
    device: int
    timeout: float
    poll: float
    inputs: Mapping[str, Bit]
    outputs: Mapping[str, Bit]


def parse_map(text: str) -> StationMap:
    """Read a mapping file.

    Raises:
        MappingError: it is not YAML, or an entry is missing, unknown or out of range.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingError(f'not YAML: {error}') from error
    top = _mapping(raw, 'the file')
    if top.get('format') != FORMAT:
        raise MappingError(f'format: found {top.get("format")!r}, wanted {FORMAT}')
    known = {'format', 'port', 'flow', 'poll', 'modbus', 'opcua', 'inputs', 'outputs'}
    _only(top, known, 'the file')
    protocols = [name for name in ('modbus', 'opcua') if name in top]
    if len(protocols) != 1:
        raise MappingError('give either modbus or opcua')
    protocol = protocols[0]
    link = _mapping(top[protocol], protocol)
    _only(link, {'host', 'port', 'device', 'timeout', 'url'}, protocol)
    inputs = _bits(top, 'inputs', INPUTS, protocol)
    outputs = _bits(top, 'outputs', OUTPUTS, protocol)
    flow = _flow(top.get('flow', 'both'))
    _complete(inputs, outputs, flow)
    return StationMap(
        port=_text(top, 'port', 'the file'),
        flow=flow,
        protocol=protocol,
        target=_text(link, 'host' if protocol == 'modbus' else 'url', protocol),
        tcp_port=_whole(link, 'port', 502, 65535),
        device=_whole(link, 'device', 1, 247),
        timeout=_seconds(link, 'timeout', 0.5),
        poll=_seconds(top, 'poll', 0.1),
        inputs=inputs,
        outputs=outputs,
    )


def _complete(inputs: Mapping[str, Bit], outputs: Mapping[str, Bit], flow: Flow) -> None:
    need = set(NEEDED)
    need |= {'l_req'} if flow is not Flow.OUT else set()
    need |= {'u_req'} if flow is not Flow.IN else set()
    need |= {'present', 'placed'} if flow is Flow.BOTH else set()
    missing = sorted(need - set(inputs))
    if missing:
        raise MappingError(f'inputs: {", ".join(missing)} missing with flow {flow.value}')
    if ('present' in inputs) is not ('placed' in inputs):
        raise MappingError('inputs: give both of present and placed, or neither')
    missing = sorted({'valid', 'tr_req', 'busy', 'compt'} - set(outputs))
    if missing:
        raise MappingError(f'outputs: {", ".join(missing)} missing')
    places = [(bit.table, bit.address, bit.node) for bit in outputs.values()]
    if len(set(places)) < len(places):
        raise MappingError('outputs: two of them have the same place')


def _bits(
    top: Mapping[str, Any], part: str, names: tuple[str, ...], protocol: str
) -> dict[str, Bit]:
    found = _mapping(top.get(part), part)
    _only(found, set(names), part)
    tables = READ_TABLES if part == 'inputs' else ('coil',)
    return {name: _bit(item, f'{part}: {name}', tables, protocol) for name, item in found.items()}


def _bit(item: Any, where: str, tables: tuple[str, ...], protocol: str) -> Bit:
    entry = _mapping(item, where)
    invert = entry.get('invert', False)
    if not isinstance(invert, bool):
        raise MappingError(f'{where}: invert: found {invert!r}, wanted true or false')
    if protocol == 'opcua':
        _only(entry, {'node', 'invert'}, where)
        return Bit(node=_text(entry, 'node', where), invert=invert)
    _only(entry, {'table', 'address', 'invert'}, where)
    table, address = entry.get('table'), entry.get('address')
    if table not in tables:
        raise MappingError(f'{where}: table: found {table!r}, wanted {" or ".join(tables)}')
    if type(address) is not int or not 0 <= address <= 65535:
        raise MappingError(f'{where}: address: found {address!r}, wanted 0 to 65535')
    return Bit(table=table, address=address, invert=invert)


def _flow(value: Any) -> Flow:
    if value not in [flow.value for flow in Flow]:
        raise MappingError(f'flow: found {value!r}, wanted in, out or both')
    return Flow(value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MappingError(f'{where}: found {type(value).__name__}, wanted a mapping')
    return value


def _only(value: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(name) for name in value if name not in known)
    if unknown:
        text = f'{where}: {", ".join(unknown)} unknown; known are {", ".join(sorted(known))}'
        raise MappingError(text)


def _text(value: Mapping[str, Any], name: str, where: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise MappingError(f'{where}: {name}: found {found!r}, wanted a text')
    return found


def _whole(value: Mapping[str, Any], name: str, default: int, most: int) -> int:
    found = value.get(name, default)
    if type(found) is not int or not 0 <= found <= most:
        raise MappingError(f'{name}: found {found!r}, wanted 0 to {most}')
    return found


def _seconds(value: Mapping[str, Any], name: str, default: float) -> float:
    found = value.get(name, default)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if not number or not math.isfinite(found) or not 0.0 < found <= 60.0:
        raise MappingError(f'{name}: found {found!r}, wanted seconds above 0 and up to 60')
    return float(found)
