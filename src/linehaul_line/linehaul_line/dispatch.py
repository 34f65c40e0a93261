# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which delivery gets the next vehicle: the rule that follows the line.

Slack is what remains of the time until the run-out when the expected response is taken off. The
delivery with the least slack goes first; a delivery that would stand before a full place is not
begun yet; a delivery of no urgency goes at last when it has waited long enough. Whoever assigns
vehicles calls `choose`; it decides over any candidates.

Source: minimum-slack dispatching of jobs with due dates on parallel servers; the freeze of the
line's clock is in the run-out times, which stand still for a line that stands still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from linehaul_line.ids import RequestId, StationId
from linehaul_line.response import Response


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that waits for a vehicle. Times are plant times [s].

    requested: when it was asked for. earliest: when there is room; -inf: now. due: run-out; inf:
    none known. served: seconds from a vehicle's begin to placed, expected. soonest: seconds from
    begin until the vehicle stands before the place, if all goes well.
    """

    request: RequestId
    station: StationId
    requested: float
    earliest: float
    due: float
    served: float
    soonest: float


@dataclass(frozen=True, slots=True)
class Rule:
    """age_limit: seconds of waiting after which a delivery without urgency counts as due."""

    age_limit: float = 3600.0


def candidate(
    request: RequestId,
    station: StationId,
    requested: float,
    window: tuple[float, float],
    response: Response,
    *,
    z: float = 2.0,
) -> Candidate:
    """Return a candidate from its window (earliest, due) and the station's measured response."""
    return Candidate(request, station, requested, *window, response.served, response.soonest(z))


def slack(delivery: Candidate, now: float) -> float:
    """Return the seconds to spare if a vehicle begins now; negative: the line will stand."""
    return delivery.due - now - delivery.served


def may_begin(delivery: Candidate, now: float) -> bool:
    """Return whether a vehicle that begins now would find room."""
    return now + delivery.soonest >= delivery.earliest


def urgency(delivery: Candidate, now: float, rule: Rule = Rule()) -> float:
    """Return what deliveries are ordered by [s], least first: slack, or less when it is old."""
    waited = now - max(delivery.requested, delivery.earliest)
    return min(slack(delivery, now), inf if waited < rule.age_limit else rule.age_limit - waited)


def choose(
    deliveries: Sequence[Candidate],
    now: float,
    rule: Rule = Rule(),
) -> Candidate | None:
    """Return the delivery that the next free vehicle should begin, or None: better to wait."""
    ready = [one for one in deliveries if may_begin(one, now)]
    return min(ready, key=lambda one: _order(one, now, rule), default=None)


def _order(delivery: Candidate, now: float, rule: Rule) -> tuple[float, float, float, str]:
    return urgency(delivery, now, rule), delivery.served, delivery.requested, delivery.request


def priority(delivery: Candidate, now: float, rule: Rule = Rule()) -> int:
    """Return the urgency as a priority of deliver_material: 100 calm, 255 the line stands.

    Ten minutes of slack and more are calm; each lost minute counts.
    """
    return _priority(urgency(delivery, now, rule))


def _priority(seconds: float, calm: float = 600.0) -> int:
    share = 1.0 if not isfinite(seconds) and seconds > 0 else min(max(seconds / calm, 0.0), 1.0)
    return 100 + round(155.0 * (1.0 - share))
