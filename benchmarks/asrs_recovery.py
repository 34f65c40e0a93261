# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The warehouse node, a real process, is killed at random while it stores and retrieves.

    python benchmarks/asrs_recovery.py --kills 100 --run-dir DIR --budget 500

A client asks for 400 storages and 250 retrievals by the public actions, a few at a time, and plays
the floor: it sets loads down where it is told to, takes away what stands ready, and says again and
again who has what. The node is killed with SIGKILL at random moments and started again at once; a
kill is over when the new process says that it is ready. The same commands run without kills first.

In the end both warehouses must have the same: every load stored or gone, once, the same lots left,
and cells and forks as the books say. With --run-dir a run goes on where its last part stopped.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from math import nan
from pathlib import Path
from typing import Any

import common
import numpy as np
import rclpy
from linehaul_ros.actions import PersistentGoal, action_client
from linehaul_ros.run import make_executor
from linehaul_ros.time import to_time
from linehaul_warehouse.model import PlaceKind
from linehaul_warehouse.rack_file import load_rack
from linehaul_warehouse.sim_end import SimEnd
from linehaul_warehouse.store import Store
from rclpy.node import Node

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_interfaces.msg import LoadCustody
from linehaul_ros import names

RUNS = [['--kills', '15']]
SPEED, STEP = 20.0, 0.02
"""Plant time per wall time; wall time [s] between two clock messages."""
STORED, FETCHED, OPEN = 400, 250, 8
"""Loads that are stored, and then fetched; requests that are open at a time."""
RECOVERY = 3.0
"""[s] that a recovery may take."""
STALLED = 120.0
"""[s] of wall time without any result after which a run has failed."""
DEAF = 0.1
"""[s] after a kill in which messages of the dead process may still come."""
ITEMS = ['compressor', 'heat_exchanger', 'fan_motor', 'casing']
RACK = """
id: wh
aisles:
  - {id: a1, bays: 12, levels: 8, bay: 1.6, level: 1.2, depth: 2}
  - {id: a2, bays: 12, levels: 8, bay: 1.6, level: 1.2, depth: 2}
  - {id: a3, bays: 12, levels: 8, bay: 1.6, level: 1.2, depth: 2}
drive: {speed_x: 5.0, speed_y: 2.0, acceleration_x: 2.0, acceleration_y: 2.0, fork_time: 2.0}
ports:
"""


@dataclass
class Seen:
    """What a run has seen so far; kept between its parts."""

    now: float = 100.0
    codes: dict[str, int] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    carrying: int = 0


