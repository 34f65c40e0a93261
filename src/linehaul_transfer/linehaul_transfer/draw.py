# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Draw a session as a timing diagram: every signal of both sides over time.

    python -m linehaul_transfer.draw session.jsonl --out session.svg
    python -m linehaul_transfer.draw --example --out session.svg

A log has one JSON object in a line: "time" [s], "side" ("vehicle" or "port"), "session", "levels"
(name: true or false) and "text". `line_of` makes such lines.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from linehaul_transfer.errors import LogError
from linehaul_transfer.signals import PortSignals, VehicleSignals

VEHICLE_ROWS = ('cs', 'valid', 'tr_req', 'busy', 'compt', 'cont', 'es')
PORT_ROWS = ('l_req', 'u_req', 'ready', 'ho_avbl', 'es', 'present', 'placed')
LEFT, WIDTH, ROW, HIGH, TOP = 130, 820, 26, 14, 60
SIDES = {'vehicle': VEHICLE_ROWS, 'port': PORT_ROWS}
COLOURS = {'vehicle': '#2b6cb0', 'port': '#b7791f'}


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a log."""

    time: float
    side: str
    session: str
    levels: dict[str, bool]
    text: str


def line_of(time: float, signals: VehicleSignals | PortSignals) -> str:
    """Return a message as a line of a log; time in s."""
    vehicle = isinstance(signals, VehicleSignals)
    side = 'vehicle' if vehicle else 'port'
    levels = {}
    for name in SIDES[side]:
        owner = signals.sensors if name in ('present', 'placed') else signals  # type: ignore[union-attr]
        levels[name] = bool(getattr(owner, name))
    body = {
        'time': time,
        'side': side,
        'session': signals.session,
        'levels': levels,
        'text': signals.problem.text,
    }
    return json.dumps(body)


def read_log(lines: Iterable[str]) -> list[Said]:
    """Read a log.

    Raises:
        LogError: a line is not a message, or there is none; the text says which.
    """
    said = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            body = json.loads(line)
            message = Said(
                float(body['time']),
                str(body['side']),
                str(body['session']),
                {str(name): bool(value) for name, value in body['levels'].items()},
                str(body.get('text', '')),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LogError(f'line {number}: {error!r}') from error
        if not math.isfinite(message.time) or message.side not in SIDES:
            raise LogError(f'line {number}: time {message.time}, side {message.side!r}')
        said.append(message)
    if not said:
        raise LogError('the log is empty')
    return sorted(said, key=lambda one: one.time)


def draw(said: list[Said], title: str = '') -> str:
    """Return the diagram as SVG."""
    begin, end = said[0].time, max(said[-1].time, said[0].time + 1e-3)
    scale = WIDTH / (end - begin)
    rows = [(side, name) for side, names in SIDES.items() for name in names]
    used = [row for row in rows if _ever(said, *row)]
    height = TOP + ROW * len(used) + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
    ]
    parts += _grid(begin, end, scale, height)
    for index, (side, name) in enumerate(used):
        y = TOP + ROW * index
        parts.append(f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{_label(name)}</text>')
        path = _path(said, side, name, y, begin, end, scale)
        parts.append(f'<path d="{path}" fill="none" stroke="{COLOURS[side]}" stroke-width="2"/>')
    parts += _texts(said, begin, scale, height)
    return '\n'.join([*parts, '</svg>', ''])


def _label(name: str) -> str:
    return {'present': 'presence', 'placed': 'placement'}.get(name, name.upper())


def _ever(said: list[Said], side: str, name: str) -> bool:
    """Tell whether a row has anything to show; ES and sensors only if they change."""
    values = [one.levels.get(name, False) for one in said if one.side == side]
    return any(values) and (name not in ('es',) or not all(values))


def _path(
    said: list[Said], side: str, name: str, y: int, begin: float, end: float, scale: float
) -> str:
    level, points = False, [(0.0, False)]
    for one in said:
        if one.side == side and one.levels.get(name, False) is not level:
            x = (one.time - begin) * scale
            points += [(x, level), (x, not level)]
            level = not level
    points.append(((end - begin) * scale, level))
    places = [f'{LEFT + x:.1f},{y + 4 + (0 if on else HIGH)}' for x, on in points]
    return 'M' + ' L'.join(places)


def _grid(begin: float, end: float, scale: float, height: int) -> list[str]:
    span = end - begin
    step = 10.0 ** math.floor(math.log10(span))
    step = next(step * part for part in (0.1, 0.2, 0.5, 1.0, 2.0) if span / (step * part) <= 12)
    parts = []
    for index in range(int(span / step) + 1):
        x = LEFT + index * step * scale
        parts.append(f'<path d="M{x:.1f},{TOP - 8} V{height - 42}" stroke="#ddd"/>')
        text = f'{index * step:g} s'
        parts.append(
            f'<text x="{x:.1f}" y="{TOP - 14}" fill="#666" text-anchor="middle">{text}</text>'
        )
    return parts


def _texts(said: list[Said], begin: float, scale: float, height: int) -> list[str]:
    """Show what people were told, once each, at its time."""
    parts, last = [], ''
    for one in said:
        if one.text and one.text != last:
            x = LEFT + (one.time - begin) * scale
            parts.append(f'<path d="M{x:.1f},{TOP - 8} V{height - 30}" stroke="#c53030"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{height - 16}" fill="#c53030">{escape(one.text)}</text>'
            )
        last = one.text or last
    return parts


def example() -> list[str]:
    """Return the log of a session without faults."""
    from linehaul_transfer.bench import Rig
    from linehaul_transfer.model import Kind

    lines: list[str] = []
    rig = Rig(Kind.LOAD, heard=lambda time, message: lines.append(line_of(time, message)))
    rig.tick()
    rig.start()
    rig.settle()
    for _ in range(5):
        rig.fair()
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_transfer.draw', description='Draw a hand-off from its log.'
    )
    parser.add_argument('log', type=Path, nargs='?', help='log of signals, JSON lines')
    parser.add_argument('--example', action='store_true', help='a session of the test bench')
    parser.add_argument('--out', type=Path, required=True, help='SVG file')
    parser.add_argument('--session', default='', help='only this one')
    options = parser.parse_args(arguments)
    if (options.log is None) is not options.example:
        parser.error('give either a log or --example')
    try:
        lines = example() if options.example else options.log.read_text('utf-8').splitlines()
        said = read_log(lines)
        if options.session:
            said = [one for one in said if one.session == options.session]
            if not said:
                raise LogError(f'no session {options.session}')
        title = next((one.session for one in said if one.session), '')
        options.out.write_text(draw(said, f'hand-off {title}'), encoding='utf-8')
    except (LogError, OSError, UnicodeDecodeError) as error:
        print(f'cannot draw: {error}', file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
