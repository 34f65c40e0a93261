# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a delivery that is open: due time, priority, station, hold.

A line that stops, slows, speeds up or changes its model says so by changing its deliveries; a
person may do the same. The assignment follows in the next cycle.

With its due time a delivery's earliest time moves, too: it keeps its share of the time that is
left. A line at double speed needs a container in half the time, and has room for it in half the
time; an earliest time that stood still would come after the due time.
"""

from dataclasses import dataclass
from math import isinf, isnan

from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.delivery import Delivery, RequestId
from linehaul_fleet.events import DeliveryChanged
from linehaul_fleet.request import is_destination
from linehaul_fleet.situation import Situation
from linehaul_floor import PlaceId


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None: stays as it is. due: plant time [s], NaN for no due time."""

    due: float | None = None
    priority: int | None = None
    station_id: PlaceId | None = None
    hold: bool | None = None


def change_delivery(
    s: Situation, request_id: RequestId, change: Change, by: str, reason: str, now: float
) -> Refusal | None:
    """Change an open delivery, or return why not. The same change again changes nothing."""
    delivery = s.model.open.get(request_id)
    if delivery is None:
        return Refusal(Code.UNKNOWN_ID, f'no open delivery {request_id[:60]!r}')
    refusal = _check(s, delivery, change)
    if refusal is not None:
        return refusal
    due = delivery.due if change.due is None else change.due
    event = DeliveryChanged(
        request_id,
        due,
        delivery.priority if change.priority is None else change.priority,
        delivery.station_id if change.station_id is None else change.station_id,
        delivery.hold if change.hold is None else change.hold,
        by,
        reason,
        moved(delivery.earliest, delivery.due, due, now),
    )
    if _differs(delivery, event):
        s.note(event, now)
    return None


def moved(earliest: float, due: float, new_due: float, now: float) -> float:
    """Return the earliest time [s] of a delivery whose due time moves.

    Args:
        earliest: as it is; NaN: at once.
        due: as it is; NaN: none.
        new_due: as it is going to be; NaN: none.
        now: plant time [s].
    """
    if new_due == due or isnan(new_due) or not earliest > now:
        return earliest
    if due > now:
        return now + (earliest - now) * max(new_due - now, 0.0) / (due - now)
    return min(earliest, max(new_due, now))


def _check(s: Situation, delivery: Delivery, change: Change) -> Refusal | None:
    if change.due is not None and isinf(change.due):
        return Refusal(Code.INVALID_ARGUMENT, 'due is not finite')
    if change.priority is not None and not 0 <= change.priority <= 255:
        return Refusal(Code.INVALID_ARGUMENT, f'priority {change.priority} is not within 0..255')
    if change.station_id is None:
        return None
    place = s.plant.places.get(change.station_id)
    if place is None or not is_destination(s.plant, place):
        return Refusal(Code.UNKNOWN_STATION, f'no station {change.station_id[:60]!r}')
    if delivery.request.item_id not in place.items:
        return Refusal(
            Code.ITEM_NOT_USED_AT_STATION, f'{place.id} does not use {delivery.request.item_id}'
        )
    return None


def _differs(delivery: Delivery, event: DeliveryChanged) -> bool:
    same_due = event.due == delivery.due or (isnan(event.due) and isnan(delivery.due))
    return not same_due or (
        (delivery.priority, delivery.station_id, delivery.hold)
        != (event.priority, event.station_id, event.hold)
    )
