# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""When the next containers of a part are needed and when there is room for them.

The run-out of a part follows from the known sequence, never from a mean rate: `needs` holds the
plant time at which each further part will be taken. A container may come once a place is free for
it (a container in the row before it has been emptied), and must have come before the part is
needed that no container present or promised covers. Between the two, `propose` asks late enough
to keep the stock low and early enough that the measured response, with its spread, still fits.

Decides what to ask for and between which times; not which vehicle brings it (`dispatch`), nor
what happens to a request that is already out (`feeding`).
"""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
import numpy.typing as npt

from linehaul_line.response import Response

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Supply:
    """Containers of one part at one station.

    contents: parts in each container in a place, in the order they are used up, none empty.
    promised: parts in each open delivery, in the order they are due. empties: empty containers
    that stand in places. places: containers that fit. container_quantity: parts in a full one.
    """

    contents: tuple[int, ...]
    promised: tuple[int, ...]
    empties: int
    places: int
    container_quantity: int

    @property
    def covered(self) -> int:
        """Parts that are there or promised."""
        return sum(self.contents) + sum(self.promised)


@dataclass(frozen=True, slots=True)
class Window:
    """Plant times [s] between which a container must come: place free, and run-out.

    free: -inf when a place is free now, inf when none will be within the known sequence.
    run_out: inf when the known sequence does not need it.
    """

    free: float
    run_out: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How a line asks.

    z: spreads of the response that are counted with, early and late. cover: seconds to spare
    before the run-out, beside what the measured spread asks for; inf brings a container as soon
    as there is room. clearing: seconds from emptied until the place
    is free again. open_limit: requests of one part that may be open at once.
    """

    z: float = 2.0
    cover: float = 60.0
    clearing: float = 0.0
    open_limit: int = 3


@dataclass(frozen=True, slots=True)
class Proposal:
    """A container to ask for: parts, not to be placed before `earliest`, needed at `due` [s]."""

    quantity: int
    earliest: float
    due: float


def run_out(supply: Supply, needs: FloatArray, *, promised: bool = True) -> float:
    """Return when the line takes a part that is not there; inf: not in the known sequence.

    Args:
        supply: containers.
        needs: (N,) plant times [s], ascending, at which each further part is taken.
        promised: count the open deliveries as if they were there.
    """
    parts = supply.covered if promised else sum(supply.contents)
    return float(needs[parts]) if parts < len(needs) else inf


def next_window(supply: Supply, needs: FloatArray, now: float, *, clearing: float = 0.0) -> Window:
    """Return the window of the next container, behind all that are there or promised.

    Empties leave their places `clearing` seconds from now, a container so long after its last
    part was taken.
    """
    row = supply.contents + supply.promised
    to_clear = len(row) + supply.empties - supply.places + 1
    return Window(
        _cleared(row, supply.empties, to_clear, needs, now, clearing), run_out(supply, needs)
    )


def _cleared(
    row: tuple[int, ...],
    empties: int,
    to_clear: int,
    needs: FloatArray,
    now: float,
    clearing: float,
) -> float:
    """Return when so many containers have left: the empties first, then the row in its order."""
    if to_clear <= 0:
        return -inf
    if to_clear <= empties:
        return now + clearing
    if to_clear - empties > len(row):
        return inf
    taken = sum(row[: to_clear - empties])
    return float(needs[taken - 1]) + clearing if taken <= len(needs) else inf


def ask_at(
    supply: Supply, needs: FloatArray, response: Response, policy: Policy, now: float
) -> float:
    """Return when the next container must be asked for; inf: not within the known sequence.

    That is, counting `z` spreads, the response before the time from which it should come: so long
    before the run-out that it surely is in time with `cover` to spare, but not before there is
    room.
    """
    window = next_window(supply, needs, now, clearing=policy.clearing)
    if inf in (window.run_out, window.free):
        return inf
    return _target(window, response, policy) - response.latest(policy.z)


def _target(window: Window, response: Response, policy: Policy) -> float:
    """Return the time [s] from which a container should come: late, but surely in time."""
    return max(window.free, window.run_out - policy.cover - response.margin(policy.z))


def propose(
    supply: Supply, needs: FloatArray, response: Response, policy: Policy, now: float
) -> list[Proposal]:
    """Return the containers that must be asked for now.

    No container is proposed that finds no place within the known sequence.

    Args:
        supply: what is there and promised.
        needs: (N,) plant times [s], ascending, at which each further part is taken.
        response: measured response of the station.
        policy: how early to ask.
        now: plant time [s].
    """
    found: list[Proposal] = []
    while len(supply.promised) < policy.open_limit:
        if now < ask_at(supply, needs, response, policy, now):
            return found
        window = next_window(supply, needs, now, clearing=policy.clearing)
        target = _target(window, response, policy)
        found.append(
            Proposal(supply.container_quantity, max(target, now), max(window.run_out, now))
        )
        promised = (*supply.promised, supply.container_quantity)
        supply = replace(supply, promised=promised)
    return found
