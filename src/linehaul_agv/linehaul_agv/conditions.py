# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What a vehicle finds wrong with itself, as errors that are there as long as their cause is."""

from linehaul_agv.events import ErrorRaised
from linehaul_vda5050 import Error, ErrorLevel, error_types

LOCALIZATION_LOST = 'LOCALIZATION_LOST'
OFF_ROUTE = 'OFF_ROUTE'
BATTERY_UNKNOWN = 'BATTERY_UNKNOWN'
TYPES = (
    LOCALIZATION_LOST,
    OFF_ROUTE,
    BATTERY_UNKNOWN,
    error_types.VEHICLE_STALLED,
    error_types.BATTERY_EMPTY,
)
"""Error types that are raised and cleared here, and that a restart finds anew."""

Conditions = dict[str, Error]


def lost(text: str, *, long: bool) -> Error:
    """The vehicle does not know where it is; long: for so long that a person is needed."""
    level = ErrorLevel.FATAL if long else ErrorLevel.URGENT
    return Error(LOCALIZATION_LOST, level, text, 'look at odometry and localisation')


def off_route(text: str) -> Error:
    """The vehicle is where its order does not lead."""
    hint = 'bring it back onto its way, or onto a node if it has no order'
    return Error(OFF_ROUTE, ErrorLevel.FATAL, text, hint)


def stalled(text: str) -> Error:
    """The wheels do not follow."""
    hint = 'free the vehicle, or look at its drive and its encoders'
    return Error(error_types.VEHICLE_STALLED, ErrorLevel.FATAL, text, hint)


def battery_empty() -> Error:
    """Nothing is left to drive with."""
    return Error(error_types.BATTERY_EMPTY, ErrorLevel.FATAL, 'battery is empty', 'tow it')


def battery_unknown() -> Error:
    """The robot has told its charge once and no longer does."""
    text, hint = 'battery state is old', 'look at what publishes it'
    return Error(BATTERY_UNKNOWN, ErrorLevel.WARNING, text, hint)


def changes(before: Conditions, now: Conditions) -> list[ErrorRaised]:
    """Return the events that lead from one set of conditions to another."""
    gone = [error for name, error in before.items() if now.get(name) != error]
    new = [error for name, error in now.items() if before.get(name) != error]
    return [
        *(ErrorRaised(error, active=False) for error in gone),
        *(ErrorRaised(error) for error in new),
    ]
