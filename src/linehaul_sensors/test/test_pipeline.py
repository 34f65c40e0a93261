# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One batch through everything: quality, alarms, early warning and history agree on it."""

import numpy as np
from linehaul_sensors.alarm_states import Event
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority
from linehaul_sensors.channels import Channel, make_table
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.history import History
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.maintenance import MaintenanceRules
from linehaul_sensors.pipeline import Pipeline
from linehaul_sensors.readings import NS, Flag, Quality, concatenate, make_readings
from linehaul_sensors.sparkplug_codec import Metric
from linehaul_sensors.sparkplug_host import Arrived, Lost, SparkplugHost

from linehaul_sensors import sparkplug_codec as codec

T0 = 1_800_000_000 * NS
TABLE = make_table(
    [
        Channel('a', 'temperature', 'Cel', 'p', 'm1', minimum=0.0, maximum=200.0, period=1.0),
        Channel('b', 'state', '1', 'p', 'm2'),
    ]
)
TEXTS = ('e', Priority.LOW, 'm', 'c', 'r')
ALARMS = [
    AlarmDef('a#high', Kind.HIGH, 'a', *TEXTS, limit=80.0),
    AlarmDef('a#bad', Kind.QUALITY, 'a', *TEXTS),
]


def step(pipeline, rows, now, **more):
    channel, value = zip(*rows, strict=True)
    batch = make_readings(channel, [now + k for k in range(len(rows))], value, **more)
    return pipeline.step(batch, (), now)


def names(outcome):
    return [(e.alarm, e.event) for e in outcome.events]


def test_one_reading_reaches_everything(tmp_path):
    pipeline = Pipeline(TABLE, ALARMS, History(tmp_path, ['a', 'b']))
    outcome = step(pipeline, [(0, 90.0), (1, 3.0)], T0)
    assert names(outcome) == [('a#high', Event.ACTIVE)]
    assert len(query(tmp_path, Question(T0, T0 + NS, (), 0.0))) == 2


def test_a_wrong_value_raises_no_limit_alarm():
    pipeline = Pipeline(TABLE, ALARMS)
    outcome = step(pipeline, [(0, 900.0)], T0)
    assert names(outcome) == [('a#bad', Event.ACTIVE)]
    assert outcome.readings.quality.tolist() == [Quality.BAD]


def test_silence_and_loss_become_stale_readings_and_alarms():
    pipeline = Pipeline(TABLE, ALARMS)
    step(pipeline, [(0, 20.0)], T0)
    outcome = pipeline.tick(T0 + 60 * NS)
    assert names(outcome) == [('a#bad', Event.ACTIVE)]
    assert outcome.readings.quality.tolist() == [Quality.STALE]
    outcome = step(pipeline, [(0, 20.0)], T0 + 61 * NS)
    assert names(outcome) == [('a#bad', Event.CLEAR)]
    outcome = pipeline.step(make_readings([], [], []), (0,), T0 + 62 * NS)
    assert names(outcome) == [('a#bad', Event.ACTIVE)]


def test_history_by_the_source_raises_nothing():
    pipeline = Pipeline(TABLE, ALARMS)
    outcome = step(pipeline, [(0, 90.0)], T0, flags=[Flag.HISTORICAL])
    assert (outcome.events, outcome.signs) == ([], [])
    assert len(outcome.readings) == 1


def test_a_full_disk_stops_history_alone(tmp_path, monkeypatch):
    memory = History(tmp_path, ['a', 'b'])

    def full(*_):
        raise HistoryError('no space left')

    with monkeypatch.context() as patch:
        patch.setattr(memory, 'append', full)
        pipeline = Pipeline(TABLE, ALARMS, memory)
        outcome = step(pipeline, [(0, 90.0)], T0)
    assert 'no space' in outcome.trouble
    assert names(outcome) == [('a#high', Event.ACTIVE)]
    assert pipeline.lost_to_history == 1
    assert step(pipeline, [(0, 91.0)], T0 + NS).trouble == ''


def test_the_operating_state_goes_to_the_machines_channels():
    pipeline = Pipeline(TABLE, ALARMS)
    pipeline.set_state('m2', 6, 0.0)
    assert pipeline.context.tolist() == [0, 6]