class Campaign(Node):
    """A warehouse's process, its client and floor, and the killer."""

    def __init__(self, context: rclpy.Context, folder: Path, kills: int, seed: int) -> None:
        super().__init__('campaign', context=context)
        self.folder, self.kills = folder, kills
        folder.mkdir(parents=True, exist_ok=True)
        self.rack = folder / 'rack.yaml'
        rows = [
            f'  - {{id: {aisle}_{flow}_1, flow: {flow}, aisles: [{aisle}], capacity: 2, '
            f'conveyor_time: 2.0}}'
            for aisle in ('a1', 'a2', 'a3')
            for flow in ('in', 'out')
        ]
        self.rack.write_text(RACK + '\n'.join(rows) + '\n', encoding='utf-8')
        self.file = folder / 'campaign.json'
        self.seen = Seen(**json.loads(self.file.read_text())) if self.file.exists() else Seen()
        self.rng = random.Random(seed * 1000 + len(self.seen.recoveries))
        self.goals: dict[str, PersistentGoal] = {}
        self.coming: dict[str, str] = {}
        self.process: subprocess.Popen | None = None
        self.killed = self.due = nan
        self.moved = time.monotonic()
        self.askers = [
            action_client(self, names.STORE_LOAD),
            action_client(self, names.RETRIEVE_LOAD),
        ]
        clock, custody, state = names.CLOCK, names.CUSTODY, names.WAREHOUSE_STATE.of('wh')
        self.clock = self.create_publisher(clock.type, clock.name, clock.qos)
        self.custody = self.create_publisher(custody.type, custody.name, custody.qos)
        self.create_subscription(custody.type, custody.name, self.heard, custody.qos)
        self.create_subscription(state.type, state.name, self.ready, state.qos)
        self.create_timer(STEP, self.tick)
        self.create_timer(0.3, self.say)

    # The process.

    def start(self) -> None:
        """Start the node."""
        values = {
            'rack': self.rack,
            'state_dir': self.folder,
            'fill': 0.0,
            'cycle': 1.0,
            'use_sim_time': 'true',
        }
        words = [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]
        command = [sys.executable, '-m', 'linehaul_warehouse.node', '--ros-args', *words]
        with (self.folder / 'node.log').open('ab') as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.due = nan

    def kill(self) -> None:
        """Kill it at once, and start it again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.killed = time.monotonic()
        self.process.wait()
        self.start()

    def ready(self, message: Any) -> None:
        """Hear the node: its state is there from when it is ready on."""
        now = time.monotonic()
        if self.killed == self.killed and now - self.killed > DEAF:
            self.seen.recoveries.append(now - self.killed)
            self.seen.carrying += any(crane.load_ids for crane in message.cranes)
            self.killed = nan
        if self.killed != self.killed and self.due != self.due:
            self.due = now + self.rng.uniform(0.05, 2.0)

    # Time, commands and floor.

    def tick(self) -> None:
        """Move the clock, ask for more, and kill when it is time."""
        self.seen.now += SPEED * STEP
        self.clock.publish(names.CLOCK.type(clock=to_time(self.seen.now)))
        for name, goal in self.wanted():
            if name not in self.goals:
                self.ask(name, goal)
        if time.monotonic() >= self.due and len(self.seen.recoveries) < self.kills:
            self.kill()
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f'the node ended with {self.process.returncode}: see node.log')

    def wanted(self) -> list[tuple[str, Any]]:
        """Return the next commands: the storages first, then the retrievals."""
        codes = self.seen.codes
        stores = [k for k in range(STORED) if f's{k}' not in codes][:OPEN]
        if stores:
            return [(f's{k}', store(k)) for k in stores]
        fetches = [k for k in range(FETCHED) if f'r{k}' not in codes][:OPEN]
        return [(f'r{k}', fetch(k)) for k in fetches]

    def ask(self, name: str, goal: Any) -> None:
        """Send a goal, again and again until it has a result."""

        def ended(result: Any) -> None:
            del self.goals[name]
            self.seen.codes[name] = result.error_code
            self.moved = time.monotonic()
            if name[0] == 's':
                self.seen.standing.pop(goal.load_id, None)
            elif not result.error_code:
                self.seen.taken.append(result.load_id)

        def fed_back(feedback: Any) -> None:
            if name[0] == 's' and feedback.port_id:
                self.coming[goal.load_id] = feedback.port_id

        client = self.askers[name[0] == 'r']
        self.goals[name] = PersistentGoal(self, client, goal, ended, fed_back, silence=1.5)

    def say(self) -> None:
        """Set down what has a port with room, and say what stands where."""
        room = Counter(self.seen.standing.values())
        for load_id, port_id in list(self.coming.items()):
            known = load_id in self.seen.standing or f's{load_id[1:]}' in self.seen.codes
            if known or room[port_id] < 2:
                del self.coming[load_id]
                if not known and load_id not in self.seen.taken:
                    self.seen.standing[load_id] = port_id
                    room[port_id] += 1
        for load_id, port_id in self.seen.standing.items():
            self.tell(load_id, LoadCustody.HOLDER_PORT, port_id)

    def tell(self, load_id: str, kind: int, place: str) -> None:
        """Say who has a load, now."""
        stamp = to_time(self.seen.now)
        word = LoadCustody(load_id=load_id, holder_kind=kind, holder_id=place, stamp=stamp)
        self.custody.publish(word)

    def heard(self, message: LoadCustody) -> None:
        """Hear that a crane has a load, or that one stands ready that a vehicle has taken."""
        if message.holder_kind in (LoadCustody.HOLDER_CRANE, LoadCustody.HOLDER_CELL):
            self.seen.standing.pop(message.load_id, None)
        elif message.load_id in self.seen.taken and '_out_' in message.holder_id:
            self.tell(message.load_id, LoadCustody.HOLDER_VEHICLE, 'agv_1')

    @property
    def done(self) -> bool:
        """Every command has its result, and every kill is over."""
        return len(self.seen.codes) == STORED + FETCHED and self.killed != self.killed

    def keep(self) -> None:
        """Write what was seen."""
        self.file.write_text(json.dumps(asdict(self.seen)), encoding='utf-8')


def store(k: int) -> StoreLoad.Goal:
    """Return the k-th storage."""
    item, lot = ITEMS[k % 4], f'lot_{k // 40}'  # one lot's containers are alike
    return StoreLoad.Goal(
        request_id=f's{k}',
        load_id=f'l{k}',
        item_id=item,
        lot=lot,
        quantity=10 + k // 40 % 3,
        height=nan,
    )


def fetch(k: int) -> RetrieveLoad.Goal:
    """Return the k-th retrieval."""
    return RetrieveLoad.Goal(
        request_id=f'r{k}', item_id=ITEMS[k % 4], quantity=1, order_id=f'order_{k}'
    )


def run(folder: Path, kills: int, seed: int, end: float) -> Seen | None:
    """Run until all is done, or until a time; returns what was seen, or None: it is to go on."""
    if (folder / 'campaign.json').exists():
        seen = Seen(**json.loads((folder / 'campaign.json').read_text(encoding='utf-8')))
        if len(seen.codes) == STORED + FETCHED:
            return seen
    context = rclpy.Context()
    rclpy.init(context=context)
    campaign = Campaign(context, folder, kills, seed)
    executor = make_executor(context)
    executor.add_node(campaign)
    campaign.start()
    try:
        while not campaign.done and time.monotonic() < end:
            executor.spin_once(timeout_sec=0.1)
            if time.monotonic() - campaign.moved > STALLED:
                raise RuntimeError(f'nothing came for {STALLED} s: {list(campaign.goals)}')
        settled = time.monotonic() + 3.0  # what was taken last is heard of
        while campaign.done and time.monotonic() < settled:
            executor.spin_once(timeout_sec=0.1)
    finally:
        campaign.keep()
        if campaign.process is not None:
            campaign.process.terminate()
            campaign.process.wait()
        campaign.destroy_node()
        rclpy.try_shutdown(context=context)
    return campaign.seen if campaign.done else None


def contents(folder: Path) -> dict[str, Any]:
    """Return what is in a warehouse in the end, what left it, and whether the books are true."""
    rack = load_rack(folder / 'rack.yaml')
    with Store(folder / 'wh.db') as file:
        state = file.rebuild(rack)
        gone = [
            t.load_id
            for k in range(FETCHED)
            for t in file.of_order(f'order_{k}')  # type: ignore[arg-type]
            if not t.came
        ]
    loads = state.facts.loads.values()
    floor = SimEnd(rack, folder / 'wh_cranes.json').floor
    forks = {a: c.load_id for a, c in floor.cranes.items()}
    return {
        'lots': sorted((load.item_id, load.lot, load.quantity) for load in loads),
        'here': sorted(load.id for load in loads),
        'gone': sorted(gone),
        'stored': all(load.place.kind is PlaceKind.CELL for load in loads),
        'cells': floor.cells == state.in_cell,
        'forks': forks == {a: c.load_id for a, c in state.facts.cranes.items()},
    }


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--kills', type=int, default=100, help='how often the node is killed')
    parser.add_argument('--run-dir', type=Path, help='goes on where its last part stopped')
    parser.add_argument('--budget', type=float, default=1e9, help='wall time of this part [s]')
    args = parser.parse_args()
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))  # nobody else's
    with tempfile.TemporaryDirectory() as name:
        folder = args.run_dir or Path(name)
        return campaign(args, folder, time.monotonic() + args.budget)


def campaign(args: argparse.Namespace, folder: Path, end: float) -> int:
    """Run both warehouses, or go on, and compare them."""
    kills = 10 if args.quick else args.kills
    calm, wild = folder / 'calm', folder / 'wild'
    if run(calm, 0, args.seed, end) is None:
        print('to be continued: the calm run is not over', file=sys.stderr)
        return 0
    seen = run(wild, kills, args.seed, end)
    if seen is None:
        print('to be continued: commands are open', file=sys.stderr)
        return 0
    one, other = contents(calm), contents(wild)
    every = sorted(f'l{k}' for k in range(STORED))
    whole = [sorted(x['here'] + x['gone']) == every for x in (one, other)]
    same = one['lots'] == other['lots'] and all(whole) and not any(seen.codes.values())
    true = other['stored'] and other['cells'] and other['forks']
    figures = [
        common.figure('node kills', len(seen.recoveries), '1', target=kills, better='higher'),
        common.figure('recovery, worst', max(seen.recoveries, default=nan), 's', target=RECOVERY),
        common.figure('recovery, median', float(np.median(seen.recoveries or [nan])), 's'),
        common.figure('recoveries with a load on a fork', seen.carrying, '1'),
        common.figure('stock differs from the uninterrupted run', not same, '1', target=0),
        common.figure('books differ from cells and forks', not true, '1', target=0),
    ]
    detail = {'recoveries': seen.recoveries, 'left': len(other['gone'])}
    common.finish('asrs_recovery', args, figures, detail=detail)
    return 0


if __name__ == '__main__':
    sys.exit(main())
