# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What has become of each delivery, event by event: for people who ask about one."""

from collections.abc import Iterable

from linehaul_fleet.delivery import RequestId
from linehaul_fleet.events import Event, JobGiven

MOST = 20_000
"""Deliveries whose events are remembered; the oldest go first. The journal has all of them."""


class History:
    """Events by request id, in the order in which they happened."""

    def __init__(self, events: Iterable[tuple[float, Event]] = ()) -> None:
        self._events: dict[RequestId, list[tuple[float, Event]]] = {}
        for time, event in events:
            self.add(time, event)

    def add(self, time: float, event: Event) -> None:
        """Remember an event, if it is one of a delivery."""
        request_id = event.job.request_id if isinstance(event, JobGiven) else None
        request_id = request_id or getattr(event, 'request_id', None)
        if request_id is None:
            return
        self._events.setdefault(request_id, []).append((time, event))
        while len(self._events) > MOST:
            del self._events[next(iter(self._events))]

    def of(self, request_id: RequestId) -> list[tuple[float, Event]]:
        """Return the (plant time, event) pairs of a delivery; empty: none is remembered."""
        return list(self._events.get(request_id, ()))
