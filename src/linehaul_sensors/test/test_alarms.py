# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The alarm system as a whole: groups, commands, shelving, restarts, flood and the report."""

import json
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.alarm_book import AlarmEvent, from_record, to_record
from linehaul_sensors.alarm_groups import HOLD
from linehaul_sensors.alarm_metrics import report
from linehaul_sensors.alarm_states import Event, Hidden, State
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority
from linehaul_sensors.alarm_view import BUDGET, fit, size
from linehaul_sensors.alarms import COMMANDS, Alarms
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.codes import Code, Refusal
from linehaul_sensors.quality import QualityCheck
from linehaul_sensors.readings import NS, make_readings

T0 = 1_800_000_000.0
EMPTY = make_table([Channel('a', 'state', '1', 'p', 'e')])


def external(name, priority=Priority.LOW, **more):
    return AlarmDef(name, Kind.EXTERNAL, None, 'e', priority, 'm', 'c', 'r', **more)


CHAIN = [
    external('chain', Priority.HIGH),
    external('zone', causes=('chain',)),
    *[external(f'starved_{k}', causes=('zone',)) for k in range(40)],
]


def replayed(alarms, events):
    """Return a system that went through a restart: events to text and back."""
    lines = [json.dumps(to_record(event)) for event in events]
    again = Alarms(alarms.definitions, EMPTY)
    again.restore(from_record(json.loads(line)) for line in lines)
    return again


def shown(alarms):
    return {v.alarm.id: v.state for v in alarms.views()}


def same(a, b):
    def state(system):
        return [
            (v.alarm.id, v.state, v.active, v.raised, v.changed, v.cause, v.consequences, v.actor,
             v.reason, repr(v.until))
            for v in system.views()
        ]  # fmt: skip

    return state(a) == state(b) and a.book.members == b.book.members


def test_a_stopped_chain_raises_one_alarm_not_forty():
    alarms = Alarms(CHAIN, EMPTY)
    alarms.set_condition('chain', True, T0)
    for k in range(40):
        alarms.set_condition(f'starved_{k}', True, T0 + 1 + k)
    in_view = [v for v in alarms.views() if v.state is State.UNACKNOWLEDGED]
    assert [(v.alarm.id, v.consequences) for v in in_view] == [('chain', 40)]
    assert len(alarms.book.rate.times) == 1
    assert not alarms.book.rate.flood


def test_consequences_that_were_seen_first_go_under_their_cause():
    alarms = Alarms(CHAIN, EMPTY)
    for k in range(5):
        alarms.set_condition(f'starved_{k}', True, T0 + k)
    alarms.command(Event.ACKNOWLEDGE, ['starved_0'], actor='kim', now=T0 + 5)
    alarms.set_condition('zone', True, T0 + 6)
    alarms.set_condition('chain', True, T0 + 7)
    assert shown(alarms) == {
        'chain': State.UNACKNOWLEDGED,
        'zone': State.SUPPRESSED_BY_DESIGN,
        'starved_0': State.ACKNOWLEDGED,  # a person has it in hand
        **{f'starved_{k}': State.SUPPRESSED_BY_DESIGN for k in range(1, 5)},
    }
    assert {v.alarm.id: v.cause for v in alarms.views()}['starved_3'] == 'chain'


def test_what_is_still_there_after_the_cause_is_announced():
    alarms = Alarms(CHAIN, EMPTY)
    alarms.set_condition('chain', True, T0)
    alarms.set_condition('starved_1', True, T0 + 1)
    alarms.set_condition('starved_2', True, T0 + 1)
    alarms.command(Event.ACKNOWLEDGE, ['chain'], actor='kim', now=T0 + 2)
    alarms.set_condition('chain', False, T0 + 10)
    alarms.set_condition('starved_2', False, T0 + 20)
    alarms.tick(T0 + 10 + HOLD - 1)
    assert shown(alarms) == {'starved_1': State.SUPPRESSED_BY_DESIGN}
    events = alarms.tick(T0 + 10 + HOLD)
    assert [(e.alarm, e.event) for e in events] == [('starved_1', Event.UNGROUP)]
    assert shown(alarms) == {'starved_1': State.UNACKNOWLEDGED}


def test_consequences_move_to_another_cause_that_is_still_there():
    alarms = Alarms(CHAIN, EMPTY)
    alarms.set_condition('chain', True, T0)
    alarms.set_condition('starved_1', True, T0 + 1)
    alarms.set_condition('zone', True, T0 + 2)
    alarms.set_condition('chain', False, T0 + 3)
    alarms.tick(T0 + 3 + HOLD)
    assert shown(alarms)['zone'] is State.UNACKNOWLEDGED
    alarms.tick(T0 + 4 + HOLD)
    views = {v.alarm.id: v for v in alarms.views()}
    assert (views['starved_1'].cause, views['zone'].consequences) == ('zone', 1)


