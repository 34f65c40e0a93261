# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Sparkplug B payloads and topics: bytes to metrics and back.

The message types are built at import from the field numbers of the specification, on protobuf's
own runtime, so that no generated code is needed.

Source: Eclipse Sparkplug Specification 3.0.0, sections 4 (topics) and 6.4 (payloads).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from linehaul_sensors.errors import SparkplugError

NAMESPACE = 'spBv1.0'
EDGE_KINDS = ('NBIRTH', 'NDEATH', 'NDATA', 'NCMD')
DEVICE_KINDS = ('DBIRTH', 'DDEATH', 'DDATA', 'DCMD')
REBIRTH = 'Node Control/Rebirth'
BDSEQ = 'bdSeq'


class DataType(IntEnum):
    """The data types whose values are numbers or texts."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14


_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_F = descriptor_pb2.FieldDescriptorProto
_VALUES = [
    ('int_value', 'TYPE_UINT32'),
    ('long_value', 'TYPE_UINT64'),
    ('float_value', 'TYPE_FLOAT'),
    ('double_value', 'TYPE_DOUBLE'),
    ('boolean_value', 'TYPE_BOOL'),
    ('string_value', 'TYPE_STRING'),
]
_MESSAGES: dict[str, list[tuple[str, int, str, bool]]] = {
    'PropertyValue': [('type', 1, 'TYPE_UINT32', False), ('is_null', 2, 'TYPE_BOOL', False)],
    'PropertySet': [('keys', 1, 'TYPE_STRING', True), ('values', 2, '.PropertyValue', True)],
    'Metric': [
        ('name', 1, 'TYPE_STRING', False),
        ('alias', 2, 'TYPE_UINT64', False),
        ('timestamp', 3, 'TYPE_UINT64', False),
        ('datatype', 4, 'TYPE_UINT32', False),
        ('is_historical', 5, 'TYPE_BOOL', False),
        ('is_transient', 6, 'TYPE_BOOL', False),
        ('is_null', 7, 'TYPE_BOOL', False),
        ('properties', 9, '.PropertySet', False),
    ],
    'Payload': [
        ('timestamp', 1, 'TYPE_UINT64', False),
        ('metrics', 2, '.Metric', True),
        ('seq', 3, 'TYPE_UINT64', False),
        ('uuid', 4, 'TYPE_STRING', False),
        ('body', 5, 'TYPE_BYTES', False),
    ],
}
_FIRST_VALUE = {'PropertyValue': 3, 'Metric': 10}


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name='linehaul_sparkplug.proto', package='linehaul.sparkplug', syntax='proto2'
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, many in fields:
            _add(message, field, number, kind, many)
        if name in _FIRST_VALUE:
            message.oneof_decl.add(name='value')
            for k, (field, kind) in enumerate(_VALUES):
                _add(message, field, _FIRST_VALUE[name] + k, kind, False).oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f'linehaul.sparkplug.{name}')
        )
        for name in _MESSAGES
    }


def _add(message: Any, name: str, number: int, kind: str, many: bool) -> Any:
    field = message.field.add(name=name, number=number)
    field.label = _F.LABEL_REPEATED if many else _F.LABEL_OPTIONAL
    if kind.startswith('.'):
        field.type, field.type_name = _F.TYPE_MESSAGE, f'.linehaul.sparkplug{kind}'
    else:
        field.type = getattr(_F, kind)
    return field


_CLASSES = _build()
Payload: Any = _CLASSES['Payload']


@dataclass(frozen=True, slots=True)
class Topic:
    """A Sparkplug topic; `device` is '' for messages of the edge node itself."""

    group: str
    kind: str
    edge: str
    device: str = ''

    def __str__(self) -> str:
        parts = (NAMESPACE, self.group, self.kind, self.edge, self.device)
        return '/'.join(part for part in parts if part)


def parse_topic(text: str) -> Topic:
    """Return the parts of a topic.

    Raises:
        SparkplugError: it is none of an edge node or device.
    """
    parts = text.split('/')
    if len(parts) in (4, 5) and parts[0] == NAMESPACE and all(parts):
        topic = Topic(parts[1], parts[2], parts[3], parts[4] if len(parts) == 5 else '')
        if topic.kind in (DEVICE_KINDS if topic.device else EDGE_KINDS):
            return topic
    raise SparkplugError(f'{text!r} is no Sparkplug topic of an edge node or device')


def decode(data: bytes) -> Any:
    """Return the payload message.

    Raises:
        SparkplugError: the bytes are none.
    """
    payload = Payload()
    try:
        payload.ParseFromString(data)
    except DecodeError as error:
        raise SparkplugError(f'{len(data)} bytes are no Sparkplug payload: {error}') from error
    return payload


def number(metric: Any, datatype: int) -> float:
    """Return the value of a metric; NaN where it is null or no number.

    Args:
        metric: of a payload.
        datatype: from the metric or from its birth.
    """
    if metric.is_null:
        return math.nan
    which = metric.WhichOneof('value')
    if which is None or which == 'string_value':
        return math.nan
    value = getattr(metric, which)
    bits = _SIGNED.get(datatype)
    if bits and which in ('int_value', 'long_value'):
        value &= (1 << bits) - 1
        if value >= 1 << (bits - 1):
            value -= 1 << bits
    return float(value)


def properties(metric: Any) -> dict[str, Any]:
    """Return the properties of a metric, such as Quality and engUnit."""
    if not metric.HasField('properties'):
        return {}
    found = {}
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        which = value.WhichOneof('value')
        if which is not None:
            found[key] = getattr(value, which)
    return found


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric to send: name and alias (0: none), data type, value, time [ms]."""

    name: str
    datatype: DataType
    value: float | int | bool | str | None
    alias: int = 0
    time: int = 0
    historical: bool = False
    unit: str = ''
    quality: int | None = None


def encode(metrics: Sequence[Metric], time: int, seq: int | None) -> bytes:
    """Return a payload; without `seq` as in NDEATH and commands.

    Args:
        metrics: in their order.
        time: [ms].
        seq: 0 to 255.
    """
    payload = Payload(timestamp=time)
    if seq is not None:
        payload.seq = seq
    for one in metrics:
        _fill(payload.metrics.add(), one)
    data: bytes = payload.SerializeToString()
    return data


def _fill(metric: Any, one: Metric) -> None:
    if one.name:
        metric.name = one.name
    if one.alias:
        metric.alias = one.alias
    metric.timestamp = one.time
    metric.datatype = one.datatype
    if one.historical:
        metric.is_historical = True
    if one.unit:
        metric.properties.keys.append('engUnit')
        metric.properties.values.add(type=DataType.STRING, string_value=one.unit)
    if one.quality is not None:
        metric.properties.keys.append('Quality')
        metric.properties.values.add(type=DataType.INT32, int_value=one.quality)
    if one.value is None:
        metric.is_null = True
    elif one.datatype in (DataType.STRING, DataType.TEXT):
        metric.string_value = str(one.value)
    elif one.datatype is DataType.BOOLEAN:
        metric.boolean_value = bool(one.value)
    elif one.datatype is DataType.FLOAT:
        metric.float_value = float(one.value)
    elif one.datatype is DataType.DOUBLE:
        metric.double_value = float(one.value)
    elif one.datatype in (DataType.INT64, DataType.UINT64, DataType.DATETIME):
        metric.long_value = int(one.value) & 0xFFFF_FFFF_FFFF_FFFF
    else:
        metric.int_value = int(one.value) & ((1 << _SIGNED.get(one.datatype, 32)) - 1)
