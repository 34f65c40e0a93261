# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet and the simulation are killed at random while deliveries run; nothing may be lost.

    python benchmarks/fleet_recovery.py --deliveries 200 --fleet-kills 50 --sim-kills 20

The two processes run as in a factory. A client asks for deliveries, a few at a time, by the public
action, and asks again when nobody answers, as a station does. At random moments the fleet node or
the simulation is killed with SIGKILL and started again at once. A kill is over when the new
process has told its state with every vehicle in it (fleet), or when the clock runs again (sim).

It shows: deliveries lost and doubled, overlaps, vehicles beyond their base and loads with no or
two holders by the simulation's independent checker, and how long each recovery took.

A long run can be made in parts: with --run-dir it goes on where the last part stopped, and
--budget ends a part after some wall time. What the parts have seen is added up in the folder.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import rclpy
from linehaul_bringup.arguments import resolve
from linehaul_bringup.readers import plan_processes, read_table
from linehaul_bringup.starter import child_environment, commands_of
from linehaul_line.request import RequestClient
from linehaul_ros.run import make_executor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from linehaul_floor import PlaceKind, load_plant
from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import FleetState, SimReport
from linehaul_ros import names

RUNS = [['--deliveries', '40', '--fleet-kills', '10', '--sim-kills', '4']]
RECOVERY = 5.0
"""[s] in which a killed fleet node must be at work again."""
STALLED = 240.0
"""[s] of wall time without any delivery after which a run has failed."""
DEAF = 0.1
"""[s] after a kill in which messages of the dead process may still come."""


@dataclass
class Seen:
    """What a run has seen so far; kept between its parts."""

    asked: int = 0
    results: dict[str, list[int]] = field(default_factory=dict)
    loads: dict[str, str] = field(default_factory=dict)
    fleet: list[float] = field(default_factory=list)
    sim: list[float] = field(default_factory=list)
    points: list[tuple[float, str]] = field(default_factory=list)
    wall: float = 0.0

    @property
    def delivered(self) -> int:
        """Deliveries that succeeded at least once."""
        return sum(0 in codes for codes in self.results.values())


