# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What to take from an OPC UA server: a mapping of its nodes to channels.

server:
  url: opc.tcp://10.0.0.9:4840
  publishing: 500             # [ms]
  nodes:
    - {channel: press_1_t, node: 'ns=2;s=Press1.Temperature', unit: '[degF]', deadband: 0.1}
"""

from dataclasses import dataclass

from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors import units
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import MappingError
from linehaul_sensors.ids import ChannelId


@dataclass(frozen=True, slots=True)
class Item:
    """One node: channel number, node id, conversion, deadband in the server's unit (0: none)."""

    channel: int
    node: str
    factor: float
    offset: float
    deadband: float


@dataclass(frozen=True, slots=True)
class Server:
    """One server and what to take from it."""

    url: str
    publishing: float
    items: tuple[Item, ...]


def parse_server(text: str, table: ChannelTable, source: str = 'opcua') -> Server:
    """Return the server of a YAML text with one key, `server`.

    Raises:
        MappingError: with every problem found.
    """
    document, problems = strict_yaml.read(text)
    root = as_fields({} if document is None else document, '', problems)
    row = root.child('server')
    items = tuple(_item(one, table) for one in row.children('nodes', optional=False))
    server = Server(row.text('url'), row.number('publishing', 500.0, low=10.0), items)
    row.finish()
    root.finish()
    if problems:
        raise MappingError(source, problems)
    return server


def _item(row: Fields, table: ChannelTable) -> Item:
    from asyncua import ua  # takes a second, which plants without OPC UA need not wait
    from asyncua.ua.uaerrors import UaError

    name, node = row.text('channel'), row.text('node')
    number = table.index.get(ChannelId(name), -1)
    factor, offset = 1.0, 0.0
    if number < 0:
        row.note('unknown_channel', 'channel', name, 'name one of the channel table')
    elif row.has('unit'):
        wanted = table.channels[number].unit
        change = units.conversion(row.text('unit'), wanted)
        if change is None:
            row.note('wrong_unit', 'unit', f'cannot become {wanted}', 'mend one of them')
        else:
            factor, offset = change
    try:
        ua.NodeId.from_string(node)
    except UaError as error:
        row.note('bad_node', 'node', f'{node!r}: {error}', 'write an id such as ns=2;s=Name')
    item = Item(number, node, factor, offset, row.number('deadband', 0.0, low=0.0))
    row.finish()
    return item
