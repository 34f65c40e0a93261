# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a one-shot grid plan: an animated SVG, an HTML page with a slider, or a PNG.

SVG and HTML need nothing but a browser and play the plan; the PNG shows how often each cell is
used. Pictures are drawn from cells, so that any plan can be shown, valid or not.
"""

from __future__ import annotations

import colorsys
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linehaul_traffic.errors import InputError

_STEP_S = 0.2
_PAGE = """<!doctype html>
<meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px sans-serif;margin:1em;background:#fff;color:#222}}
canvas{{border:1px solid #999;max-width:100%}}input{{width:60%;vertical-align:middle}}</style>
<p>{title}</p><canvas id="map"></canvas>
<p><button id="play">play</button> <input id="step" type="range" min="0" step="any" value="0">
<span id="at"></span></p>
<script>
const plan = {plan};
const map = document.getElementById('map'), pen = map.getContext('2d');
const slider = document.getElementById('step'), at = document.getElementById('at');
const size = Math.max(4, Math.min(24, Math.floor(1400 / plan.width)));
map.width = plan.width * size; map.height = plan.height * size;
slider.max = plan.makespan;
let playing = false, last = 0;
function draw() {{
  const time = Number(slider.value), t = Math.floor(time), part = time - t;
  pen.fillStyle = '#fff'; pen.fillRect(0, 0, map.width, map.height);
  pen.fillStyle = '#555';
  for (const [x, y] of plan.blocked) pen.fillRect(x * size, y * size, size, size);
  plan.paths.forEach((path, i) => {{
    const n = path.length - 1, a = path[Math.min(t, n)], b = path[Math.min(t + 1, n)];
    const x = a[0] + (b[0] - a[0]) * part, y = a[1] + (b[1] - a[1]) * part;
    pen.fillStyle = plan.colours[i];
    pen.beginPath();
    pen.arc((x + 0.5) * size, (y + 0.5) * size, size * 0.42, 0, 7);
    pen.fill();
    if (t >= n) {{ pen.strokeStyle = '#000'; pen.stroke(); }}
  }});
  at.textContent = `step ${{time.toFixed(1)}} of ${{plan.makespan}}`;
}}
function tick(now) {{
  if (playing) {{
    slider.value = Math.min(plan.makespan, Number(slider.value) + (now - last) / 200);
    if (Number(slider.value) >= plan.makespan) playing = false;
    draw();
  }}
  last = now; requestAnimationFrame(tick);
}}
document.getElementById('play').onclick = () => {{
  if (Number(slider.value) >= plan.makespan) slider.value = 0;
  playing = !playing;
}};
slider.oninput = draw; draw(); requestAnimationFrame(tick);
</script>
"""


def save_picture(
    file: Path, free: NDArray[np.bool_], paths: list[list[tuple[int, int]]], title: str
) -> None:
    """Write a picture of `paths` (cells of each agent) over the map `free` (height, width).

    Raises:
        InputError: The ending of `file` is none of .svg, .html and .png.
    """
    ending = file.suffix.lower()
    if ending == '.html':
        file.write_text(_html(free, paths, title), encoding='utf-8')
    elif ending == '.svg':
        file.write_text(_svg(free, paths, title), encoding='utf-8')
    elif ending == '.png':
        _save_png(file, free, paths, title)
    else:
        raise InputError(f'{file}: a picture ends in .svg, .html or .png, not "{ending}"')


def _colours(count: int) -> list[str]:
    """Return `count` colours that neighbours in number do not share."""
    golden = 0.61803398875
    triples = [colorsys.hls_to_rgb(i * golden % 1.0, 0.45, 0.7) for i in range(count)]
    return ['#' + ''.join(f'{int(255 * part):02x}' for part in triple) for triple in triples]


def _escaped(text: str) -> str:
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def _html(free: NDArray[np.bool_], paths: list[list[tuple[int, int]]], title: str) -> str:
    plan = {
        'width': free.shape[1],
        'height': free.shape[0],
        'blocked': np.argwhere(~free)[:, ::-1].tolist(),
        'makespan': max((len(path) for path in paths), default=1) - 1,
        'colours': _colours(len(paths)),
        'paths': paths,
    }
    return _PAGE.format(title=_escaped(title), plan=json.dumps(plan, separators=(',', ':')))


def _svg(free: NDArray[np.bool_], paths: list[list[tuple[int, int]]], title: str) -> str:
    height, width = free.shape
    steps = max((len(path) for path in paths), default=1) - 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f'<title>{_escaped(title)}</title>',
        f'<rect width="{width}" height="{height}" fill="#fff"/><g fill="#555">',
        *(f'<rect x="{x}" y="{y}" width="1" height="1"/>' for y, x in np.argwhere(~free)),
        '</g>',
    ]
    for path, colour in zip(paths, _colours(len(paths)), strict=True):
        whole = path + path[-1:] * (steps + 1 - len(path))
        moves = ';'.join(f'{x} {y}' for x, y in whole)
        parts.append(
            f'<circle cx=".5" cy=".5" r=".42" fill="{colour}"><animateTransform '
            f'attributeName="transform" type="translate" dur="{max(steps, 1) * _STEP_S:.1f}s" '
            f'repeatCount="indefinite" values="{moves}"/></circle>'
        )
    return '\n'.join([*parts, '</svg>', ''])


def _save_png(
    file: Path, free: NDArray[np.bool_], paths: list[list[tuple[int, int]]], title: str
) -> None:
    """Draw how many agents pass each cell."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    use = np.zeros(free.shape)
    for path in paths:
        for x, y in set(path):
            use[y, x] += 1
    figure = Figure(figsize=(12, 12 * free.shape[0] / free.shape[1] + 1), layout='constrained')
    axes = figure.subplots()
    colours = mpl.colormaps['viridis'].with_extremes(bad='#555')
    image = axes.imshow(np.ma.masked_where(~free, use), cmap=colours)
    figure.colorbar(image, label='agents that pass')
    axes.set_title(title)
    figure.savefig(file, dpi=120)
