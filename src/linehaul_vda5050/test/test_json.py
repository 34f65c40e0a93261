# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_vda5050.decode import from_dict
from linehaul_vda5050.encode import to_dict
from linehaul_vda5050.enums import ActionStatus
from linehaul_vda5050.errors import EncodeError
from linehaul_vda5050.factsheet_json import decode_factsheet, factsheet_to_dict
from linehaul_vda5050.timestamps import format_time, parse_time

from linehaul_vda5050 import (
    Connection,
    FindingCode,
    InstantActions,
    Order,
    State,
    decode,
    encode,
    serious,
)
from linehaul_vda5050 import strategies as some

SCHEMAS = Path(__file__).parent / 'data' / '3.0.0'
KINDS = [
    (some.orders(), Order, 'order'),
    (some.instant_actions, InstantActions, 'instantActions'),
    (some.states(), State, 'state'),
    (some.connections, Connection, 'connection'),
]


def schema(name):
    text = (SCHEMAS / f'{name}.schema').read_text(encoding='utf-8-sig')
    return json.loads(re.sub(r',(\s*[}\]])', r'\1', text))


@pytest.mark.parametrize(('strategy', 'kind', 'name'), KINDS, ids=[k[2] for k in KINDS])
def test_output_is_valid_and_reads_back_equal(strategy, kind, name):
    validator = jsonschema.Draft202012Validator(schema(name))

    @settings(max_examples=60, deadline=None)
    @given(strategy)
    def check(message):
        text = encode(message)
        validator.validate(json.loads(text))
        back, findings = decode(kind, text)
        assert findings == []
        assert back == message

    check()


@settings(max_examples=40, deadline=None)
@given(some.factsheets)
def test_factsheet_is_valid(factsheet):
    out = factsheet_to_dict(factsheet)
    jsonschema.Draft202012Validator(schema('factsheet')).validate(json.loads(json.dumps(out)))
    assert out['typeSpecification']['seriesName'] == factsheet.series_name
    back, findings = decode_factsheet(json.dumps(out))
    slowest = factsheet.maximum_speed_loaded if factsheet.load_types else factsheet.maximum_speed
    assert findings == []
    assert back == replace(
        factsheet,
        maximum_speed_loaded=slowest,
        load_places=max(factsheet.load_places, 1),
        maximum_rotation_acceleration=0.0,  # the standard has no place for these three
        can_reverse=False,
        battery_capacity=0.0,
    )


HEADER = {
    'headerId': 1,
    'timestamp': '2026-01-01T00:00:00.000Z',
    'version': '3.0.0',
    'manufacturer': 'm',
    'serialNumber': 's',
}


@settings(max_examples=200, deadline=None)
@given(st.deferred(lambda: JSON), st.sampled_from(['typeSpecification', 'physicalParameters']))
def test_no_factsheet_is_too_strange_to_read(value, key):
    for content in (value, {**HEADER, key: value}, {**HEADER, key: {'maximumSpeed': value}}):
        sheet, findings = decode_factsheet(json.dumps(content))
        assert sheet is not None or serious(findings)


def test_a_factsheet_without_content_says_so():
    sheet, findings = decode_factsheet(json.dumps(HEADER))
    assert sheet.maximum_deceleration == 0.0
    assert sheet.footprint == ()
    assert any('mobileRobotClass' in finding.path for finding in findings)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(some.orders(), st.data())
def test_reading_a_damaged_order_never_raises(order, data):
    value = to_dict(order)
    at = value
    while isinstance(at, (dict, list)) and at:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if data.draw(st.booleans()) or not isinstance(at[key], (dict, list)):
            at[key] = data.draw(JSON)
            break
        at = at[key]
    message, findings = from_dict(Order, value)
    assert (message is None) == bool(serious(findings))


@given(st.text(max_size=30) | st.binary(max_size=30))
def test_any_text_comes_back_as_finding(text):
    message, findings = decode(Order, text)
    assert message is None
    assert findings


def test_deep_nesting_is_a_finding():
    _, findings = decode(Order, '[' * 100_000)
    assert findings[0].code is FindingCode.NOT_JSON


def test_every_fault_is_found_with_its_path():
    value = {
        'headerId': '7',
        'timestamp': 'yesterday',
        'version': '3.0.0',
        'manufacturer': 'm',
        'orderId': 'o',
        'orderUpdateId': 0,
        'nodes': [{'nodeId': 'a', 'sequenceId': 0, 'released': 'yes', 'actions': []}],
        'edges': {},
        'extra': 1,
    }
    message, findings = from_dict(Order, value)
    assert message is None
    found = {(f.path, f.code) for f in findings}
    assert found == {
        ('headerId', FindingCode.WRONG_TYPE),
        ('timestamp', FindingCode.BAD_HEADER),
        ('serialNumber', FindingCode.MISSING),
        ('nodes[0].released', FindingCode.WRONG_TYPE),
        ('edges', FindingCode.WRONG_TYPE),
        ('extra', FindingCode.UNKNOWN_FIELD),
    }


def test_tolerates_unknown_fields_and_times_without_zone():
    text = (
        '{"headerId":1,"timestamp":"2026-11-22T10:00:00.50","version":"3.0.0",'
        '"manufacturer":"m","serialNumber":"s","connectionState":"ONLINE","colour":"red"}'
    )
    message, findings = decode(Connection, text)
    assert message.header.timestamp == parse_time('2026-11-22T10:00:00.500Z')
    assert {f.code for f in findings} == {FindingCode.BAD_HEADER, FindingCode.UNKNOWN_FIELD}


def test_a_key_given_twice_is_refused():
    _, findings = decode(Connection, '{"headerId":1,"headerId":2}')
    assert 'headerId' in findings[0].text


def test_parameters_get_their_json_types():
    value = {
        'actionType': 'waitForTrigger',
        'actionId': 'a',
        'blockingType': 'HARD',
        'actionParameters': [
            {'key': 'triggerType', 'value': ['LOCAL', 'FLEET_CONTROL']},
            {'key': 'height', 'value': 1.5},
            {'key': 'flag', 'value': True},
        ],
    }
    from linehaul_vda5050 import Action

    action, findings = from_dict(Action, value)
    assert findings == []
    assert action.parameter('height') == '1.5'
    assert action.parameter('flag') == 'true'
    assert to_dict(action)['actionParameters'][0]['value'] == ['LOCAL', 'FLEET_CONTROL']
    assert to_dict(action)['actionParameters'][1]['value'] == 1.5
    value['actionParameters'][0]['value'] = {'a': 1}
    assert from_dict(Action, value)[1][0].code is FindingCode.UNSUPPORTED


@settings(max_examples=20, deadline=None)
@given(some.states())
def test_what_has_no_word_is_not_sent(state):
    with pytest.raises(EncodeError, match='timestamp'):
        encode(replace(state, header=replace(state.header, timestamp=math.nan)))
    bad = replace(state, distance_since_last_node=math.inf)
    with pytest.raises(EncodeError, match='distanceSinceLastNode'):
        encode(bad)
    for action in state.action_states[:1]:
        broken = replace(action, action_status=ActionStatus.UNKNOWN)
        with pytest.raises(EncodeError, match='UNKNOWN'):
            encode(replace(state, action_states=(broken,)))


@given(some.times)
def test_times_read_back(time):
    assert parse_time(format_time(time)) == time


@pytest.mark.parametrize(
    'text', ['', '2026-13-01T00:00:00Z', '2026-01-01', '2026-01-01T25:00:00Z']
)
def test_what_is_no_time(text):
    assert parse_time(text) is None
