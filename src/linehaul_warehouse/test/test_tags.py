# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Tags of a PLC: the task id is written last, and a bad tag never means 'ready'."""

import pytest
from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.model import Outcome, Place, PlaceKind, Step, StepKind
from linehaul_warehouse.plc.tags import STATUS, STEP, parse_tags, status_of, writes

CONTENT = {
    'aisle': 'wh1',
    'step': {name: f'ns=2;s=Step.{name}' for name in STEP},
    'status': {name: f'ns=2;s=Status.{name}' for name in STATUS},
}
GOOD = {
    'ready': True,
    'load_id': 'l',
    'running': '',
    'last_task': 'wh1:7',
    'last_outcome': 2,
    'x': 1.5,
    'y': 2,
}


def read(**changes):
    return {f'ns=2;s=Status.{name}': value for name, value in (GOOD | changes).items()}


def test_a_step_is_written_with_its_task_id_last():
    step = Step('wh1:8', StepKind.DROP, Place(PlaceKind.CELL, 'c'), 'l', 3.0, 4.0)
    found = writes(parse_tags(CONTENT), step)
    assert found[-1] == ('ns=2;s=Step.task_id', 'wh1:8')
    assert dict(found)['ns=2;s=Step.kind'] == 2


def test_a_status_is_read():
    status = status_of(parse_tags(CONTENT), read())
    assert (status.ready, status.load_id) == (True, 'l')
    assert (status.last.task_id, status.last.outcome) == ('wh1:7', Outcome.EMPTY)
    assert status_of(parse_tags(CONTENT), read(last_task='')).last is None


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('ready', None),
        ('load_id', None),
        ('load_id', 7),
        ('last_outcome', 99),
        ('x', float('nan')),
        ('running', None),
    ],
)
def test_a_bad_tag_is_not_ready_and_says_which(name, value):
    status = status_of(parse_tags(CONTENT), read(**{name: value}))
    assert not status.ready
    assert status.last is None
    assert name in status.text


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        ({'step': {}}, 'missing'),
        ({'aisle': ''}, 'aisle'),
        ({'status': CONTENT['status'] | {'x': ' '}}, 'no address'),
        ({'status': CONTENT['status'] | {'x': 'ns=2;s=Status.y'}}, 'twice'),
        ({'more': 1}, 'wanted'),
    ],
)
def test_a_wrong_mapping_is_told(change, problem):
    with pytest.raises(SettingError, match=problem):
        parse_tags(CONTENT | change)
