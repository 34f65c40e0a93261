# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a plant's sensor layer consists of: channels, alarms and bridges, from one file.

    channels: channels.yaml             # or .csv; beside this file, as all names here
    alarms: alarms.yaml                 # optional; limits of the channel table count anyway
    bridges:
      - {id: hall, kind: mqtt, host: 10.0.0.2, host_id: linehaul, topics: hall_topics.yaml}
      - {id: ovens, kind: modbus, file: ovens.yaml}
      - {id: press, kind: opcua, file: press.yaml, processes: 2}
      - {id: robots, kind: ros, file: robots.yaml}
      - {id: gateway, kind: batches, topic: gateway}   # gateway/channels, gateway/readings
    early_warning:                      # optional, and so is each of its keys
      budget: 150.0                     # false warnings a day, all channels together
      sample: 300.0                     # [s] between two looks at a machine as a whole
      interval: 28800.0                 # [s] of one average of the trends of wear
      learn: 60                         # intervals that make a machine's reference
      horizon: 1209600.0                # [s] remaining life that asks for maintenance
      products: [11, 12]                # of channels of quantity product; what is usual depends
                                        # on them; add new ones at the end

A file is used whole or not at all. Passwords stand in a file of their own (`password_file`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from linehaul_floor.errors import Problem
from linehaul_floor.fields import Fields, as_fields

from linehaul_floor import strict_yaml
from linehaul_sensors.alarm_file import read_alarms
from linehaul_sensors.alarm_table import AlarmDef, limit_alarms
from linehaul_sensors.channel_file import read_channels
from linehaul_sensors.channels import ChannelTable
from linehaul_sensors.errors import MappingError
from linehaul_sensors.ids import ChannelId
from linehaul_sensors.json_topics import Rule, parse_mapping
from linehaul_sensors.machine_health import KEPT, HealthRules
from linehaul_sensors.maintenance import MOST_PRODUCTS, MaintenanceRules
from linehaul_sensors.modbus_map import Device, parse_devices
from linehaul_sensors.mqtt import MqttConfig
from linehaul_sensors.opcua_map import Server, parse_server
from linehaul_sensors.ros_topics import RosRule, parse_topics

KINDS = ('mqtt', 'modbus', 'opcua', 'ros', 'batches')


@dataclass(frozen=True, slots=True)
class MqttSource:
    """One broker: Sparkplug by `metrics` (path to channel), plain JSON topics by `rules`."""

    id: str
    config: MqttConfig
    metrics: dict[str, ChannelId]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class ModbusSource:
    """Some Modbus devices."""

    id: str
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class OpcUaSource:
    """One OPC UA server, read by so many processes; 0: in the node's own."""

    id: str
    server: Server
    processes: int


@dataclass(frozen=True, slots=True)
class RosSource:
    """ROS topics of robots and machines."""

    id: str
    rules: tuple[RosRule, ...]


@dataclass(frozen=True, slots=True)
class BatchSource:
    """Batches of another process on `<topic>/readings`, with births on `<topic>/channels`."""

    id: str
    topic: str


Source: TypeAlias = MqttSource | ModbusSource | OpcUaSource | RosSource | BatchSource


@dataclass(frozen=True, slots=True)
class SensorPlant:
    """The sensor layer of a plant."""

    table: ChannelTable
    alarms: tuple[AlarmDef, ...]
    sources: tuple[Source, ...]
    rules: MaintenanceRules


def read_sensors(path: Path) -> SensorPlant:
    """Read a plant's sensor layer.

    Raises:
        MappingError: the file or a bridge's mapping is wrong; with every problem of that file.
        ChannelFileError: the channel table is wrong.
        AlarmFileError: the alarm table is wrong.
    """
    document, problems = strict_yaml.read(_text(path))
    root = as_fields({} if document is None else document, '', problems)
    channels = root.text('channels')
    alarm_file = root.text('alarms') if root.has('alarms') else ''
    rows = list(root.children('bridges', optional=False))
    rules = _rules(root.child('early_warning', optional=True))
    root.finish()
    if problems:
        raise MappingError(str(path), problems)
    table = read_channels(path.parent / channels)
    alarms = tuple(limit_alarms(table))
    if alarm_file:
        alarms = read_alarms(path.parent / alarm_file, table, alarms)
    sources = tuple(_source(row, path.parent, table) for row in rows)
    names = [source.id for source in sources]
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(Problem('duplicate', f'bridge {name}', 'its id is there twice', 'rename'))
    if problems:
        raise MappingError(str(path), problems)
    return SensorPlant(table, alarms, sources, rules)


def _rules(row: Fields) -> MaintenanceRules:
    day, usual = 86_400.0, HealthRules()
    health = HealthRules(
        interval=row.number('interval', usual.interval, low=1.0, high=day),
        learn=int(row.number('learn', usual.learn, low=8, high=KEPT)),
        horizon=row.number('horizon', usual.horizon, low=1.0, high=1e4 * day),
    )
    rules = MaintenanceRules(
        budget=row.number('budget', 150.0, low=0.1, high=1e6),
        sample=row.number('sample', 300.0, low=0.1, high=day),
        health=health,
        products=_products(row),
    )
    row.finish()
    return rules


def _products(row: Fields) -> tuple[int, ...]:
    found = row.get('products', [])
    numbers = isinstance(found, list) and all(type(one) is int for one in found)
    if not numbers or len(set(found)) < len(found) or len(found) > MOST_PRODUCTS:
        wanted = f'list up to {MOST_PRODUCTS} different whole numbers'
        row.note('bad_products', 'products', f'{found!r:.60}', wanted)
        return ()
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem('unreadable', str(path), str(error), 'give a UTF-8 text file')
        raise MappingError(str(path), [problem]) from error


def _source(row: Fields, folder: Path, table: ChannelTable) -> Source:
    name, kind = row.identifier(), row.choice('kind', KINDS)
    if kind == 'mqtt':
        return _mqtt(name, row, folder)
    if kind == 'batches':
        topic = row.text('topic')
        row.finish()
        return BatchSource(name, topic)
    processes = row.integer('processes', 0) if kind == 'opcua' else 0
    path = folder / row.text('file')
    row.finish()
    text = _text(path)
    if kind == 'modbus':
        return ModbusSource(name, parse_devices(text, table, str(path)))
    if kind == 'opcua':
        return OpcUaSource(name, parse_server(text, table, str(path)), processes)
    return RosSource(name, parse_topics(text, table, str(path)))


def _mqtt(name: str, row: Fields, folder: Path) -> MqttSource:
    rules: tuple[Rule, ...] = ()
    if row.has('topics'):
        path = folder / row.text('topics')
        rules = parse_mapping(_text(path), str(path))
    password = ''
    if row.has('password_file'):
        password = _text(folder / row.text('password_file')).strip()
    metrics = row.get('metrics', {})
    if not isinstance(metrics, dict) or not all(isinstance(v, str) for v in metrics.values()):
        row.note('bad_metrics', 'metrics', f'{metrics!r:.60}', 'write metric path: channel id')
        metrics = {}
    config = MqttConfig(
        host=row.text('host', 'localhost'),
        port=row.integer('port', 1883, low=1),
        user=row.text('user') if row.has('user') else '',
        password=password,
        ca_file=str(folder / row.text('ca_file')) if row.has('ca_file') else '',
        host_id=str(row.get('host_id', 'linehaul')),
        groups=row.texts('groups', ()),
    )
    row.finish()
    return MqttSource(name, config, {k: ChannelId(v) for k, v in metrics.items()}, rules)
