# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What the floor says of loads at our ports, and what that means for the books.

Both sides of a port say again and again which loads stand there. A word is a level, not an event:
lost, late or said twice it changes nothing in the end, also when one side was dead meanwhile.
"""

from dataclasses import dataclass
from enum import Enum

from linehaul_warehouse.ids import LoadId, PortId
from linehaul_warehouse.model import Load, PlaceKind
from linehaul_warehouse.rack import Flow
from linehaul_warehouse.state import State

TOLERANCE = 1e-3
"""[s] by which times of messages may be off."""


class Holder(Enum):
    """Who has a load, as far as it concerns us."""

    PORT = 'port'
    AWAY = 'away'
    OTHER = 'other'


@dataclass(frozen=True, slots=True)
class Seen:
    """A load, who has it, and since when [s]."""

    load_id: LoadId
    holder: Holder
    port_id: PortId
    since: float


class Meaning(Enum):
    """NOTHING new; a load of ours was TAKEN from its port; one ARRIVED, which is not ours yet.

    OURS: it is in our hands, and not where they say. RETURNED: taken, and back at another port.
    """

    NOTHING = 0
    TAKEN = 1
    ARRIVED = 2
    RETURNED = 3
    OURS = 4


def meaning(state: State, seen: Seen) -> Meaning:
    """Return what a word of the floor means."""
    load = state.facts.loads.get(seen.load_id)
    port = state.rack.ports.get(seen.port_id)
    at_port = seen.holder is Holder.PORT and port is not None
    if load is None:
        arrives = at_port and port is not None and port.flow is Flow.IN
        return Meaning.ARRIVED if arrives else Meaning.NOTHING
    if load.place.kind is not PlaceKind.PORT:
        have = load.place.kind in (PlaceKind.CELL, PlaceKind.CRANE)
        return Meaning.OURS if at_port and have else Meaning.NOTHING
    if seen.holder is Holder.OTHER or load.place.id == seen.port_id:
        return Meaning.NOTHING
    if seen.since < stands_since(state, load) - TOLERANCE:
        return Meaning.NOTHING  # said before it came there
    back = at_port and port is not None and port.flow is Flow.IN
    return Meaning.RETURNED if back else Meaning.TAKEN


def stands_since(state: State, load: Load) -> float:
    """Return when a load at a port was set down there [s]."""
    return load.ready - state.rack.ports[PortId(load.place.id)].conveyor_time
