# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The OPC UA bridge: few large subscriptions on one server, in asyncio.

A server often takes at most 1,000 items a subscription; items of one deadband share subscriptions.
Source time and status come from the server; a bad status is bad, an uncertain one uncertain.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from math import nan
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError
from linehaul_ros.stopping import stoppable

from linehaul_sensors.backoff import Backoff
from linehaul_sensors.opcua_map import Item, Server
from linehaul_sensors.readings import Flag, Quality, Readings, make_readings

ITEMS = 1000
"""Most items in one subscription."""
_CHECK = 1.0
"""[s] between two looks whether the connection still stands."""


class OpcUaBridge:
    """One server.

    Args:
        server: what to take from it.
        clock: [ns] since 1970, for values without a source time.
        deliver: called with readings, and with the channels that were lost.
        rng: for the waits after failures.
        backoff: those waits.
    """

    def __init__(
        self,
        server: Server,
        clock: Callable[[], int],
        deliver: Callable[[Readings, tuple[int, ...]], None],
        rng: np.random.Generator,
        backoff: Backoff | None = None,
    ) -> None:
        self.server = server
        self._clock = clock
        self._deliver = deliver
        self._rng = rng
        self._backoff = backoff or Backoff()
        self._by_node = {ua.NodeId.from_string(item.node): item for item in server.items}
        self._rows: list[tuple[int, int, float, int, int]] = []
        self._gone = False
        self.failures = 0
        self.refused: list[str] = []

    async def run(self) -> None:
        """Take values until cancelled; a server that is gone is tried again, with longer waits."""
        while True:
            with contextlib.suppress(UaError, OSError, asyncio.TimeoutError):
                await stoppable(self._session())
            # A failure is counted here, and told by the lost channels.
            self.failures += 1
            self.flush()
            channels = tuple(item.channel for item in self.server.items)
            self._deliver(make_readings([], [], []), channels)
            await asyncio.sleep(self._backoff.wait(self.failures, self._rng))

    async def _session(self) -> None:
        client = Client(self.server.url, timeout=4)
        try:
            async with client:
                await self._subscribe(client)
                self.failures = 0
                await self._follow(client)
        finally:
            client.disconnect_socket()  # asyncua leaves it open where it is cancelled

    async def _follow(self, client: Client) -> None:
        pause = self.server.publishing / 1000.0
        waited = 0.0
        while not self._gone:
            await asyncio.sleep(pause)
            self.flush()
            waited += pause
            if waited >= _CHECK:
                waited = 0.0
                await client.check_connection()

    async def _subscribe(self, client: Client) -> None:
        self.refused, self._gone = [], False
        for deadband, items in self._portions():
            subscription = await client.create_subscription(self.server.publishing, self)
            nodes = [client.get_node(item.node) for item in items]
            if deadband > 0:
                change = ua.DataChangeFilter(
                    Trigger=ua.DataChangeTrigger.StatusValue,
                    DeadbandType=ua.DeadbandType.Absolute,
                    DeadbandValue=deadband,
                )
                made = await subscription._subscribe(
                    nodes, AttributeIds.Value, mfilter=change, queuesize=10
                )
            else:
                made = await subscription.subscribe_data_change(nodes, queuesize=10)
            results = made if isinstance(made, list) else [made]
            for item, result in zip(items, results, strict=True):
                if isinstance(result, ua.StatusCode):
                    self.refused.append(f'{item.node}: {result.name}')
                    row = (item.channel, self._clock(), nan, int(Quality.BAD), int(Flag.SOURCE))
                    self._rows.append(row)

    def _portions(self) -> Iterator[tuple[float, tuple[Item, ...]]]:
        groups: dict[float, list[Item]] = {}
        for item in self.server.items:
            groups.setdefault(item.deadband, []).append(item)
        for deadband, items in groups.items():
            for begin in range(0, len(items), ITEMS):
                yield deadband, tuple(items[begin : begin + ITEMS])

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        """Take one change in; asyncua calls it."""
        item = self._by_node.get(node.nodeid)
        if item is None:
            return
        told = data.monitored_item.Value
        stamp = told.SourceTimestamp
        time = self._clock() if stamp is None else _nanoseconds(stamp)
        quality = _quality(told.StatusCode)
        number = float(value) if isinstance(value, (bool, int, float)) else nan
        self._rows.append(
            (item.channel, time, number * item.factor + item.offset, int(quality), 0)
        )

    def status_change_notification(self, status: Any) -> None:
        """Note that the server ended a subscription; asyncua calls it."""
        del status
        self._gone = True

    def flush(self) -> None:
        """Deliver what has come since the last call."""
        rows, self._rows = self._rows, []
        if rows:
            self._deliver(make_readings(*map(list, zip(*rows, strict=True))), ())


def _nanoseconds(stamp: Any) -> int:
    from datetime import timezone

    when = stamp if stamp.tzinfo is not None else stamp.replace(tzinfo=timezone.utc)
    return int(when.timestamp() * 1e6 + 0.5) * 1000


def _quality(status: Any) -> Quality:
    if status is None or status.is_good():
        return Quality.GOOD
    return Quality.UNCERTAIN if status.is_uncertain() else Quality.BAD