def test_first_out_is_the_first_by_time_not_by_arrival():
    group = [external(name, group='pump') for name in 'abc']
    alarms = Alarms(group, EMPTY)
    alarms.set_condition('a', True, T0)
    alarms.set_condition('b', True, T0 + 2)
    assert {v.alarm.id: v.cause for v in alarms.views()} == {'a': '', 'b': 'a'}
    alarms.set_condition('c', True, T0 - 1)
    assert {v.alarm.id: v.cause for v in alarms.views()} == {'a': 'c', 'b': 'c', 'c': ''}


def test_a_cause_that_is_out_of_service_explains_nothing():
    alarms = Alarms(CHAIN, EMPTY)
    alarms.set_condition('chain', True, T0)
    alarms.set_condition('starved_1', True, T0)
    alarms.command(Event.OUT_OF_SERVICE, ['chain'], actor='kim', reason='sensor', now=T0 + 1)
    alarms.tick(T0 + 2)
    assert shown(alarms)['starved_1'] is State.UNACKNOWLEDGED


def test_shelving_ends_by_itself_and_announces_what_is_there():
    alarms = Alarms([external('a'), external('b')], EMPTY)
    for name in 'ab':
        alarms.set_condition(name, True, T0)
    done = alarms.command(
        Event.SHELVE, ['a', 'b'], actor='kim', reason='works', duration=600.0, now=T0 + 1
    )
    assert len(done) == 2
    alarms.set_condition('b', False, T0 + 5)
    assert alarms.tick(T0 + 600) == []
    assert shown(alarms) == {'a': State.SHELVED, 'b': State.SHELVED}
    view = alarms.views()[0]
    assert (view.actor, view.reason, view.until) == ('kim', 'works', T0 + 601)
    assert len(alarms.tick(T0 + 601)) == 2
    assert shown(alarms) == {'a': State.UNACKNOWLEDGED}


def test_shelving_that_ran_out_during_a_restart_ends_at_once():
    alarms = Alarms([external('a')], EMPTY)
    events = alarms.set_condition('a', True, T0)
    events += alarms.command(
        Event.SHELVE, ['a'], actor='kim', reason='works', duration=60.0, now=T0
    )
    again = replayed(alarms, events)
    assert shown(again) == {'a': State.SHELVED}
    again.tick(T0 + 3600)
    assert shown(again) == {'a': State.UNACKNOWLEDGED}


def test_suppressed_by_design_holds_while_the_machine_rests():
    alarms = Alarms([external('a'), external('b')], EMPTY)
    assert len(alarms.suppress(['a', 'b'], True, 'machine stopped', T0)) == 2
    assert alarms.suppress(['a'], True, 'machine stopped', T0) == []
    alarms.set_condition('a', True, T0 + 1)
    assert set(shown(alarms).values()) == {State.SUPPRESSED_BY_DESIGN}
    alarms.suppress(['a', 'b'], False, 'machine runs', T0 + 2)
    assert shown(alarms) == {'a': State.UNACKNOWLEDGED}


def test_a_latched_alarm_stays_until_it_is_reset():
    alarms = Alarms([external('a', latching=True)], EMPTY)
    alarms.set_condition('a', True, T0)
    alarms.set_condition('a', False, T0 + 1)
    assert shown(alarms) == {'a': State.LATCHED_UNACKNOWLEDGED}
    refused = alarms.command(Event.RESET, ['a'], actor='kim', now=T0 + 2)
    assert refused.code is Code.ALARM_TRANSITION_NOT_ALLOWED
    alarms.command(Event.ACKNOWLEDGE, ['a'], actor='kim', now=T0 + 3)
    alarms.command(Event.RESET, ['a'], actor='kim', now=T0 + 4)
    assert shown(alarms) == {}


