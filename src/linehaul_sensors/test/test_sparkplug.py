# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Sparkplug B: what births, data, deaths and disorder make of readings."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import SparkplugError
from linehaul_sensors.readings import Flag, Quality
from linehaul_sensors.sparkplug_codec import DataType, Metric
from linehaul_sensors.sparkplug_host import Arrived, AskRebirth, Fault, Lost, SparkplugHost

from linehaul_sensors import sparkplug_codec as codec

TABLE = make_table(
    [
        Channel('g/e/t', 'temperature', 'Cel', 'p', 'm'),
        Channel('g/e/d/p', 'pressure', 'kPa', 'p', 'm'),
        Channel('mapped', 'state', '1', 'p', 'm'),
    ]
)
MAPPING = {'g/e/d/raw': 'mapped'}
NOW = 1_800_000_000.0
MS = int(NOW * 1000)


class Bench:
    """A host, and the edge's sequence counter."""

    def __init__(self):
        self.host = SparkplugHost(TABLE, MAPPING)
        self.seq = 0
        self.now = NOW

    def send(self, kind, metrics, device='', seq=None, edge='e', time=MS):
        if seq is None:
            seq = self.seq = 0 if kind == 'NBIRTH' else (self.seq + 1) % 256
        topic = str(codec.Topic('g', kind, edge, device))
        return self.host.receive(topic, codec.encode(metrics, time, seq), self.now)

    def born(self, bdseq=0, unit='Cel'):
        found = self.send('NBIRTH', [
            Metric('bdSeq', DataType.INT64, bdseq),
            Metric('t', DataType.DOUBLE, 20.0, alias=1, time=MS, unit=unit),
        ])  # fmt: skip
        found += self.send('DBIRTH', [
            Metric('p', DataType.INT16, -5, alias=2, time=MS, unit='bar'),
            Metric('raw', DataType.BOOLEAN, True, alias=3, time=MS),
            Metric('other', DataType.STRING, 'x', alias=4, time=MS),
        ], 'd')  # fmt: skip
        return found

    def death(self, bdseq):
        data = codec.encode([Metric('bdSeq', DataType.INT64, bdseq)], MS, None)
        return self.host.receive('spBv1.0/g/NDEATH/e', data, self.now)


def rows(found):
    """Return (channel, value) of all readings among outcomes."""
    return [
        pair
        for one in found
        if isinstance(one, Arrived)
        for pair in zip(one.readings.channel.tolist(), one.readings.value.tolist(), strict=True)
    ]


def kinds(found):
    return [type(one) for one in found]


def data(bench, value=21.0, **more):
    return bench.send('NDATA', [Metric('', DataType.DOUBLE, value, alias=1, time=MS)], **more)


def test_births_give_readings_in_the_tables_units():
    bench = Bench()
    assert rows(bench.born()) == [(0, 20.0), (1, -500.0), (2, 1.0)]
    assert bench.host.unmapped == 1
    assert rows(data(bench)) == [(0, 21.0)]


def test_data_by_name_and_time_of_the_payload():
    bench = Bench()
    bench.born()
    (found,) = bench.send('DDATA', [Metric('p', DataType.INT16, 2)], 'd', time=MS + 5)
    assert rows([found]) == [(1, 200.0)]
    assert found.readings.time[0] == (MS + 5) * 1_000_000


def test_a_unit_that_cannot_be_converted_makes_bad_readings_and_one_fault():
    bench = Bench()
    found = bench.born(unit='Pa')
    assert [f.text for f in found if isinstance(f, Fault)]
    assert found[1].readings.quality.tolist() == [Quality.BAD]
    assert data(bench)[0].readings.quality.tolist() == [Quality.BAD]
    # Born again with another unit that fits: good from then on.
    bench.born(bdseq=1, unit='[degF]')
    (found,) = data(bench, 212.0)
    assert found.readings.quality.tolist() == [Quality.GOOD]
    assert found.readings.value[0] == pytest.approx(100.0)


def test_quality_and_historical():
    bench = Bench()
    bench.born()
    metrics = [
        Metric('', DataType.DOUBLE, 1.0, alias=1, time=MS, historical=True),
        Metric('', DataType.DOUBLE, 1.0, alias=1, time=MS + 1, quality=0),
        Metric('', DataType.DOUBLE, 1.0, alias=1, time=MS + 2, quality=7),
        Metric('', DataType.DOUBLE, None, alias=1, time=MS + 3),
        Metric('', DataType.DOUBLE, float('nan'), alias=1, time=MS + 4),
    ]
    (found,) = bench.send('NDATA', metrics)
    assert found.readings.flags.tolist() == [Flag.HISTORICAL, 0, 0, 0, 0]
    assert found.readings.quality.tolist() == [1, Quality.BAD, Quality.UNCERTAIN, 1, 1]
    assert np.isnan(found.readings.value[3:]).all()


def test_a_gap_is_waited_for_then_asked_about_and_nothing_is_lost():
    bench = Bench()
    bench.born()
    assert data(bench, 2.0, seq=3) == []
    assert rows(data(bench, 1.0, seq=2)) == [(0, 1.0), (0, 2.0)]
    assert data(bench, 5.0, seq=5) == []
    bench.now += 1.0
    assert bench.host.tick(bench.now) == []
    bench.now += 1.5
    found = bench.host.tick(bench.now)
    assert kinds(found) == [Arrived, AskRebirth]
    assert rows(found) == [(0, 5.0)]
    # Not again before ten seconds are over.
    data(bench, 9.0, seq=9)
    assert kinds(bench.host.tick(bench.now + 3.0)) == [Arrived]


