# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""How long a request takes until the container stands in its place: measured, with its spread.

Three phases are measured apart, because they answer different questions: the *wait* until a
vehicle begins (it says how early to ask), the *travel* from then until the vehicle stands before
the station (its short end says when a vehicle may begin without waiting before a full place), and
the *transfer*. Where empties are fetched by vehicles, *clearing* is the time from an emptied
container until it has left its place. Each is an exponentially weighted mean and variance (West
1979, weights decaying), so that what was measured hours ago is forgotten. Before anything is
measured a stated prior holds.
"""

from dataclasses import dataclass, replace
from math import isfinite, sqrt


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean [s] and variance [s²] of a duration; weight: observations that stand behind it."""

    mean: float
    variance: float
    weight: float = 0.0

    @property
    def spread(self) -> float:
        """Standard deviation [s]."""
        return sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class Response:
    """The measured response to requests of one station."""

    wait: Moments
    travel: Moments
    transfer: Moments
    clearing: Moments = Moments(0.0, 0.0)

    @property
    def mean(self) -> float:
        """Seconds from request to placed, expected."""
        return self.wait.mean + self.travel.mean + self.transfer.mean

    @property
    def spread(self) -> float:
        """Standard deviation [s] of request to placed; phases are taken as independent."""
        return sqrt(self.wait.variance + self.travel.variance + self.transfer.variance)

    @property
    def served(self) -> float:
        """Seconds from a vehicle's begin to placed, expected."""
        return self.travel.mean + self.transfer.mean

    def latest(self, z: float) -> float:
        """Seconds from request to placed that are exceeded rarely: z spreads above the mean."""
        return self.mean + z * self.spread

    def margin(self, z: float) -> float:
        """Seconds before the run-out from which a container may come and still is in time.

        A vehicle that must not come before a time begins so early that it could come z spreads
        sooner than expected; it may as well come z spreads later, after a wait, and the hand-over
        is still to be made.
        """
        late = 2.0 * self.travel.spread + self.wait.spread
        return z * late + self.wait.mean + self.transfer.mean

    def cleared(self, z: float) -> float:
        """Seconds from emptied to fetched that are exceeded rarely; 0: nothing is fetched."""
        return self.clearing.mean + z * self.clearing.spread

    def soonest(self, z: float) -> float:
        """Seconds from a vehicle's begin to its stand before the place, z spreads below."""
        return max(0.0, self.travel.mean - z * self.travel.spread)


def phases(response: Response) -> tuple[Moments, Moments, Moments, Moments]:
    """Return wait, travel, transfer and clearing, as `Response` takes them."""
    return response.wait, response.travel, response.transfer, response.clearing


def prior(
    wait: float, travel: float, transfer: float, *, relative_spread: float = 0.25
) -> Response:
    """Return a response before anything was measured, from expected seconds of each phase."""

    def guess(mean: float) -> Moments:
        return Moments(mean, (relative_spread * mean) ** 2)

    return Response(guess(wait), guess(travel), guess(transfer))


def observe(moments: Moments, seconds: float, *, memory: float = 30.0) -> Moments:
    """Return the moments after one more measured duration.

    Args:
        moments: what is known so far.
        seconds: measured duration [s]; one that is negative or not finite is not believed.
        memory: observations after which an old one has lost most of its weight. The prior
            counts as three.
    """
    if not isfinite(seconds) or seconds < 0.0:
        return moments
    weight = min(moments.weight + 1.0, memory)
    gain = 1.0 / min(weight + 3.0, memory)
    delta = seconds - moments.mean
    return Moments(
        mean=moments.mean + gain * delta,
        variance=(1.0 - gain) * (moments.variance + gain * delta * delta),
        weight=weight,
    )


def observe_wait(response: Response, seconds: float) -> Response:
    """Return the response after a request waited so long [s] for its vehicle."""
    return replace(response, wait=observe(response.wait, seconds))


def observe_travel(response: Response, seconds: float) -> Response:
    """Return the response after a vehicle needed so long [s] to stand before the station."""
    return replace(response, travel=observe(response.travel, seconds))


def observe_clearing(response: Response, seconds: float) -> Response:
    """Return the response after an empty container stood so long [s] in its place."""
    if not isfinite(seconds):
        return response
    before = response.clearing if response.clearing.weight else Moments(seconds, 0.0)
    return replace(response, clearing=observe(before, seconds))