@pytest.mark.parametrize(
    ('event', 'names', 'more', 'code'),
    [
        (Event.ACKNOWLEDGE, ['a'], {'actor': ' '}, Code.ALARM_ACTOR_EMPTY),
        (Event.ACKNOWLEDGE, ['zzz'], {}, Code.ALARM_UNKNOWN),
        (Event.ACKNOWLEDGE, [], {}, Code.INVALID_ARGUMENT),
        (Event.ACTIVE, ['a'], {}, Code.INVALID_ARGUMENT),
        (Event.ACKNOWLEDGE, ['a', 'b'], {}, Code.ALARM_TRANSITION_NOT_ALLOWED),
        (Event.SHELVE, ['a'], {'duration': 60.0}, Code.ALARM_REASON_EMPTY),
        (Event.SHELVE, ['a'], {'reason': 'r', 'duration': nan}, Code.ALARM_DURATION_INVALID),
        (Event.SHELVE, ['a'], {'reason': 'r', 'duration': inf}, Code.ALARM_DURATION_INVALID),
        (Event.SHELVE, ['a'], {'reason': 'r', 'duration': 0.0}, Code.ALARM_DURATION_INVALID),
        (Event.SHELVE, ['never'], {'reason': 'r', 'duration': 1.0}, Code.ALARM_DURATION_INVALID),
        (Event.UNSHELVE, ['a'], {}, Code.ALARM_TRANSITION_NOT_ALLOWED),
        (Event.RETURN_TO_SERVICE, ['a'], {}, Code.ALARM_TRANSITION_NOT_ALLOWED),
        (Event.OUT_OF_SERVICE, ['a'], {}, Code.ALARM_REASON_EMPTY),
    ],
)
def test_a_refused_command_says_why_and_does_nothing(event, names, more, code):
    alarms = Alarms([external('a'), external('b'), external('never', max_shelve=0.0)], EMPTY)
    alarms.set_condition('a', True, T0)
    before = shown(alarms)
    found = alarms.command(event, names, **{'actor': 'kim', 'now': T0, **more})
    assert isinstance(found, Refusal)
    assert found.code is code
    assert shown(alarms) == before


def test_acknowledging_twice_is_harmless():
    alarms = Alarms([external('a')], EMPTY)
    alarms.set_condition('a', True, T0)
    for _ in range(2):
        alarms.command(Event.ACKNOWLEDGE, ['a'], actor='kim', now=T0 + 1)
    assert shown(alarms) == {'a': State.ACKNOWLEDGED}


ACTIONS = st.one_of(
    st.tuples(st.just('set'), st.integers(0, 6), st.booleans()),
    st.tuples(st.just('tick'), st.integers(1, 200), st.none()),
    st.tuples(st.sampled_from(sorted(COMMANDS)), st.integers(0, 6), st.integers(1, 300)),
    st.tuples(st.just('suppress'), st.integers(0, 6), st.booleans()),
)
MIXED = [
    external('chain'),
    external('zone', causes=('chain',), latching=True),
    external('s0', causes=('zone',)),
    external('s1', causes=('zone',), group='g'),
    external('g1', group='g'),
    external('g2', group='g', latching=True),
    external('alone'),
]


@given(st.lists(ACTIONS, max_size=60))
def test_a_restart_at_any_moment_gives_the_same_alarms(actions):
    alarms = Alarms(MIXED, EMPTY)
    names = [a.id for a in MIXED]
    now, events = T0, []
    for kind, number, value in actions:
        now += 1.0
        if kind == 'tick':
            now += number
            events += alarms.tick(now)
        elif kind == 'set':
            events += alarms.set_condition(names[number], value, now)
        elif kind == 'suppress':
            events += alarms.suppress([names[number]], value, 'rule', now)
        else:
            done = alarms.command(
                kind, [names[number]], actor='kim', reason='why', duration=float(value), now=now
            )
            events += [] if isinstance(done, Refusal) else done
        check_promises(alarms)
    again = replayed(alarms, events)
    assert same(alarms, again)
    for system in (alarms, again):
        system.book.rate.advance(now)
    assert alarms.book.rate.times == again.book.rate.times
    assert alarms.book.rate.flood == again.book.rate.flood


def check_promises(alarms):
    """What must always hold of a book."""
    book = alarms.book
    for name, entry in book.entries.items():
        grouped = bool(entry.status.hidden & Hidden.GROUPED)
        assert grouped == bool(entry.cause)
        assert not grouped or name in book.members[entry.cause]
        assert not grouped or not book.entries[entry.cause].cause  # groups are one deep
    for cause, members in book.members.items():
        assert members
        assert cause not in members


def test_events_of_alarms_that_are_gone_do_no_harm():
    alarms = Alarms([external('a')], EMPTY)
    alarms.restore([AlarmEvent('old', Event.ACTIVE, T0), AlarmEvent('a', Event.ACTIVE, T0)])
    assert alarms.book.unknown == 1
    assert shown(alarms) == {'a': State.UNACKNOWLEDGED}


def test_a_restart_does_not_announce_a_channel_alarm_again():
    table = make_table([Channel('a', 'x', '1', 'p', 'e')])
    high = AlarmDef('h', Kind.HIGH, 'a', 'e', Priority.LOW, 'm', 'c', 'r', limit=5.0)
    events = []
    for values in ([9.0, 9.0], [9.0, 3.0]):
        alarms = Alarms([high], table)
        alarms.restore(events)
        check = QualityCheck(table)
        for k, value in enumerate(values):
            time = int(T0 + 10 * k) * NS
            events += alarms.readings(check.check(make_readings([0], [time], [value]), time))
    assert [e.event for e in events] == [Event.ACTIVE, Event.CLEAR]


# -- flood, chattering, stale, report