class Campaign(Node):
    """A factory, its client, and the killer."""

    def __init__(
        self, context: rclpy.Context, env: dict[str, str], args: argparse.Namespace
    ) -> None:
        super().__init__('campaign', context=context)
        self.args, self.env = args, env
        self.folder = args.run_dir
        self.file = self.folder / 'campaign.json'
        self.rng = random.Random(args.seed)
        self.seen = self._begin()
        self.plant = load_plant(args.plant)
        self.client = RequestClient(self)
        self.open: set[str] = set()
        self.report: SimReport | None = None
        self.running: dict[str, subprocess.Popen] = {}
        self.killed: dict[str, float] = {}
        self.due = 0.0
        self.moved = time.monotonic()
        self._commands = self._plan()
        for topic, callback in (
            (names.FLEET_STATE, self.hear_fleet),
            (names.CLOCK, self.hear_clock),
            (names.SIM_REPORT, self.hear_report),
        ):
            self.create_subscription(topic.type, topic.name, callback, topic.qos)

    def _begin(self) -> Seen:
        """Return what earlier parts have seen, or begin with random moments for the kills."""
        if self.file.exists():
            return Seen(**json.loads(self.file.read_text(encoding='utf-8')))
        n = self.args.deliveries
        points = [(self.rng.uniform(0.5, n - 1.0), 'fleet') for _ in range(self.args.fleet_kills)]
        points += [(self.rng.uniform(0.5, n - 1.0), 'sim') for _ in range(self.args.sim_kills)]
        return Seen(points=sorted(points))

    def keep(self) -> None:
        """Write down what was seen."""
        self.file.write_text(json.dumps(asdict(self.seen)), encoding='utf-8')

    # Processes.

    def _plan(self) -> dict[str, tuple[str, ...]]:
        given = [
            ('plant', self.args.plant),
            ('run_dir', str(self.folder)),
            ('speed', str(self.args.speed)),
            ('seed', str(self.args.seed)),
        ]
        values = resolve(read_table(self.env, None).arguments, given)
        commands = commands_of(plan_processes(values, self.env), self.env)
        return {c.label: c.argv for c in commands if c.label in ('fleet', 'sim')}

    def start(self, label: str) -> None:
        """Start a process; its words go to a file."""
        with (self.folder / f'{label}.log').open('ab') as log:
            self.running[label] = subprocess.Popen(
                self._commands[label],
                env=child_environment(self.env, self.folder, colour=False),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, label: str) -> None:
        """Kill a process and start it again."""
        self.running[label].send_signal(signal.SIGKILL)
        self.running[label].wait()
        self.killed[label] = time.monotonic()
        self.start(label)

    def end(self) -> None:
        """Stop everything."""
        for process in self.running.values():
            process.send_signal(signal.SIGKILL)
            process.wait()

    # What is heard.

    def hear_fleet(self, message: FleetState) -> None:
        """Take in that the fleet is at work."""
        if len(message.vehicles) == len(self.plant.fleet):
            self._recovered('fleet', self.seen.fleet)

    def hear_clock(self, _: Clock) -> None:
        """Take in that plant time passes."""
        self._recovered('sim', self.seen.sim)

    def _recovered(self, label: str, times: list[float]) -> None:
        since = self.killed.get(label)
        if since is not None and time.monotonic() - since > DEAF:
            times.append(time.monotonic() - since)
            del self.killed[label]

    def hear_report(self, message: SimReport) -> None:
        """Take in what the checker says."""
        self.report = message

    def _result(self, request_id: str, result: DeliverMaterial.Result) -> None:
        self.open.discard(request_id)
        self.seen.results.setdefault(request_id, []).append(int(result.error_code))
        if result.error_code:
            self.get_logger().error(f'{request_id}: {result.error_code} {result.error_msg}')
        else:
            self.seen.loads[request_id] = result.load_id
        self.moved = time.monotonic()

    # What is done.

    def ask(self) -> None:
        """Keep some deliveries open; those of an earlier part are asked for again."""
        stations = self.plant.places_of(PlaceKind.STATION)
        wanted = [f'r{k:04}' for k in range(self.seen.asked)]
        wanted = [r for r in wanted if r not in self.seen.results and r not in self.open]
        while self.seen.asked < self.args.deliveries and (
            len(self.open) + len(wanted) < self.args.open
        ):
            wanted.append(f'r{self.seen.asked:04}')
            self.seen.asked += 1
        for request_id in wanted:
            station = stations[int(request_id[1:]) % len(stations)]
            self.open.add(request_id)
            goal = DeliverMaterial.Goal(
                request_id=request_id,
                item_id=station.items[0],
                quantity=1,
                station_id=station.id,
                priority=100,
            )
            self.client.deliver(goal, lambda r, i=request_id: self._result(i, r))

    def strike(self) -> None:
        """Kill when the next moment has come, and nobody is being waited for."""
        now = time.monotonic()
        if self.killed or not self.seen.points:
            return
        point, label = self.seen.points[0]
        if len(self.seen.results) < point - 1.0:
            return
        if self.due == 0.0:
            self.due = now + self.rng.expovariate(1.0)
        if now >= self.due:
            self.due = 0.0
            self.seen.points.pop(0)
            self.kill(label)

    def done(self) -> bool:
        """Return whether everything was asked for and answered, and all kills were made."""
        return len(self.seen.results) == self.args.deliveries and not self.killed


