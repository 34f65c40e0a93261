# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""An incident has what came before and after it, in a file that others can read."""

import pytest
from linehaul_sensors.errors import HistoryError
from linehaul_sensors.readings import NS
from linehaul_sensors.recorder import Message, Recorder, Schema, write
from mcap.reader import make_reader

TEXT = Schema('std_msgs/msg/String', 'string data')


def message(second, data=b'\x00\x01\x00\x00\x02\x00\x00\x00a\x00', topic='a'):
    return Message(topic, TEXT.name, second * NS, data)


def recorder(folder, **more):
    one = Recorder(folder, before=10.0, after=5.0, **more)
    one.add_type(TEXT)
    return one


def test_the_minutes_before_and_after_are_in_the_file(tmp_path):
    one = recorder(tmp_path / 'deep')
    for second in range(100):
        one.add(message(second, topic='ab'[second % 2]))
    assert one.trigger('chain 1: stopped!', 99 * NS)
    assert not one.trigger('again', 101 * NS)
    ended = [one.add(message(second)) for second in range(100, 110)]
    (incident,) = [i for i in ended if i]
    path = write(incident)
    assert path.name == '99_chain_1__stopped_.mcap'
    with path.open('rb') as file:
        found = list(make_reader(file).iter_messages())
    assert [m.log_time // NS for _, _, m in found] == list(range(89, 106))
    schema, channel, first = found[0]
    assert (schema.name, schema.encoding, schema.data) == (TEXT.name, 'ros2msg', b'string data')
    assert (channel.topic, channel.message_encoding) == ('b', 'cdr')
    assert first.data == message(0).data


def test_the_ring_is_bounded_by_bytes(tmp_path):
    one = recorder(tmp_path, most=1000)
    for _ in range(100):
        one.add(message(1, data=bytes(100)))
    one.trigger('x', NS)
    path = write(one.tick(100 * NS))
    with path.open('rb') as file:
        assert len(list(make_reader(file).iter_messages())) == 10


def test_a_type_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(KeyError):
        Recorder(tmp_path).add(message(1))


def test_a_folder_that_cannot_be_written_is_told_and_recording_goes_on(tmp_path):
    (tmp_path / 'file').write_text('x')
    one = recorder(tmp_path / 'file')
    one.add(message(1))
    one.trigger('x', NS)
    with pytest.raises(HistoryError):
        write(one.tick(100 * NS))
    assert one.tick(101 * NS) is None
