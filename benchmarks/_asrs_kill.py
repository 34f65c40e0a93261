# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A warehouse process that is killed (SIGKILL) at random moments, and its stock in the end.

Cranes and cells live in a file of their own, as in a PLC, so that what a crane carries is nobody's
memory but its own. The process is forked, so a recovery is opening, folding and asking the
cranes; starting Python comes on top and is told apart.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
from linehaul_warehouse.crane_end import Report
from linehaul_warehouse.model import (
    PlaceKind,
    RetrievalPhase,
    RetrieveRequest,
    StoragePhase,
    StoreRequest,
)
from linehaul_warehouse.rack import Flow, uniform_rack
from linehaul_warehouse.settings import Settings
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.store import Store
from linehaul_warehouse.travel import Drive
from linehaul_warehouse.warehouse import Warehouse

LOADS, FETCHED = 400, 250
RECOVERY = 3.0
"""[s] that a recovery may take."""
RACK = uniform_rack(
    'wh', 3, 12, 8, Drive(3.0, 0.75, 0.5, 0.5), depth=2, capacity=2, conveyor_time=5.0
)


class Worker:
    """A warehouse that works through its commands, from wherever it was."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / 'wh.db')
        self.saved = self.store.last
        state = self.store.load(RACK)
        self.warehouse = Warehouse(RACK, Settings(), state, self.store.known)
        self.end = SimEnd(RACK, folder / 'cranes.json')
        self.now = max([t for t, _ in self.store.replay(max(self.store.last - 1, 0))], default=0.0)
        for port, load in self.end.at(Flow.IN):
            self.warehouse.load_arrived(port, load, self.now)
        for port, loads in state.at_port.items():
            for load in set(loads) - set(self.end.floor.ports[port]):
                if RACK.ports[port].flow is Flow.OUT:
                    self.warehouse.load_taken(port, load, self.now)
        self.act()

    def act(self) -> None:
        """Write, then do."""
        while True:
            out = self.warehouse.take()
            self.store.append(out.events)
            for command in out.commands:
                answer = self.end.obey(command, self.now)
                if isinstance(answer, Report):
                    self.warehouse.crane_report(answer, self.now)
                elif answer is not None:
                    self.warehouse.crane_status(answer, self.now)
            if not out.commands:
                return

    def command(self) -> bool:
        """Send all commands that are due, known or not: ids make repeats harmless."""
        facts = self.warehouse.state.facts
        for k in range(min(LOADS, facts.done_in + 6)):
            request = StoreRequest(f's{k}', f'l{k}', f'item_{k % 7}', f'lot_{k // 30}', 10 + k % 3)
            storage = facts.storages.get(request.id)
            if storage is None:
                self.warehouse.store(request, self.now)
                self.act()
            elif storage.phase is StoragePhase.EXPECTED:
                port = RACK.ports[storage.port_id]
                if len(self.end.floor.ports[port.id]) < port.capacity:
                    self.end.set_down(port.id, request.load_id)
                    self.warehouse.load_arrived(port.id, request.load_id, self.now)
                    self.act()
        if facts.done_in == LOADS:
            for k in range(min(FETCHED, facts.done_out + 6)):
                if f'r{k}' not in facts.retrievals:
                    request = RetrieveRequest(f'r{k}', f'item_{k % 7}', 1, f'order_{k}')
                    self.warehouse.retrieve(request, self.now)
                    self.act()
        return facts.done_out == FETCHED and not any(self.warehouse.state.at_port.values())

    def vehicles(self) -> None:
        """Take away what waits for vehicles."""
        state = self.warehouse.state
        for port, load in self.end.at(Flow.OUT):
            known = state.facts.loads.get(load)
            retrieval = state.facts.retrievals.get(known.held_by) if known else None
            if retrieval is not None and retrieval.phase is RetrievalPhase.AT_PORT:
                self.end.taken(port, load)
                self.warehouse.load_taken(port, load, self.now)
                self.act()

    def run(self) -> None:
        """Work until all is done."""
        while not self.step():
            if self.store.last - self.saved > 500:
                self.store.save(self.warehouse.state)
                self.saved = self.store.last

    def step(self) -> bool:
        """Let two seconds of plant time pass; returns if all is done."""
        done = self.command()
        self.now += 2.0
        for report in self.end.advance(self.now):
            self.warehouse.crane_report(report, self.now)
            self.act()
        self.vehicles()
        self.warehouse.tick(self.now)
        self.act()
        return done


def contents(folder: Path) -> tuple[Any, ...]:
    """Return what is in the warehouse in the end, what left it for whom, and if books are true."""
    with Store(folder / 'wh.db') as store:
        state = store.rebuild(RACK)
        loads = sorted((x.id, x.item_id, x.lot, x.quantity) for x in state.facts.loads.values())
        left = sorted(
            (t.load_id, t.order_id)
            for k in range(FETCHED)
            for t in store.of_order(f'order_{k}')  # type: ignore[arg-type]
            if not t.came
        )
    real = SimEnd(RACK, folder / 'cranes.json').floor.cells
    stored = all(x.place.kind is PlaceKind.CELL for x in state.facts.loads.values())
    return loads, [x for x, _ in left], len(left), stored and real == state.in_cell


def kills(count: int, rng: np.random.Generator) -> tuple[list[common.Figure], dict[str, Any]]:
    """Kill a warehouse again and again, let it finish, and compare with one left in peace."""
    with tempfile.TemporaryDirectory() as name:
        calm, wild = Path(name) / 'calm', Path(name) / 'wild'
        _warm_up(Path(name) / 'warm')
        begin = time.perf_counter()
        _child(calm, None)
        mean = (time.perf_counter() - begin) / count
        recoveries, died = [], 0
        while True:
            seconds = float(rng.uniform(0.2, 1.8)) * mean if died < count else None
            recovered, ended = _child(wild, seconds)
            recoveries += recovered
            if ended:
                break
            died += 1
        one, other = contents(calm), contents(wild)
    lots = [sorted((item, lot) for _, item, lot, _ in found[0]) for found in (one, other)]
    whole = sorted(other[0] + _left(other)) == sorted(one[0] + _left(one))
    same = lots[0] == lots[1] and one[2] == other[2] == FETCHED and whole
    figures = [
        common.figure('kill -9: kills', died, '1'),
        common.figure('kill -9: recovery, worst', max(recoveries), 's', target=RECOVERY),
        common.figure('kill -9: start of Python besides', _start(), 's'),
        common.figure('kill -9: stock differs', float(not same), '1', target=0),
        common.figure('kill -9: books differ from the cells', float(not other[3]), '1', target=0),
    ]
    return figures, {'recoveries': recoveries, 'loads': len(other[0]), 'left': other[2]}


def _warm_up(folder: Path) -> None:
    """Compile in the parent what every child needs."""
    worker = Worker(folder)
    for _ in range(400):
        worker.step()
    worker.store.close()


def _left(found: tuple[Any, ...]) -> list[Any]:
    """Return the loads that left as they were stored; every load is here or there, once."""
    gone = set(found[1])
    return [
        (f'l{k}', f'item_{k % 7}', f'lot_{k // 30}', 10 + k % 3)
        for k in range(LOADS)
        if f'l{k}' in gone
    ]


def _child(folder: Path, seconds: float | None) -> tuple[list[float], bool]:
    """Run a worker, kill it after some seconds of work; return recovery times, and if it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            begin = time.perf_counter()
            worker = Worker(folder)
            os.write(writer, f'{time.perf_counter() - begin}\n'.encode())
            worker.run()
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        recovered = float(pipe.readline() or 'inf')
        if seconds is not None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError('the worker broke off; its own message stands above')
    return [recovered], os.WIFEXITED(status)


def _start() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, '-c', 'import linehaul_warehouse.warehouse'], check=True)
    return time.perf_counter() - begin
