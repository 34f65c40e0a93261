# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How the sensor layer is, for /diagnostics: a level, a line, and values."""

from collections.abc import Sequence

from linehaul_ros.health import Health, Level

from linehaul_sensors.alarm_states import State
from linehaul_sensors.alarm_table import Priority
from linehaul_sensors.pipeline import Pipeline
from linehaul_sensors.sources import Running


def diagnose(
    pipeline: Pipeline, sources: Sequence[Running], troubles: Sequence[str], now: float
) -> list[Health]:
    """Return the health of the layer, its bridges, alarms and warnings; `now` in s."""
    bridges = [_bridge(one) for one in sources]
    return [_layer(pipeline, troubles), *bridges, _alarms(pipeline, now), _warnings(pipeline)]


def _layer(pipeline: Pipeline, troubles: Sequence[str]) -> Health:
    found = {flag: count for flag, count in pipeline.quality.found.items() if count}
    values = (
        ('channels', str(pipeline.context.size)),
        ('stale', str(pipeline.quality.stale_now)),
        ('lost to history', str(pipeline.lost_to_history)),
        *((f'found {(flag.name or "").lower()}', str(n)) for flag, n in found.items()),
        ('warning threshold', f'{pipeline.maintenance.watch.threshold:.2f}'),
    )
    told = [text for text in troubles if text]
    if told:
        return Health('sensors', Level.ERROR, '; '.join(told), values)
    if pipeline.quality.stale_now:
        text = f'{pipeline.quality.stale_now} channels are stale'
        return Health('sensors', Level.WARN, text, values)
    return Health('sensors', Level.OK, 'readings come', values)


def _bridge(one: Running) -> Health:
    values = (
        ('kind', one.kind),
        ('readings', str(one.readings)),
        ('faults', str(one.faults)),
        ('dropped', str(one.dropped)),
        ('last fault', one.last_fault[:200]),
    )
    name = f'sensors bridge {one.id}'
    if not one.bridge.connected:
        return Health(name, Level.STALE, 'no peer answers', values)
    if one.dropped:
        return Health(name, Level.WARN, f'{one.dropped} messages could not be taken', values)
    return Health(name, Level.OK, 'connected', values)


def _alarms(pipeline: Pipeline, now: float) -> Health:
    views = pipeline.alarms.views()
    waiting = [v for v in views if v.state is State.UNACKNOWLEDGED]
    chatter = pipeline.alarms.book.rate.chattering(now)
    values = (
        ('not normal', str(len(views))),
        ('unacknowledged', str(len(waiting))),
        ('announced in 10 minutes', str(len(pipeline.alarms.book.rate.times))),
        ('chattering', ' '.join(chatter)[:200]),
    )
    if not waiting:
        return Health('alarms', Level.OK, 'none waits for an acknowledgement', values)
    worst = max(waiting, key=lambda v: v.alarm.priority).alarm
    level = Level.ERROR if worst.priority >= Priority.HIGH else Level.WARN
    text = f'{len(waiting)} wait, first of all {worst.id}: {worst.message}'
    if pipeline.alarms.book.rate.flood:
        text = f'flood; {text}'
    return Health('alarms', level, text, values)


def _warnings(pipeline: Pipeline) -> Health:
    views = pipeline.maintenance.book.views()
    values = tuple((r.id, f'{r.message}; {r.proposal}'[:300]) for r in views[:10])
    if not views:
        return Health('early warnings', Level.OK, 'none is open', values)
    return Health('early warnings', Level.WARN, f'{len(views)} are open', values)
