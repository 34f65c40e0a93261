# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""JSON topics: the mapping finds channel, value, time and unit; what is wrong says so."""

import math

import pytest
from linehaul_sensors.backoff import Backoff
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import MappingError, PayloadError
from linehaul_sensors.json_topics import JsonTopics, parse_mapping
from linehaul_sensors.readings import NS, Quality
from numpy.random import default_rng

TABLE = make_table(
    [Channel(f'hall_{k}_t', 'temperature', 'Cel', 'p', 'm') for k in (1, 2)]
    + [Channel('plain', 'state', '1', 'p', 'm')]
)
RULES = """
topics:
  - {topic: 'hall/+/climate', channel: 'hall_{1}_t', value: /a/0/t, time: /ts, unit: '[degF]'}
  - {topic: 'raw/#', channel: plain, value: ''}
  - {topic: iso, channel: plain, value: /v, time: /t, time_unit: iso}
  - {topic: wrong, channel: plain, value: /v, unit: Pa}
"""


def receive(topic, data, now=7 * NS):
    found = JsonTopics(TABLE, parse_mapping(RULES)).receive(topic, data, now)
    return list(zip(found.channel.tolist(), found.time.tolist(), found.value.tolist(),
                    found.quality.tolist(), strict=True))  # fmt: skip


def test_value_time_and_unit():
    (row,) = receive('hall/2/climate', b'{"a":[{"t":212}],"ts":5000.5}')
    assert row[0] == 1
    assert row[1] == 5_000_500_000
    assert row[2] == pytest.approx(100.0)


def test_a_bare_number_true_and_null():
    assert receive('raw/x/y', b'3.5') == [(2, 7 * NS, 3.5, Quality.GOOD)]
    assert receive('raw/', b'true')[0][2] == 1.0
    assert math.isnan(receive('raw/x', b'null')[0][2])


def test_iso_times():
    (row,) = receive('iso', b'{"v":1,"t":"1970-01-01T00:00:02.5Z"}')
    assert row[1] == 2_500_000_000


def test_a_unit_that_cannot_be_converted_is_bad():
    assert receive('wrong', b'{"v":1}')[0][3] == Quality.BAD


def test_topics_without_a_rule_or_channel_are_left_out():
    assert receive('other', b'{') == []
    assert receive('hall/9/climate', b'{"a":[{"t":1}],"ts":1}') == []


@pytest.mark.parametrize(
    ('topic', 'data'),
    [
        ('raw/x', b'{'),
        ('raw/x', b''),
        ('raw/x', b'"text"'),
        ('raw/x', b'[1]'),
        ('raw/x', b'NaN'),
        ('hall/1/climate', b'{"a":[],"ts":1}'),
        ('hall/1/climate', b'{"a":[{"t":1}]}'),
        ('hall/1/climate', b'{"a":[{"t":1}],"ts":"now"}'),
        ('iso', b'{"v":1,"t":"yesterday"}'),
    ],
)
def test_what_cannot_be_read_says_why(topic, data):
    with pytest.raises(PayloadError, match=topic):
        receive(topic, data)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'topics: 3',
        'topics: [{topic: "a/#/b", channel: c}]',
        'topics: [{topic: "a+", channel: c}]',
        'topics: [{topic: a, channel: c, value: v}]',
        'topics: [{topic: a, channel: c, time_unit: years}]',
        'topics: [{topic: a}]',
        'topics: [{topic: a, channel: c, valeu: /v}]',
    ],
)
def test_a_wrong_mapping_is_refused(text):
    with pytest.raises(MappingError):
        parse_mapping(text)


def test_waits_double_up_to_the_longest():
    waits = [Backoff(1.0, 60.0).wait(k, default_rng(0)) for k in range(1, 2000)]
    assert 0.5 <= waits[0] <= 1.0
    assert all(w <= 60.0 for w in waits)
    assert min(waits[7:]) >= 30.0
