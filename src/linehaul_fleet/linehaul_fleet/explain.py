# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Why a delivery changed its vehicle, in one line for people."""

from math import isnan, nan

from linehaul_fleet.missions import Mission
from linehaul_floor import VehicleId


def explain(
    old: VehicleId | None,
    new: VehicleId | None,
    mission: Mission,
    slack: tuple[float, float],
    instead: tuple[str, float] | None,
    sooner: float = nan,
) -> str:
    """Return one line: which delivery, from whom to whom, old and new slack, because of what.

    Args:
        old: who was to fetch it.
        new: who is now; None: nobody yet.
        mission: the delivery.
        slack: seconds between due and arrival, with the old and with the new vehicle.
        instead: key and slack of what the old vehicle fetches instead, if anything.
        sooner: seconds by which the new vehicle is at the load before the old one.
    """
    what = f'{mission.key}: {old or "nobody"} -> {new or "later"}'
    cause = _cause(old, mission, slack, instead, sooner)
    return f'{what}, slack {_slack(slack[0])} -> {_slack(slack[1])}, {cause}'


def _cause(
    old: VehicleId | None,
    mission: Mission,
    slack: tuple[float, float],
    instead: tuple[str, float] | None,
    sooner: float,
) -> str:
    if instead is not None:
        key, left = instead
        return f'because {old} fetches {key} instead' + (
            '' if isnan(left) else f' (slack {_slack(left)})'
        )
    gain = slack[1] - slack[0]
    if gain >= 1.0:
        return f'because it arrives {gain:.0f} s earlier'
    if sooner >= 1.0:
        behind = f' and {mission.behind} wait behind it' if mission.behind else ''
        return f'because it is at {mission.source} {sooner:.0f} s sooner{behind}'
    return 'because the way there is shorter'


def _slack(seconds: float) -> str:
    return 'unknown' if isnan(seconds) else f'{seconds:+.0f} s'