def test_the_sequence_wraps():
    bench = Bench()
    bench.born()
    for k in range(600):
        assert rows(data(bench, float(k))) == [(0, float(k))]


def test_data_before_any_birth_asks_for_one():
    bench = Bench()
    (asked,) = data(bench)
    topic, payload = asked.message(MS)
    assert topic == 'spBv1.0/g/NCMD/e'
    metric = codec.decode(payload).metrics[0]
    assert (metric.name, metric.boolean_value) == ('Node Control/Rebirth', True)


def test_a_device_birth_that_overtook_the_nodes():
    bench = Bench()
    asked = bench.send('DBIRTH', [Metric('p', DataType.INT16, 1, alias=2, time=MS)], 'd', seq=1)
    assert kinds(asked) == [AskRebirth]
    found = bench.send('NBIRTH', [Metric('t', DataType.DOUBLE, 1.0, alias=1, time=MS)])
    assert rows(found) == [(0, 1.0), (1, 1.0)]


def test_deaths():
    bench = Bench()
    bench.born(bdseq=4)
    assert bench.death(3) == []  # of the session before, late
    (lost,) = bench.send('DDEATH', [], 'd')
    assert lost.channels == (1, 2)
    (lost,) = bench.death(4)
    assert sorted(lost.channels) == [0, 1, 2]
    assert bench.death(4) == []


def test_a_duplicate_birth_is_harmless():
    bench = Bench()
    bench.born()
    assert Fault not in kinds(bench.born())
    assert rows(data(bench)) == [(0, 21.0)]


def test_devices_that_are_not_born_again_are_lost():
    bench = Bench()
    bench.born()
    found = bench.send('NBIRTH', [Metric('t', DataType.DOUBLE, 1.0, alias=1, time=MS)])
    assert [one.channels for one in found if isinstance(one, Lost)] == [(1, 2)]


def test_an_unknown_alias_asks_for_a_birth():
    bench = Bench()
    bench.born()
    found = bench.send('NDATA', [Metric('', DataType.DOUBLE, 1.0, alias=99, time=MS)])
    assert kinds(found) == [AskRebirth]


def test_the_broker_goes():
    bench = Bench()
    bench.born()
    (lost,) = bench.host.disconnected()
    assert sorted(lost.channels) == [0, 1, 2]
    assert kinds(data(bench)) == [AskRebirth]


def test_one_edge_does_not_harm_another():
    bench = Bench()
    bench.born()
    bench.host.receive('spBv1.0/g/NDATA/bad', b'\xff\xff garbage', NOW)
    bench.send('NDATA', [Metric('x', DataType.DOUBLE, 1.0)], edge='other', seq=200)
    assert rows(data(bench, seq=2)) == [(0, 21.0)]


@pytest.mark.parametrize('topic', ['', 'x', 'spBv1.0/g/NDATA', 'spBv1.0/g/NDATA/e/d',
    'spBv1.0/g/DDATA/e', 'spBv1.0/g/WHAT/e', 'spBv1.0//NDATA/e', 'spAv1.0/g/NDATA/e'])  # fmt: skip
def test_what_is_no_topic(topic):
    with pytest.raises(SparkplugError):
        codec.parse_topic(topic)
    assert kinds(Bench().host.receive(topic, b'', NOW)) == [Fault]


@given(st.binary(max_size=200), st.sampled_from(['NBIRTH', 'NDATA', 'NDEATH']))
def test_garbage_never_raises_and_never_harms(payload, kind):
    bench = Bench()
    bench.born()
    bench.host.receive(f'spBv1.0/g/{kind}/other', payload, NOW)
    assert rows(data(bench)) == [(0, 21.0)]


VALUES = st.one_of(
    st.tuples(st.just(DataType.INT8), st.integers(-128, 127)),
    st.tuples(st.just(DataType.INT16), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just(DataType.INT32), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(DataType.INT64), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(DataType.UINT32), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(DataType.UINT64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(DataType.DOUBLE), st.floats(allow_nan=False)),
    st.tuples(st.just(DataType.BOOLEAN), st.booleans()),
)


@given(VALUES)
def test_numbers_come_back_as_they_were(one):
    datatype, value = one
    payload = codec.decode(codec.encode([Metric('x', datatype, value)], MS, 0))
    assert codec.number(payload.metrics[0], datatype) == float(value)


def test_texts_and_nulls_are_no_numbers():
    for metric in (Metric('x', DataType.STRING, '5'), Metric('x', DataType.FLOAT, None)):
        payload = codec.decode(codec.encode([metric], MS, 0))
        assert isnan(codec.number(payload.metrics[0], metric.datatype))


def test_our_payload_is_what_an_independent_edge_writes():
    theirs = pytest.importorskip('pysparkplug', reason='pysparkplug is not installed')
    metric = theirs.Metric(
        timestamp=MS, name='t', datatype=theirs.DataType.INT16, value=-7, alias=3
    )
    birth = theirs.NBirth(timestamp=MS, seq=0, metrics=(metric,))
    payload = codec.decode(birth.encode())
    found = payload.metrics[0]
    assert (payload.seq, payload.timestamp, found.name, found.alias) == (0, MS, 't', 3)
    assert codec.number(found, found.datatype) == -7.0
    ours = codec.encode([Metric('t', DataType.INT16, -7, alias=3, time=MS)], MS, 0)
    again = theirs.NBirth.decode(ours)
    assert again.metrics[0].value == -7