def run(args: argparse.Namespace) -> tuple[Seen, SimReport | None, bool]:
    """Run a part of a campaign; return what was seen, the last report, and whether it is whole."""
    args.run_dir.mkdir(parents=True, exist_ok=True)
    domain = 1 + os.getpid() % 100
    env = {
        **os.environ,
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    context = rclpy.Context()
    context.init(domain_id=domain)
    campaign = Campaign(context, env, args)
    executor = make_executor(context)
    executor.add_node(campaign)
    begin = time.monotonic()
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # never leave them behind
    try:
        for label in ('sim', 'fleet'):
            campaign.start(label)
        while not campaign.done():
            executor.spin_once(timeout_sec=0.05)
            if campaign.client.ready():
                campaign.ask()
                campaign.strike()
            now = time.monotonic()
            if now - campaign.moved > STALLED:
                break
            if args.budget and now - begin > args.budget and not campaign.killed:
                break
        campaign.report = None
        wait = time.monotonic() + 30.0
        while campaign.report is None and time.monotonic() < wait:
            executor.spin_once(timeout_sec=0.05)
    finally:
        campaign.end()
        signal.signal(signal.SIGTERM, before)
        campaign.seen.wall += time.monotonic() - begin
        campaign.keep()
        report, seen, whole = campaign.report, campaign.seen, campaign.done()
        executor.remove_node(campaign)
        campaign.destroy_node()
        executor.shutdown()
        context.try_shutdown()
    return seen, report, whole


def verdict(seen: Seen, report: SimReport | None, deliveries: int) -> dict[str, float]:
    """Return what matters of a whole run: counts, and recovery times [s]."""
    drops = report.drops if report else -1
    loads = list(seen.loads.values())
    return {
        'lost': deliveries - seen.delivered,
        'doubled': max(drops - deliveries, 0) + len(loads) - len(set(loads)),
        'overlaps': report.overlaps if report else -1,
        'beyond_base': report.beyond_base if report else -1,
        'custody_errors': report.custody_errors if report else -1,
        'drops': drops,
        'fleet_kills': len(seen.fleet),
        'sim_kills': len(seen.sim),
        'fleet_worst': max(seen.fleet, default=0.0),
        'fleet_median': statistics.median(seen.fleet or [0.0]),
        'sim_worst': max(seen.sim, default=0.0),
    }


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    import common

    parser = common.argument_parser(__doc__)
    parser.add_argument('--plant', default='cell')
    parser.add_argument('--deliveries', type=int, default=200)
    parser.add_argument('--fleet-kills', type=int, default=50)
    parser.add_argument('--sim-kills', type=int, default=20)
    parser.add_argument('--open', type=int, default=6, help='deliveries asked for at a time')
    parser.add_argument('--speed', type=float, default=20.0)
    parser.add_argument('--run-dir', type=Path, help='go on with a run in this folder')
    parser.add_argument('--budget', type=float, default=0.0, help='wall seconds of this part')
    args = parser.parse_args(words)
    if args.quick:
        args.deliveries, args.fleet_kills, args.sim_kills = 6, 2, 1
    return args


def main() -> int:
    """Run, print, and write the result."""
    import common

    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        args.run_dir = args.run_dir or Path(folder)
        seen, report, whole = run(args)
    found = verdict(seen, report, args.deliveries)
    if not whole:
        left = args.deliveries - len(seen.results)
        print(f'part of a run: {left} deliveries are left; {found}')
        return 0 if args.budget else 1
    figures = [
        common.figure('deliveries lost', found['lost'], '', target=0),
        common.figure('deliveries doubled', found['doubled'], '', target=0),
        common.figure('overlaps', found['overlaps'], '', target=0),
        common.figure('vehicles beyond their base', found['beyond_base'], '', target=0),
        common.figure('custody errors', found['custody_errors'], '', target=0),
        common.figure('fleet recovery, worst', found['fleet_worst'], 's', target=RECOVERY),
        common.figure('fleet recovery, median', found['fleet_median'], 's'),
        common.figure('simulation recovery, worst', found['sim_worst'], 's'),
        common.figure('kills', len(seen.fleet) + len(seen.sim), ''),
    ]
    detail = {'deliveries': args.deliveries, 'recoveries': seen.fleet, 'wall': seen.wall}
    common.finish('fleet_recovery', args, figures, detail=detail | {'counts': found})
    return 0 if all(one['met'] for one in figures) else 1


if __name__ == '__main__':
    sys.exit(main())
