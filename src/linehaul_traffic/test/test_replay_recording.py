# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings: reading what was written is identity; a cut file is read, a wrong one is refused."""

import gzip
import json
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay.frames import Frame, Reason, Vehicle, Wait, Way, Work
from linehaul_traffic.replay.recording import Encoder, decode, is_recording, read_recording

NAMES = ['agv_001', 'agv_002', 'ä "3"']
tenths = st.integers(-4000, 4000).map(lambda k: k / 16)
vehicles = st.builds(
    Vehicle,
    st.just('agv'),
    tenths,
    tenths,
    tenths,
    charge=st.sampled_from([0.0, 0.5, 1.0]),
    work=st.sampled_from(Work),
    goal=st.sampled_from(['', 'fa1_01']),
    loads=st.sampled_from([(), ('l1',), ('l1', 'l2')]),
    request=st.sampled_from(['', 'r1']),
    note=st.sampled_from(['', 'waits\nhere']),
)


@st.composite
def ways(draw):
    nodes = tuple('abcdef')[draw(st.integers(0, 5)) :]
    return Way(draw(st.sampled_from(['', 'g'])), nodes, draw(st.integers(0, len(nodes))))


waits = st.builds(Wait, st.sampled_from(['', *NAMES]), st.just('a-b'), st.sampled_from(Reason))


@st.composite
def rows_of_frames(draw):
    times = sorted(draw(st.sets(st.integers(0, 5000), min_size=1, max_size=8)))

    def each(what):
        return draw(st.dictionaries(st.sampled_from(NAMES), what))

    return [
        Frame(
            k / 4, each(vehicles), each(ways()), each(waits), ('x',) * draw(st.integers(0, 1)), k
        )
        for k in times
    ]


def lines_of(frames):
    encoder = Encoder('cell')
    return [encoder.header, *(encoder.line(frame) for frame in frames)]


@settings(max_examples=40)
@given(rows_of_frames())
def test_reading_what_was_written_is_identity(frames):
    assert list(decode(lines_of(frames)[1:])) == frames


def test_a_line_holds_only_what_changed():
    way = Way('g', ('a', 'b', 'c'), 2)
    first = Frame(1.0, {'v': Vehicle('agv', 0.0, 0.0, 0.0)}, {'v': way})
    moved = Frame(2.0, first.vehicles, {'v': Way('g', ('b', 'c'), 2)})
    *_, still, onward = lines_of([first, Frame(1.5, first.vehicles, first.ways), moved])
    assert json.loads(still) == {'t': 1.5}
    assert json.loads(onward) == {'t': 2.0, 'ways': {'v': ['g', 2, 1]}}


def test_an_unknown_pose_stays_unknown():
    frame = Frame(1.0, {'v': Vehicle('agv', nan, inf, 0.0)})
    (back,) = decode(lines_of([frame])[1:])
    assert str(back.vehicles['v'].x) == str(back.vehicles['v'].y) == 'nan'


@pytest.mark.parametrize('time', [1.0, 0.5, nan, inf])
def test_time_must_go_on(time):
    encoder = Encoder('cell')
    encoder.line(Frame(1.0))
    with pytest.raises(InputError, match='comes after'):
        encoder.line(Frame(time))


@pytest.mark.parametrize('ending', ['.jsonl', '.jsonl.gz'])
@pytest.mark.parametrize('cut', [0, 30])
def test_a_recording_whose_writer_was_killed_is_read_to_there(tmp_path, ending, cut):
    frames = [Frame(float(k), {'v': Vehicle('agv', k / 8, 0.0, 0.0)}) for k in range(1, 40)]
    data = ('\n'.join(lines_of(frames)) + '\n').encode()
    path = tmp_path / f'run{ending}'
    whole = gzip.compress(data) if ending.endswith('gz') else data
    path.write_bytes(whole[: len(whole) - cut])
    recording = read_recording(path)
    assert recording.plant == 'cell'
    read = list(recording.frames)
    assert read == frames[: len(read)]
    assert len(read) == len(frames) if not cut else len(read) < len(frames)


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('', 'line 1'),
        ('{"x": 1}\n', 'line 1'),
        ('{"format": "linehaul-replay", "version": 9, "plant": "cell"}\n', 'version'),
        ('HEAD{"t": 1}\n{"t": 1}\n', 'line 3'),
        ('HEAD{"t": NaN}\n', 'line 2'),
        ('HEAD[1]\n', 'line 2'),
        ('HEAD{"t": 1, "vehicles": {"v": ["agv", 1]}}\n', 'line 2'),
        ('HEAD{"t": 1, "ways": {"v": ["g", 1, 3]}}\n', 'line 2'),
        ('HEAD{"t": 1, "waits": {"v": ["", "", "because"]}}\n', 'because'),
    ],
)
def test_a_wrong_recording_is_refused_with_its_line(tmp_path, text, says):
    path = tmp_path / 'run.jsonl'
    path.write_text(text.replace('HEAD', Encoder('cell').header + '\n'))
    with pytest.raises(InputError, match=says):
        read_recording(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r'none\.jsonl'):
        read_recording(tmp_path / 'none.jsonl')
    assert not is_recording('{"paths": []}')
