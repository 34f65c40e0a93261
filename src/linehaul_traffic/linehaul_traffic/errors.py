# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of linehaul_traffic, as one tree.

TrafficError
├── InputError          a file or an array that does not say what it should
│   ├── MapError        a MovingAI map that cannot be read
│   ├── ScenarioError   a scenario that cannot be read or does not fit its map
│   └── InstanceError   starts and goals that no planner can serve
├── PlanError           a plan that breaks a rule (broken promise of a planner)
└── CommitError         a path that the execution graph must not take
"""


class TrafficError(Exception):
    """Root of everything this package raises on purpose."""


class InputError(TrafficError):
    """Input from outside that is wrong; the message says what, where and what was wanted."""


class MapError(InputError):
    """A map file that cannot be read."""


class ScenarioError(InputError):
    """A scenario file that cannot be read or does not fit its map."""


class InstanceError(InputError):
    """Starts and goals that are not a planning problem (doubled, off the map, unreachable)."""


class PlanError(TrafficError):
    """A plan that breaks a rule: a fault of the planner, never of its input."""


class CommitError(TrafficError):
    """A path that the execution graph must not take: it would break safety or liveness."""