def flood(alarms, count, seconds):
    """Raise `count` alarms in `seconds`, half of them in the wrong order."""
    rng = np.random.default_rng(7)
    events = []
    for k in rng.permutation(count).tolist():
        time = T0 + seconds * k / count
        events += alarms.set_condition(alarms.definitions[k].id, True, time)
    return events


def test_a_flood_of_5000_alarms_in_10_seconds_is_grouped_and_nothing_is_lost():
    causes = [external(f'cause_{k}', Priority.HIGH) for k in range(20)]
    rest = [external(f'c_{k}', causes=(f'cause_{k % 20}',)) for k in range(4980)]
    alarms = Alarms([*causes, *rest], EMPTY)
    events = flood(alarms, 5000, 10.0)
    assert alarms.book.rate.flood
    views = alarms.views()
    assert len(views) == 5000
    in_view = [v for v in views if v.state is State.UNACKNOWLEDGED]
    assert len(in_view) == 20
    assert sum(v.consequences for v in in_view) == 4980
    assert same(alarms, replayed(alarms, events))


@pytest.mark.parametrize('grouped', [True, False])
def test_what_is_shown_of_a_flood_stays_below_one_megabit_a_second(grouped):
    causes = [external(f'cause_{k}', Priority.HIGH) for k in range(20)]
    rest = [
        external(f'c_{k}', causes=(f'cause_{k % 20}',) if grouped else ()) for k in range(4980)
    ]
    alarms = Alarms([*causes, *rest], EMPTY)
    flood(alarms, 5000, 10.0)
    shown = fit(alarms.views())
    assert shown.total == 5000
    assert 8 * sum(map(size, shown.alarms)) <= 8 * BUDGET < 1_000_000
    # Nothing urgent is left out: all causes are there, and lead the list.
    assert {v.alarm.id for v in shown.alarms[:20]} == {a.id for a in causes}


def test_flood_begins_above_ten_and_ends_below_five():
    alarms = Alarms([external(f'a{k}') for k in range(20)], EMPTY)
    for k in range(10):
        alarms.set_condition(f'a{k}', True, T0 + k)
    assert not alarms.book.rate.flood
    alarms.set_condition('a10', True, T0 + 10)
    assert alarms.book.rate.flood
    alarms.tick(T0 + 600 + 5)
    assert alarms.book.rate.flood
    alarms.tick(T0 + 600 + 6)
    assert not alarms.book.rate.flood


def test_chattering_is_seen_and_forgotten():
    alarms = Alarms([external('a'), external('b')], EMPTY)
    for k in range(6):
        alarms.set_condition('a', k % 2 == 0, T0 + 5 * k)
    alarms.set_condition('b', True, T0 + 30)
    assert alarms.book.rate.chattering(T0 + 31) == ['a']
    assert alarms.book.rate.chattering(T0 + 300) == []


def test_the_report_of_the_standards_metrics():
    alarms = Alarms([external(f'a{k}', Priority.HIGH if k == 0 else Priority.LOW)
                     for k in range(30)], EMPTY)  # fmt: skip
    events = alarms.set_condition('a29', True, T0 - 90_000)
    for k in range(20):
        events += alarms.set_condition(f'a{k}', True, T0 + 1000 + k)
    events += alarms.command(Event.ACKNOWLEDGE, ['a1'], actor='kim', now=T0 + 1031)
    events += alarms.set_condition('a2', False, T0 + 1005)
    for k in range(6):
        events += alarms.set_condition('a25', k % 2 == 0, T0 + 5000 + 12 * k)
    found = report(alarms.definitions, events, T0, T0 + 86_400.0)
    values = {m.name: m.value for m in found.metrics}
    assert values['alarms a day'] == 23
    assert values['alarms an hour'] == pytest.approx(23 / 24)
    assert values['10 minutes, most'] == 20
    assert values['10 minutes with more than 10'] == pytest.approx(100 / 144)
    # A flood from the 11th announcement until the 16th of 20 leaves the window.
    assert values['time in flood'] == pytest.approx(100 * (600 + 15 - 10 + 1) / 86_400, rel=0.01)
    assert values['share of priority high'] == pytest.approx(100 / 23)
    assert values['median time to acknowledge'] == 30.0
    assert found.chattering == ('a25',)
    assert found.fleeting == ('a2',)
    assert found.stale == ('a29',)
    assert found.most_frequent[0] == ('a25', 3)
    assert [m.name for m in found.metrics if not m.met] == [
        '10 minutes, most', 'share of the ten most frequent', 'chattering alarms',
        'fleeting alarms',
    ]  # fmt: skip
    assert json.loads(json.dumps(found.to_json()))['stale'] == ['a29']


def test_a_report_of_nothing():
    found = report([external('a')], [], T0, T0 + 3600.0)
    assert all(m.value == 0 for m in found.metrics)
    assert all(m.met for m in found.metrics)
