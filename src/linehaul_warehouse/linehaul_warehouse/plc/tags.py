# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A crane behind the tags of a PLC: which tag means what, from a mapping file.

The mapping gives an address (an OPC UA node id or a Modbus register) for every field of a step and
of a status; reading and writing tags is a client's work, meaning is here. A step is written as
its fields and, last of all, the task id: a PLC acts when that changes, so a half-written step is
never begun. The PLC keeps the last task id and its outcome until the next, which is what makes
repeats harmless. The mapping has `aisle`, and the fields of STEP under `step` and of STATUS under
`status`, each with its address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from linehaul_warehouse.crane_end import Report, Status
from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.ids import AisleId, LoadId, TaskId
from linehaul_warehouse.model import Outcome, Step

STEP = ('kind', 'place', 'load_id', 'x', 'y', 'task_id')
"""Fields of a step in the order of writing; the task id is last."""
STATUS = ('ready', 'load_id', 'running', 'last_task', 'last_outcome', 'x', 'y')

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class TagMap:
    """Addresses by field, for one crane."""

    aisle_id: AisleId
    step: Mapping[str, str]
    status: Mapping[str, str]


def parse_tags(content: Any) -> TagMap:
    """Read a mapping.

    Raises:
        SettingError: a field is missing, unknown or has no address, or an address is used twice
            for writing.
    """
    if not isinstance(content, dict) or set(content) != {'aisle', 'step', 'status'}:
        raise SettingError('tags: wanted aisle, step and status')
    parts = {}
    for name, wanted in (('step', STEP), ('status', STATUS)):
        part = content[name]
        found = set(part) if isinstance(part, dict) else set()
        if found != set(wanted):
            lacking, strange = sorted(set(wanted) - found), sorted(found - set(wanted))
            raise SettingError(f'tags {name}: missing {lacking}, unknown {strange}')
        bad = [k for k, v in part.items() if not isinstance(v, str) or not v.strip()]
        if bad:
            raise SettingError(f'tags {name}: no address for {bad}')
        if len(set(part.values())) != len(part):
            raise SettingError(f'tags {name}: an address is used twice')
        parts[name] = dict(part)
    if not isinstance(content['aisle'], str) or not content['aisle']:
        raise SettingError(f'tags aisle: found {content["aisle"]!r}, wanted text')
    return TagMap(AisleId(content['aisle']), parts['step'], parts['status'])


def writes(tags: TagMap, step: Step) -> list[tuple[str, Value]]:
    """Return (address, value) in the order in which they must be written."""
    values: dict[str, Value] = {
        'kind': int(step.kind),
        'place': step.place.id,
        'load_id': step.load_id,
        'x': step.x,
        'y': step.y,
        'task_id': step.task_id,
    }
    return [(tags.step[name], values[name]) for name in STEP]


def status_of(tags: TagMap, read: Mapping[str, Value | None]) -> Status:
    """Return the status that tag values mean; a tag without a good value makes it not ready.

    Args:
        tags: the mapping.
        read: address to value; None or absent: bad quality.
    """
    values = {name: read.get(address) for name, address in tags.status.items()}
    bad = sorted(name for name, value in values.items() if not _good(name, value))
    if bad:
        text = f'no good value of {", ".join(bad)}'
        return Status(tags.aisle_id, False, LoadId(''), TaskId(''), None, text)
    last = None
    if values['last_task']:
        last = Report(
            tags.aisle_id,
            TaskId(str(values['last_task'])),
            Outcome(int(values['last_outcome'])),  # type: ignore[arg-type]
            float(values['x']),  # type: ignore[arg-type]
            float(values['y']),  # type: ignore[arg-type]
        )
    load, running = LoadId(str(values['load_id'])), TaskId(str(values['running']))
    return Status(tags.aisle_id, bool(values['ready']), load, running, last)


def _good(name: str, value: Value | None) -> bool:
    if value is None:
        return False
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case 'x' | 'y':
            return number and isfinite(value)  # type: ignore[arg-type]
        case 'last_outcome':
            return number and value in tuple(Outcome)
        case 'ready':
            return isinstance(value, bool | int)
        case _:
            return isinstance(value, str)
