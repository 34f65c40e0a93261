# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Cranes behind PLCs as a crane end: a thread that reads and writes tags, and what it heard.

The thread decides nothing. It writes a step when it is given one, reads the status in its period,
and says when the way is lost; a step that could not be written is forgotten, for the controller
asks and sends it again under its id.
"""

import asyncio
from queue import Empty, SimpleQueue
from threading import Thread

from linehaul_ros.stopping import stoppable

from linehaul_warehouse.crane_end import AskStatus, Command, Report, Status
from linehaul_warehouse.errors import SettingError
from linehaul_warehouse.ids import AisleId, LoadId, PortId, TaskId
from linehaul_warehouse.model import Step
from linehaul_warehouse.plc.clients import LOST, TagClient
from linehaul_warehouse.plc.cranes_file import Wired
from linehaul_warehouse.plc.tags import status_of, writes
from linehaul_warehouse.rack import Flow, Rack
from linehaul_warehouse.state import State

RETRY = 1.0
"""[s] between two attempts to connect."""


class TagEnd:
    """Cranes of real or simulated PLCs.

    Args:
        rack: as it is built.
        cranes: one for each aisle.
    """

    def __init__(self, rack: Rack, cranes: list[Wired]) -> None:
        self._rack, self._cranes = rack, cranes
        self._steps: dict[AisleId, SimpleQueue[Step]] = {
            one.tags.aisle_id: SimpleQueue() for one in cranes
        }
        self._asked: set[AisleId] = set()
        self._heard: SimpleQueue[tuple[Status, bool]] = SimpleQueue()
        self._reported: dict[AisleId, TaskId] = {}
        self._ports: dict[PortId, list[LoadId]] = {name: [] for name in rack.ports}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name='cranes', daemon=True)
        self._thread.start()

    # The controller's side.

    new = False

    def begin(self, state: State) -> None:
        """Nothing: what is in the cells is not ours to say."""

    def obey(self, command: Command, now: float) -> None:  # noqa: ARG002
        """Take a command; its answer comes by `advance`."""
        if isinstance(command, AskStatus):
            self._asked.add(command.aisle_id)
        else:
            self._steps[command.aisle_id].put(command.step)

    def advance(self, now: float) -> list[Report | Status]:  # noqa: ARG002
        """Return new reports, and the statuses that were asked for and read since."""
        found: list[Report | Status] = []
        while True:
            try:
                status, asked = self._heard.get_nowait()
            except Empty:
                return found
            last = status.last
            if last is not None and self._reported.get(status.aisle_id) != last.task_id:
                self._reported[status.aisle_id] = last.task_id
                found.append(last)
            if asked and status.aisle_id in self._asked:
                self._asked.discard(status.aisle_id)
                found.append(status)

    def set_down(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was put on an in-port."""
        if load_id not in self._ports[port_id]:
            self._ports[port_id].append(load_id)

    def taken(self, port_id: PortId, load_id: LoadId) -> None:
        """Note a load that was taken from a port."""
        if load_id in self._ports[port_id]:
            self._ports[port_id].remove(load_id)

    def at(self, flow: Flow) -> list[tuple[PortId, LoadId]]:
        """Return the loads that were put on the ports of a flow and not heard of since."""
        ports = self._rack.ports.values()
        return [(p.id, n) for p in ports if p.flow is flow for n in self._ports[p.id]]

    def gone(self, state: State) -> list[tuple[PortId, LoadId]]:  # noqa: ARG002
        """Return nothing: no tag says what stands at an out-port; the floor tells."""
        return []

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # The thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        tasks = [self._loop.create_task(self._serve(one)) for one in self._cranes]
        self._loop.run_forever()
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    async def _serve(self, crane: Wired) -> None:
        while True:
            try:
                await stoppable(self._connection(crane))
            except LOST as error:
                self._lost(crane, f'no way to the crane: {error or type(error).__name__}')
            except SettingError as error:
                self._lost(crane, str(error))
            except Exception as error:  # noqa: BLE001 (told and tried again: nobody sees a thread die)
                self._lost(crane, f'a defect on the way to the crane: {error!r}')
            await asyncio.sleep(RETRY)

    async def _connection(self, crane: Wired) -> None:
        client = crane.connect()
        try:
            await client.open()
            while True:
                await self._round(crane, client)
                await asyncio.sleep(crane.period)
        finally:
            await client.close()

    async def _round(self, crane: Wired, client: TagClient) -> None:
        tags = crane.tags
        asked = tags.aisle_id in self._asked
        while not self._steps[tags.aisle_id].empty():
            await client.write(writes(tags, self._steps[tags.aisle_id].get_nowait()))
        values = await client.read(list(tags.status.values()))
        task = tags.status['last_task']
        if (await client.read([task]))[task] != values[task]:
            return  # it has just changed: what was read may be of two tasks
        self._heard.put((status_of(tags, values), asked))

    def _lost(self, crane: Wired, text: str) -> None:
        aisle_id, steps = crane.tags.aisle_id, self._steps[crane.tags.aisle_id]
        while not steps.empty():
            steps.get_nowait()
        status = Status(aisle_id, False, LoadId(''), TaskId(''), None, text)
        self._heard.put((status, True))
