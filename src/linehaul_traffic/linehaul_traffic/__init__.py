# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Routes for many vehicles at once, and the execution graph that releases them."""

from linehaul_traffic.errors import CommitError, TrafficError
from linehaul_traffic.execution import ExecutionGraph, Order, Path, Wait
from linehaul_traffic.road_planner import TrafficPlanner
from linehaul_traffic.waits import ExplainedWait, WaitReason, explain
from linehaul_traffic.watchdog import Patience, Watchdog
from linehaul_traffic.wish import NoWay, Wish

__all__ = [
    'CommitError',
    'ExecutionGraph',
    'ExplainedWait',
    'NoWay',
    'Order',
    'Path',
    'Patience',
    'TrafficError',
    'TrafficPlanner',
    'Wait',
    'WaitReason',
    'Watchdog',
    'Wish',
    'explain',
]
