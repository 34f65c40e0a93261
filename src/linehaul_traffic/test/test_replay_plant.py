# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Tracks keep what the samples say; runs say where vehicles are, what they do and who waits."""

import io
import json
import re
from math import nan, pi
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_floor.geometry import wrap_angles
from linehaul_traffic.errors import InputError
from linehaul_traffic.replay import cli, film
from linehaul_traffic.replay.frames import Frame, Reason, Vehicle, Wait, Way, Work
from linehaul_traffic.replay.from_plant import plant_run
from linehaul_traffic.replay.page import document, page
from linehaul_traffic.replay.paint import dashes
from linehaul_traffic.replay.picture import moving_svg, still, still_png, still_svg
from linehaul_traffic.replay.recording import Encoder
from linehaul_traffic.replay.run import COLORS, Mood
from linehaul_traffic.replay.track import make_track
from PIL import Image

from linehaul_floor import load_plant

PLANT = load_plant('cell')
ROADMAP = PLANT.roadmap
BEGIN = 1_767_247_200.0


@settings(max_examples=80)
@given(st.lists(st.tuples(*[st.floats(-50, 50)] * 2, st.floats(-pi, pi)), min_size=1, max_size=40))
def test_a_track_passes_every_sample_within_the_tolerance(samples):
    time, pose = np.arange(len(samples), dtype=float), np.array(samples)
    track = make_track(time, pose, 0.05)
    found = track.at(time)
    assert np.abs(found[:, :2] - pose[:, :2]).max() <= 0.05 + 1e-9
    assert np.abs(wrap_angles(found[:, 2] - pose[:, 2])).max() <= 0.05 + 1e-9


def test_an_even_drive_needs_two_key_poses_and_unknown_samples_are_left_out():
    time = np.arange(100.0)
    pose = np.stack([time, 2 * time, 0 * time], axis=1)
    pose[50] = nan
    assert make_track(time, pose).time.tolist() == [0.0, 99.0]
    assert make_track([1.0], [[nan, 0, 0]]).time.size == 0


def way_from(node, count):
    """Return nodes that follow each other, beginning with a node."""
    nodes = [node]
    while len(nodes) < count:
        nodes.append(int(ROADMAP.edge_end[ROADMAP.edges_from(nodes[-1])[0]]))
    return nodes


NODES = way_from(0, 6)
IDS = tuple(ROADMAP.node_ids[n] for n in NODES)
GOAL = next(iter(PLANT.places.values()))


def vehicle(node, **changes):
    x, y = ROADMAP.xy[node]
    return Vehicle('agv', float(x), float(y), 0.0, **changes)


