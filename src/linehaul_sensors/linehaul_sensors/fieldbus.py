# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Modbus and OPC UA bridges beside the node: their event loop in a thread, or in processes.

Both kinds live in asyncio. One thread runs the loop of all that stay in the node's process; it
does nothing but read and hand over. OPC UA costs far more than MQTT, so a server's items can be
shared among processes of their own; a process that dies is started again, with longer waits, and
its channels are lost meanwhile. Hand-overs are bounded: what the node cannot take is counted.
"""

import asyncio
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np

from linehaul_sensors.backoff import Backoff
from linehaul_sensors.modbus import ModbusBridge
from linehaul_sensors.modbus_map import Device
from linehaul_sensors.mqtt import Drained
from linehaul_sensors.opcua_map import Server
from linehaul_sensors.readings import Readings, concatenate, make_readings
from linehaul_sensors.sparkplug_host import Fault

MOST = 10_000
"""Hand-overs that wait for the node."""
Deliver = Callable[[Readings, tuple[int, ...]], None]


class _Runs(Protocol):
    failures: int

    async def run(self) -> None: ...


@dataclass(slots=True)
class Inbox:
    """What one bridge hands over; appending to and popping from a deque is atomic."""

    items: deque[tuple[Readings, tuple[int, ...]]] = field(
        default_factory=lambda: deque(maxlen=MOST)
    )
    dropped: int = 0
    heard: bool = False

    def put(self, readings: Readings, lost: tuple[int, ...]) -> None:
        """Hand readings over, and the channels whose source is gone."""
        if len(self.items) == self.items.maxlen:
            self.dropped += len(self.items[0][0])
        self.items.append((readings, lost))

    def take(self) -> Drained:
        """Return what came since the last call."""
        readings: list[Readings] = []
        lost: list[int] = []
        for _ in range(len(self.items)):
            batch, gone = self.items.popleft()
            if len(batch):
                readings.append(batch)
                self.heard = True
            if gone:
                lost += gone
                self.heard = False
        dropped, self.dropped = self.dropped, 0
        return Drained(concatenate(readings), tuple(lost), (), dropped)


class Loop:
    """A thread with an event loop, in which bridges run until it is stopped."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name='fieldbus', daemon=True)
        self.faults: deque[Fault] = deque(maxlen=100)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, name: str, bridge: _Runs) -> None:
        """Run a bridge."""
        asyncio.run_coroutine_threadsafe(self._watch(name, bridge), self._loop)

    async def _watch(self, name: str, bridge: _Runs) -> None:
        """Run a bridge; a fault of our own in it must not end it silently."""
        while True:
            work = asyncio.ensure_future(bridge.run())
            try:
                await asyncio.wait([work])
            finally:
                work.cancel()
            self.faults.append(Fault(name, f'bridge failed: {work.exception()!r}'))
            await asyncio.sleep(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def stop(self) -> None:
        """End all bridges."""

        async def end() -> None:
            others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=3.0) if others else None
            self._loop.stop()

        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(end(), self._loop)
            self._thread.join(5.0)
        if not self._loop.is_running():
            self._loop.close()


class ModbusGroup:
    """Some devices, read in the loop of the node's process."""

    def __init__(
        self, devices: Sequence[Device], clock: Callable[[], int], loop: Loop, seed: int
    ) -> None:
        self._inbox = Inbox()
        self._loop = loop
        rng = np.random.default_rng(seed)
        self._bridges = [ModbusBridge(d, clock, self._inbox.put, rng) for d in devices]

    def start(self) -> None:
        """Begin to read."""
        for bridge in self._bridges:
            self._loop.add(f'modbus {bridge.device.host}', bridge)

    def stop(self) -> None:
        """Nothing; the loop ends its bridges."""

    @property
    def connected(self) -> bool:
        """Every device answers."""
        return self._inbox.heard and all(bridge.failures == 0 for bridge in self._bridges)

    def drain(self) -> Drained:
        """Return what came since the last call."""
        return self._inbox.take()


