# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What is told on /diagnostics."""

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from linehaul_ros.health import Health
from linehaul_ros.names import Topic
from linehaul_ros.qos import EVENTS
from linehaul_ros.time import to_time

DIAGNOSTICS = Topic('/diagnostics', DiagnosticArray, EVENTS)


def to_diagnostics(health: Sequence[Health], now: float) -> DiagnosticArray:
    """Return the message of how everything is; `now` in s."""
    message = DiagnosticArray(
        status=[
            DiagnosticStatus(
                name=one.name,
                level=bytes([int(one.level)]),
                message=one.message,
                hardware_id=one.hardware,
                values=[KeyValue(key=key, value=value) for key, value in one.values],
            )
            for one in health
        ]
    )
    message.header.stamp = to_time(now)
    return message
