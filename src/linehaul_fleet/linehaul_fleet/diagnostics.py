# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How the fleet and each vehicle are, for /diagnostics: a level, a line, and values."""

from math import isfinite

from linehaul_ros.health import Health, Level

from linehaul_fleet.acts import Mode
from linehaul_fleet.delivery import Phase
from linehaul_fleet.model import Vehicle
from linehaul_fleet.operating import retriable
from linehaul_fleet.situation import Situation
from linehaul_vda5050 import ErrorLevel


def diagnose(s: Situation, journal: str, now: float, *, alone: bool = False) -> list[Health]:
    """Return the health of the fleet, its deliveries, and each vehicle.

    Args:
        s: the situation.
        journal: what is wrong with the journal; empty: nothing.
        now: plant time [s].
        alone: deliveries wait for a warehouse that does not answer.
    """
    vehicles = [_vehicle(s, vehicle, now) for vehicle in s.model.vehicles.values()]
    return [_fleet(s, journal), _deliveries(s, alone), *vehicles]


def _fleet(s: Situation, journal: str) -> Health:
    control = s.model.control
    values = (
        ('mode', control.mode.name),
        ('vehicles', str(len(s.model.vehicles))),
        ('set aside', str(len(control.aside))),
        ('in trouble', str(len(s.troubles))),
        ('roads closed or slowed', str(len(control.limits))),
        ('loads to be found', str(len(control.lost))),
    )
    if journal:
        return Health('fleet', Level.ERROR, journal, values)
    if control.lost:
        return Health('fleet', Level.ERROR, 'loads must be looked for', values)
    if control.mode is not Mode.RUNNING:
        by = f'{control.mode.name.lower()} by {control.actor}: {control.reason}'
        return Health('fleet', Level.WARN, by, values)
    if s.desk.notices:
        return Health('fleet', Level.WARN, '; '.join(s.desk.notices), values)
    return Health('fleet', Level.OK, 'runs', values)


def _deliveries(s: Situation, alone: bool) -> Health:
    opened = s.model.open.values()
    waiting = [d.request.request_id for d in opened if d.phase is Phase.WAITING_FOR_PERSON]
    late = [d for d in opened if isfinite(d.slack) and d.slack < 0.0]
    values = (
        ('open', str(len(s.model.open))),
        ('late', str(len(late))),
        ('waiting for a person', ' '.join(waiting[:20])),
    )
    if waiting:
        text = f'{len(waiting)} wait for a person'
        return Health('fleet deliveries', Level.ERROR, text, values)
    if alone:
        return Health('fleet deliveries', Level.WARN, 'the warehouse does not answer', values)
    if late:
        text = f'{len(late)} of {len(s.model.open)} will be late'
        return Health('fleet deliveries', Level.WARN, text, values)
    return Health('fleet deliveries', Level.OK, f'{len(s.model.open)} open', values)


def _vehicle(s: Situation, vehicle: Vehicle, now: float) -> Health:
    state, name = vehicle.state, f'fleet vehicle {vehicle.id}'
    level, text = _judge(s, vehicle)
    if state is None:
        return Health(name, level, text, (), vehicle.id)
    values = (
        ('mode', state.operating_mode.name),
        ('connection', vehicle.connection.name),
        ('state age', f'{max(now - vehicle.heard, 0.0):.1f} s'),
        ('charge', f'{state.power_supply.state_of_charge:.2f}'),
        ('last node', str(state.last_node_id)[:60]),
        ('job', vehicle.job.kind.name.lower() if vehicle.job else 'none'),
        ('order', str(state.order_id)[:60]),
        ('loads', ' '.join(vehicle.loads)[:200]),
        ('errors', '; '.join(e.error_type for e in state.errors)[:200]),
    )
    return Health(name, level, text, values, vehicle.id)


def _judge(s: Situation, vehicle: Vehicle) -> tuple[Level, str]:
    state = vehicle.state
    if vehicle.id in s.model.control.gone:
        return Level.WARN, str(s.model.control.aside.get(vehicle.id, 'off the floor'))
    if state is None:
        return Level.STALE, 'has not reported'
    aside = s.model.control.aside.get(vehicle.id)
    if aside is not None:
        return (Level.WARN if aside.by_person else Level.ERROR), str(aside)
    trouble = s.troubles.get(vehicle.id)
    if trouble is not None:
        return (Level.ERROR if trouble.grave else Level.STALE), trouble.reason
    if retriable(vehicle) is not None:
        return Level.WARN, vehicle.note or 'a handover waits for its next try'
    worst = max((e.error_level for e in state.errors), default=ErrorLevel.UNKNOWN)
    if worst >= ErrorLevel.URGENT:
        return Level.WARN, state.errors[0].error_type
    return Level.OK, 'works' if vehicle.job else 'idle'
