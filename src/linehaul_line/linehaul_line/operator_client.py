# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The shift leader's end of the lines: latched states in, commands out."""

import time
from contextlib import AbstractContextManager
from typing import Any

from linehaul_ros.asking import Asker, NoAnswerError, asking
from linehaul_ros.time import from_time

from linehaul_interfaces.msg import LineState, PackmlState, StationState
from linehaul_interfaces.srv import SetLineState
from linehaul_line.operator_view import LineRow, PartRow
from linehaul_ros import names

STATES = {
    int(number): name.lower()
    for name, number in vars(PackmlState).items()
    if name.isupper() and isinstance(number, int)
}
COMMANDS = {
    name.removeprefix('COMMAND_').lower().replace('set_', ''): int(number)
    for name, number in vars(SetLineState.Request).items()
    if name.startswith('COMMAND_') and number
}
HINT = 'does the factory run with lines (`make run ARGS="--lines simulated"`)?'
SETTLED = 1.0
"""[s] without a new line or station after which all are known."""

__all__ = ['COMMANDS', 'NoAnswerError', 'connected', 'look']


def connected(patience: float, context: Any = None) -> AbstractContextManager[Asker]:
    """Give a client in a context of its own, or in a given one; patience in s of wall time."""
    return asking('linehaul_lines', patience, HINT, context)


class Board:
    """What all lines and stations said last, as they are found."""

    def __init__(self, asker: Asker) -> None:
        self._asker, self._known = asker, set[str]()
        self.lines: dict[str, LineState] = {}
        self.stations: dict[str, StationState] = {}
        self._found = time.monotonic()

    def find(self) -> None:
        """Listen to lines and stations that were not known."""
        kinds = (
            (names.LINE_STATE, LineState, self._line),
            (names.STATION_STATE, StationState, self._station),
        )
        for topic, types in self._asker.node.get_topic_names_and_types():
            for known, kind, heard in kinds:
                name = f'linehaul_interfaces/msg/{kind.__name__}'
                if name in types and topic not in self._known:
                    self._known.add(topic)
                    self._asker.node.create_subscription(kind, topic, heard, known.qos)
                    self._found = time.monotonic()

    def _line(self, message: LineState) -> None:
        self.lines[message.line_id] = message

    def _station(self, message: StationState) -> None:
        self.stations[message.station_id] = message

    def complete(self) -> bool:
        """Return whether all that there is has been heard."""
        self.find()
        heard = len(self.lines) + len(self.stations)
        quiet = time.monotonic() - self._found > SETTLED
        return bool(self.lines) and heard == len(self._known) and quiet


def look(asker: Asker) -> tuple[list[LineRow], list[PartRow]]:
    """Return all lines, and all parts beside their stations.

    Raises:
        NoAnswerError: no line says anything.
    """
    board = Board(asker)
    asker.until(board.complete, 'no line has said how it is')
    lines = [_line_row(one) for _, one in sorted(board.lines.items())]
    parts = [row for _, station in sorted(board.stations.items()) for row in _part_rows(station)]
    return lines, parts


def _line_row(one: LineState) -> LineRow:
    return LineRow(
        one.line_id,
        STATES.get(one.state.state, 'unknown'),
        one.speed_factor,
        one.units_done,
        one.stopped_time,
        one.model_id,
        one.stop_cause,
    )


def _part_rows(station: StationState) -> list[PartRow]:
    now = from_time(station.stamp)
    return [
        PartRow(
            station.line_id,
            station.station_id,
            part.item_id,
            part.quantity,
            part.on_the_way,
            part.empties,
            from_time(part.run_out) - now,
            tuple(part.open_requests),
            station.state.reason if station.andon else '',
            station.andon,
        )
        for part in station.parts
    ]
