# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Loads that somebody wants gone from a place: empty containers at stations above all.

They become missions like deliveries: fetched there, brought to the nearest port that takes loads
in, and assigned together with everything else.
"""

import re

from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import LoadId
from linehaul_fleet.events import LoadAbandoned
from linehaul_fleet.missions import best_in_port
from linehaul_fleet.situation import Situation
from linehaul_floor import Flow, PlaceId

_ID = re.compile(r'[A-Za-z0-9_.:-]{1,128}')


def bring_back(s: Situation, load_id: LoadId, place_id: PlaceId, now: float) -> Refusal | None:
    """Take note of a load that is to be taken away, or return why it cannot be."""
    place = s.plant.places.get(place_id)
    if not _ID.fullmatch(load_id):
        return Refusal(Code.TEXT_INVALID, f'{load_id[:60]!r} is no load id')
    if place is None or place.flow not in (Flow.OUT, Flow.BOTH):
        return Refusal(Code.UNKNOWN_ID, f'{place_id[:60]!r} is no place that gives loads')
    if best_in_port(s, place.node, place.classes) is None:
        text = f'no port takes loads in to which a way leads from {place.id}'
        return Refusal(Code.NO_ROUTE, text)
    busy = {v.job.load_id for v in s.model.vehicles.values() if v.job}
    waited_for = {d.load_id for d in s.model.open.values()}
    if load_id not in busy | waited_for and load_id not in s.model.abandoned:
        s.note(LoadAbandoned(load_id, place_id), now)
    return None
