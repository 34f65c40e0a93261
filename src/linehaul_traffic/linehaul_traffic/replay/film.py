# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A run as an MP4 film, encoded by ffmpeg where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from linehaul_floor.png import paint
from linehaul_floor.scene import Polygon, Scene, Text, box

from linehaul_traffic.errors import InputError
from linehaul_traffic.replay.moment import draw_moment
from linehaul_traffic.replay.paint import painted
from linehaul_traffic.replay.run import Run, Unit

RATE = 25  # pictures a second
WIDEST = 1600  # pixels
_INK = '#1f2933'


def save_film(
    run: Run, path: Path, speed: float, progress: Callable[[int, int], None] = lambda *_: None
) -> None:
    """Write the film.

    Args:
        run: the run.
        path: the .mp4 file.
        speed: seconds or steps of the run in a second of the film.
        progress: is told how many pictures of how many are done.

    Raises:
        InputError: ffmpeg is not installed, or refuses.
    """
    ffmpeg = shutil.which('ffmpeg')
    if ffmpeg is None:
        raise InputError(
            f'{path}: films are encoded by ffmpeg, which is not installed here; install it '
            '(Debian, Ubuntu: apt install ffmpeg), or name a .html or .svg file'
        )
    count = max(1, round((run.end - run.begin) / speed * RATE))
    corners = crop_box(run)
    background = paint(run.background).crop(corners)
    size, width = f'{background.width}x{background.height}', min(WIDEST, background.width)
    raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', size, '-r', str(RATE), '-i', '-']
    coded = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21', '-pix_fmt', 'yuv420p']
    scaled = ['-vf', f'scale={width}:-2:flags=area', '-movflags', '+faststart']
    command = [ffmpeg, '-y', '-loglevel', 'error', *raw, *scaled, *coded, str(path)]
    with tempfile.TemporaryFile() as said:
        encoder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            assert encoder.stdin is not None
            for number, time in enumerate(np.linspace(run.begin, run.end, count)):
                encoder.stdin.write(painted(background, moving(run, float(time))).tobytes())
                progress(number + 1, count)
            encoder.stdin.close()
        except BrokenPipeError:
            pass  # it says below why it stopped
        finally:
            code = encoder.wait()
        if code != 0:
            said.seek(0)
            reason = said.read().decode(errors='replace').strip().splitlines()
            raise InputError(f'{path}: ffmpeg refused: {reason[-1] if reason else code}')


def crop_box(run: Run) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom [pixels] of what is filmed; its sizes are even."""
    left, top = max(0, int(run.view[0])), max(0, int(run.view[1]))
    width = min(int(run.view[2]), run.background.width - left) // 2 * 2
    height = min(int(run.view[3]), run.background.height - top) // 2 * 2
    return left, top, left + width, top + height


def moving(run: Run, time: float) -> Scene:
    """Return what moves at a time, and the time in words, as it lies on the filmed part."""
    whole = Scene(run.background.width, run.background.height)
    draw_moment(run, time, whole)
    corner = np.array(crop_box(run)[:2], dtype=float)
    scene = Scene(whole.width, whole.height)
    for shape in whole.shapes:
        if not isinstance(shape, Text):
            scene.add(replace(shape, points=shape.points - corner))
    words = clock(run, time)
    scene.add(Polygon(box(16.0, 16.0, 14.0 + 13.0 * len(words), 36.0), '#ffffff', '#c4ccd5'))
    scene.add(Text(26.0, 34.0, words, 22.0, _INK))
    return scene


def clock(run: Run, time: float) -> str:
    """Return a time in words."""
    if run.unit is Unit.STEPS:
        return f'step {int(time)} of {int(run.end)}'
    whole = int(time - run.begin)
    return f'{whole // 3600:02}:{whole % 3600 // 60:02}:{whole % 60:02}'