def test_what_is_usual_depends_on_the_product(tmp_path):
    table = make_table([Channel('t', 'temperature', 'Cel', 'p', 'press'),
                        Channel('made', 'product', '1', 'p', 'press'),
                        Channel('state', 'packml_state', '1', 'p', 'press')])  # fmt: skip
    pipeline = Pipeline(table, [], rules=MaintenanceRules(products=(11, 12)))
    rng = np.random.default_rng(3)
    signs, now = [], T0
    usual = {11: 40.0, 12: 80.0, 99: 60.0}
    for k in range(3000):
        product = (11, 12, 99)[k // 40 % 3]
        now += 60 * NS
        rows = [(2, 6.0), (1, float(product)), (0, usual[product] + rng.standard_normal())]
        signs += step(pipeline, rows, now).signs
    assert len(signs) <= 2  # of 75 changes of product
    assert pipeline.context[0] == 6  # the products that are not listed are one
    found = [step(pipeline, [(1, 11.0), (0, 80.0)], now + k * 60 * NS).signs for k in range(1, 60)]
    assert any(sign.channel == 0 for one in found for sign in one)
    assert pipeline.context[0] == 6 + 18


def test_an_empty_batch_is_nothing():
    outcome = Pipeline(TABLE, ALARMS).step(make_readings([], [], []), (), T0)
    assert (len(outcome.readings), outcome.events, outcome.signs) == (0, [], [])
    assert np.array_equal(outcome.readings.time, [])


class Edge:
    """A Sparkplug edge that keeps what it could not send, and the layer behind its broker."""

    def __init__(self, folder):
        self.host = SparkplugHost(EDGE_TABLE, {})
        self.pipeline = Pipeline(EDGE_TABLE, EDGE_ALARMS, History(folder, ['g/e/t', 'other']))
        self.seq, self.stored, self.events = 0, [], []

    def send(self, kind, metrics, now):
        self.seq = 0 if kind == 'NBIRTH' else (self.seq + 1) % 256
        topic = str(codec.Topic('g', kind, 'e'))
        ms = now // 1_000_000
        return self.host.receive(topic, codec.encode(metrics, ms, self.seq), now / NS)

    def take(self, outcomes, now):
        batches = [one.readings for one in outcomes if isinstance(one, Arrived)]
        lost = [c for one in outcomes if isinstance(one, Lost) for c in one.channels]
        outcome = self.pipeline.step(concatenate(batches), lost, now)
        self.events += outcome.events
        return outcome

    def metric(self, value, now, **more):
        return Metric('t', codec.DataType.DOUBLE, value, time=now // 1_000_000, **more)


EDGE_TABLE = make_table(
    [
        Channel('g/e/t', 'temperature', 'Cel', 'p', 'm1', maximum=200.0, minimum=0.0, period=1.0),
        Channel('other', 'temperature', 'Cel', 'p', 'm2', period=1.0),
    ]
)
EDGE_ALARMS = [
    AlarmDef('t#high', Kind.HIGH, 'g/e/t', *TEXTS, limit=80.0),
    AlarmDef('t#silent', Kind.QUALITY, 'g/e/t', *TEXTS),
    AlarmDef('other#silent', Kind.QUALITY, 'other', *TEXTS),
]


def test_a_broker_that_is_gone_for_ten_minutes(tmp_path):
    """Stale and an alarm meanwhile; then all of it in history, and only the present is live."""
    edge, gone = Edge(tmp_path), 600
    bdseq = Metric('bdSeq', codec.DataType.INT64, 0)
    edge.take(edge.send('NBIRTH', [bdseq, edge.metric(20.0, T0)], T0), T0)
    edge.take(edge.host.disconnected(), T0 + NS)
    assert edge.pipeline.quality.stale_now == 1
    for k in range(1, gone + 1):
        now = T0 + k * NS
        # The edge goes on measuring: for a minute it was far too hot. Others go on sending.
        edge.stored.append((now, 90.0 if 100 < k < 160 else 21.0))
        edge.events += edge.pipeline.step(make_readings([1], [now], [20.0]), (), now).events
        edge.events += edge.pipeline.tick(now).events
    assert [(e.alarm, e.event) for e in edge.events] == [('t#silent', Event.ACTIVE)]
    edge.events.clear()
    back = T0 + (gone + 1) * NS
    edge.take(edge.send('NBIRTH', [bdseq, edge.metric(22.0, back)], back), back)
    late = [edge.metric(value, time, historical=True) for time, value in edge.stored]
    edge.take(edge.send('NDATA', late, back), back)
    assert [(e.alarm, e.event) for e in edge.events] == [('t#silent', Event.CLEAR)]
    edge.pipeline.history.close()
    edge.pipeline.history.compact()
    found = query(tmp_path, Question(T0, back + NS, ('g/e/t',), 0.0)).to_pylist()
    told = {row['time']: row for row in found if row['quality'] != Quality.STALE}
    assert sorted(told) == [t // 1_000_000 for t, _ in [(T0, 0), *edge.stored, (back, 0)]]
    assert max(row['value'] for row in told.values()) == 90.0
    assert all(row['flags'] & Flag.HISTORICAL for row in list(told.values())[1:-1])
    assert edge.pipeline.quality.stale_now == 0