class OpcUaHere:
    """A server, read in the loop of the node's process."""

    def __init__(self, server: Server, clock: Callable[[], int], loop: Loop, seed: int) -> None:
        from linehaul_sensors.opcua import OpcUaBridge  # only plants with OPC UA wait for it

        self._inbox = Inbox()
        self._loop = loop
        self._bridge = OpcUaBridge(server, clock, self._inbox.put, np.random.default_rng(seed))

    def start(self) -> None:
        """Begin to connect."""
        self._loop.add(f'opcua {self._bridge.server.url}', self._bridge)

    def stop(self) -> None:
        """Nothing; the loop ends its bridges."""

    @property
    def connected(self) -> bool:
        """Values come."""
        return self._inbox.heard and self._bridge.failures == 0

    def drain(self) -> Drained:
        """Return what came since the last call, and which nodes the server refused."""
        found = self._inbox.take()
        refused, self._bridge.refused = self._bridge.refused, []
        faults = tuple(Fault(self._bridge.server.url, text) for text in refused[:100])
        return replace(found, faults=faults)


class OpcUaApart:
    """A server whose items are shared among processes.

    Args:
        server: what to take.
        processes: how many, 1 or more.
        seed: of the waits.
    """

    def __init__(self, server: Server, processes: int, seed: int) -> None:
        parts = [server.items[k::processes] for k in range(processes)]
        self._workers = [
            _Worker(replace(server, items=items), seed + k)
            for k, items in enumerate(parts)
            if items
        ]

    def start(self) -> None:
        """Start the processes."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.stop()

    @property
    def connected(self) -> bool:
        """Values come from all of them."""
        return all(worker.heard for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """Return the process ids."""
        return [worker.process.pid or 0 for worker in self._workers if worker.process]

    def drain(self) -> Drained:
        """Return what came since the last call."""
        found = [worker.drain() for worker in self._workers]
        return Drained(
            concatenate([one.readings for one in found]),
            tuple(channel for one in found for channel in one.lost),
            tuple(fault for one in found for fault in one.faults),
        )


class _Worker:
    """One process and its pipe."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.heard = False
        self.process: Any = None
        self._pipe: Connection | None = None
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._failures = 0
        self._again = 0.0

    def start(self) -> None:
        context = multiprocessing.get_context('spawn')
        self._pipe, far = context.Pipe(duplex=False)
        self.process = context.Process(
            target=serve, args=(self.server, far, self._seed), daemon=True, name='opcua'
        )
        self.process.start()
        far.close()

    def stop(self) -> None:
        if self.process is not None and self.process.is_alive():
            self.process.terminate()
            self.process.join(3.0)

    def drain(self) -> Drained:
        readings: list[Readings] = []
        lost: list[int] = []
        faults: list[Fault] = []
        try:
            while self._pipe is not None and self._pipe.poll():
                batch, gone, refused = self._pipe.recv()
                faults += [Fault(self.server.url, text) for text in refused]
                lost += gone
                if len(batch):
                    readings.append(batch)
                    self._failures = 0
                self.heard = bool(len(batch)) if not gone else False
        except (EOFError, OSError):
            self._pipe = None
            self._failures += 1
            self._again = time.monotonic() + Backoff().wait(self._failures, self._rng)
            self.heard = False
            lost += [item.channel for item in self.server.items]
            faults.append(Fault(self.server.url, 'the process of its bridge died'))
        if self._pipe is None and time.monotonic() >= self._again:
            self.start()
        return Drained(concatenate(readings), tuple(lost), tuple(faults[:100]))


def serve(server: Server, pipe: Connection, seed: int) -> None:
    """Run one bridge in this process; it ends when the pipe's other end is gone."""
    from linehaul_sensors.opcua import OpcUaBridge

    refused: list[str] = []

    def deliver(readings: Readings, lost: tuple[int, ...]) -> None:
        if bridge.refused:
            refused.extend(bridge.refused[:100])
            bridge.refused = []
        try:
            pipe.send((readings, lost, tuple(refused)))
        except (BrokenPipeError, OSError):
            raise SystemExit(0) from None
        refused.clear()

    bridge = OpcUaBridge(server, time.time_ns, deliver, np.random.default_rng(seed))

    async def main() -> None:
        parent = multiprocessing.parent_process()
        work = asyncio.ensure_future(bridge.run())
        while not work.done() and parent is not None and parent.is_alive():
            await asyncio.wait([work], timeout=1.0)
            deliver(make_readings([], [], []), ()) if work.done() else None

    asyncio.run(main())