def make_frames():
    """One vehicle drives along NODES; another stands, and waits for it from the third second."""
    frames = []
    for k in range(6):
        moving = vehicle(NODES[k], work=Work.DELIVERY, goal=GOAL.id, loads=('l1',) * (k > 2))
        waits = {'b': Wait('a', IDS[3], Reason.QUEUE)} if 2 <= k < 5 else {}
        ways = {'a': Way(GOAL.id, IDS[k:], min(3, 6 - k))} if k < 5 else {}
        frames.append(
            Frame(BEGIN + k, {'a': moving, 'b': vehicle(40, work=Work.IDLE)}, ways, waits,
                  (ROADMAP.edge_ids[7], 'unknown') if k == 1 else (), k // 3)
        )  # fmt: skip
    return frames


RUN = plant_run(PLANT, make_frames())


def test_a_run_says_what_the_frames_say():
    moving, standing = RUN.actors
    assert (RUN.begin, RUN.end) == (BEGIN, BEGIN + 5)
    assert moving.track.at(BEGIN + 2.0)[:2] == pytest.approx(ROADMAP.xy[NODES[2]])
    assert moving.state(BEGIN + 2.5).mood is Mood.EMPTY
    assert moving.state(BEGIN + 3.5).mood is Mood.LOADED
    assert moving.state(BEGIN).goal_xy == pytest.approx(tuple(ROADMAP.xy[GOAL.node]))
    assert moving.way(BEGIN + 2.5).nodes == tuple(NODES[2:])
    assert moving.way(BEGIN + 5.0) is None
    assert standing.state(BEGIN + 9).mood is Mood.IDLE
    (wait,) = RUN.waits
    assert (wait.vehicle, wait.waits_for, wait.element) == (1, 0, IDS[3])
    assert (wait.begin, wait.end) == (BEGIN + 2, BEGIN + 5)
    (closure,) = RUN.closures
    assert (closure.begin, closure.end) == (BEGIN + 1, BEGIN + 2)
    assert RUN.delivered == ((BEGIN, 0), (BEGIN + 3, 1))


def test_a_recording_without_vehicles_is_refused():
    for frames in ([], [Frame(1.0)]):
        with pytest.raises(InputError, match='no vehicle'):
            plant_run(PLANT, frames)


def decoded(row):
    """Return times and poses of a vehicle as the page's script makes them."""
    return [np.cumsum(row[key]) / 100 for key in 'txya']


def test_the_data_of_the_page_says_where_the_vehicles_are():
    data = document(RUN)
    row = data['vehicles'][0]
    time, x, y, _ = decoded(row)
    for at in np.linspace(BEGIN, BEGIN + 5, 17):
        here = [np.interp(at, time, x), np.interp(at, time, y)]
        assert here == pytest.approx(RUN.actors[0].track.at(at)[:2], abs=0.02)
    assert len(row['lists']) == 1
    assert row['lists'][0] == NODES
    assert row['ways'][2] == [BEGIN + 2, 0, 2, 3]
    assert row['ways'][-1][1] == -1
    assert data['texts'][row['states'][0][2]] == GOAL.id


def test_the_page_is_whole_and_asks_nothing_of_any_network():
    text = page(RUN)
    held = re.search(r'<script id="run"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert json.loads(held[1]) == json.loads(json.dumps(document(RUN)))
    addresses = set(re.findall(r'https?://[^\s"\'<)]+', text))
    assert addresses <= {'http://www.w3.org/2000/svg'}
    assert "default-src 'none'" in text
    assert not re.search(r'\[\[\w+\]\]', text.replace(held[1], ''))


def test_names_cannot_break_the_page():
    bad = '</script><b onmouseover=x>'
    frames = [Frame(1.0, {bad: vehicle(3, note=bad)})]
    text = page(plant_run(PLANT, frames))
    assert bad not in text
    assert bad not in moving_svg(plant_run(PLANT, frames), 1.0)


def test_a_still_picture_shows_everybody_where_he_is():
    scene = still(RUN, BEGIN + 4)
    shapes = scene.shapes[len(RUN.background.shapes) :]
    fills = [shape.fill for shape in shapes if hasattr(shape, 'fill')]
    assert fills == [COLORS[Mood.LOADED], COLORS[Mood.IDLE]]
    ElementTree.fromstring(still_svg(RUN, BEGIN + 4))
    with Image.open(io.BytesIO(still_png(RUN, BEGIN + 4))) as image:
        x, y = RUN.projection.at(ROADMAP.xy[NODES[4]]).astype(int)
        assert image.convert('RGB').getpixel((int(x), int(y))) == (194, 24, 91)


def test_a_moving_picture_has_rising_key_times_from_0_to_1():
    root = ElementTree.fromstring(moving_svg(RUN, 2.0))
    motions = [element for element in root.iter() if 'animate' in element.tag]
    assert motions
    for motion in motions:
        times = [float(time) for time in motion.get('keyTimes').split(';')]
        assert len(times) == len(motion.get('values').split(';'))
        assert times[0] == 0
        assert times == sorted(times)
        assert times[-1] == 1 or motion.get('calcMode') == 'discrete'
        assert motion.get('dur') == '2.500s'


def test_dashes_cover_their_share_of_the_line():
    points = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    pieces = dashes(points, 4.0, 1.0)
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    assert lengths == pytest.approx([4.0] * 4)
    assert pieces[-1][-1] == pytest.approx([10.0, 9.0])


@pytest.fixture
def recording(tmp_path):
    encoder = Encoder('cell')
    lines = [encoder.header, *(encoder.line(frame) for frame in make_frames())]
    path = tmp_path / 'run.jsonl'
    path.write_text('\n'.join(lines) + '\n')
    return path


FIRST_BYTES = {'.html': b'<!doctype html>', '.svg': b'<svg ', '.png': b'\x89PNG'}


@pytest.mark.parametrize('ending', FIRST_BYTES)
def test_the_command_line_draws(recording, tmp_path, ending):
    out = tmp_path / f'run{ending}'
    assert cli.main(['draw', str(recording), '--out', str(out)]) == 0
    assert out.read_bytes().startswith(FIRST_BYTES[ending])


def test_without_ffmpeg_a_film_is_refused_in_words(recording, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(film.shutil, 'which', lambda _: None)
    out = tmp_path / 'run.mp4'
    assert cli.main(['draw', str(recording), '--out', str(out)]) == 2
    assert 'ffmpeg, which is not installed' in capsys.readouterr().err
    assert not out.exists()


def test_a_film_is_written_where_ffmpeg_is(recording, tmp_path):
    if film.shutil.which('ffmpeg') is None:
        pytest.skip('ffmpeg is not installed')
    out = tmp_path / 'run.mp4'
    assert cli.main(['draw', str(recording), '--out', str(out), '--speed', '50']) == 0
    assert out.read_bytes()[4:8] == b'ftyp'


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        (['--out', 'x.gif'], 'ends in .html'),
        (['--out', 'x.svg', '--at', '99'], 'lasts 5'),
        (['--out', 'x.svg', '--at', 'nan'], 'lasts 5'),
        (['--out', 'x.svg', '--plant', 'nowhere'], 'nowhere'),
    ],
)
def test_wrong_use_is_refused_in_words(recording, capsys, words, says):
    assert cli.main(['draw', str(recording), *words]) == 2
    assert says in capsys.readouterr().err


def test_what_cannot_be_shown_is_refused_in_words(tmp_path, capsys):
    for name, text in (('a.json', '{}'), ('b.json', '[1]'), ('c.json', 'no'), ('d.json', None)):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        assert cli.main(['draw', str(path), '--out', str(tmp_path / 'x.html')]) == 2
        assert name in capsys.readouterr().err
