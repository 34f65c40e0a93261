# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a person, a PLC or an MES may command a line, and what of it is refused.

A command is for a line, or for one of its stations: a station that is held has a fault of its own
and stops its line with the andon lit; the line runs again when the last one is mended.
"""

from dataclasses import replace

from linehaul_line.assembly import Assembly, command, fault, mended, set_speed
from linehaul_line.ids import StationId
from linehaul_line.packml import Command, Refusal


def commanded(
    line: Assembly, target: str, what: int, *, speed: float, reason: str
) -> Assembly | Refusal:
    """Return the line after a command, or why it is refused.

    Args:
        line: as it is.
        target: the line or one of its stations.
        what: number of the command.
        speed: factor, with SET_SPEED.
        reason: for people.
    """
    if not 0 < what <= Command.SET_SPEED:
        return Refusal(f'command {what} found, wanted 1 to {int(Command.SET_SPEED)}')
    if target != line.plan.id:
        return _station(line, StationId(target), Command(what), reason)
    return set_speed(line, speed) if what == Command.SET_SPEED else command(line, Command(what))


def _station(line: Assembly, station: StationId, what: Command, reason: str) -> Assembly | Refusal:
    if what == Command.HOLD:
        return fault(line, station, reason or 'held')
    if what != Command.UNHOLD:
        return Refusal(f'{what.name} found for station {station}, wanted HOLD or UNHOLD')
    if station not in line.held:
        return Refusal(f'UNHOLD found while {station} has no fault')
    after = mended(line, station)
    return replace(after, now=line.now)
