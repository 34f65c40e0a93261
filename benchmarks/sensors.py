# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensor layer under 100 times the plant's load, and questions to a day of its readings.

Four parts, each of which runs alone with `--part NAME`:

- mqtt: Sparkplug edges in a process of their own send 46,300 readings/s through Mosquitto; one
  process takes them through bridge, quality, alarms with their journal, early warning and history.
  Nothing may be lost; told are the time from a reading's source time until its alarm is in the
  journal and may be told, processor time, memory, and bytes on disk. It needs Debian's mosquitto;
  without it the part is skipped and says so.
- opcua: two OPC UA servers change 4,630 values/s, ten times the plant, and processes of bridges
  take them.
- flood: 5,000 alarms in 10 s go through the node as a process, with the bytes on its alarm topic
  counted.
- day: a day of 15,000 channels, 40 million readings, is written and asked.
"""

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import common
import numpy as np
from _sensor_flood import flood
from _sensor_opcua import through_opcua
from linehaul_sensors.alarm_states import Event
from linehaul_sensors.alarm_table import AlarmDef, Kind, Priority
from linehaul_sensors.channels import Channel, ChannelTable, make_table
from linehaul_sensors.history import (
    DAY,
    HOUR,
    History,
    hour_folder,
    sums_folder,
    write_parquet,
    write_sums,
)
from linehaul_sensors.history_days import merge_days, size_on_disk
from linehaul_sensors.history_query import Question, query
from linehaul_sensors.mqtt import MqttBridge, MqttConfig
from linehaul_sensors.pipeline import Pipeline
from linehaul_sensors.readings import NS, make_readings
from linehaul_sensors.store.node import Store
from linehaul_sensors.write_behind import WriteBehind

EDGES, METRICS, RATE = 30, 500, 46_300
BROKER = shutil.which('mosquitto') or shutil.which('mosquitto', path='/usr/sbin')
CYCLE = 0.1
"""[s] between two drains of the bridge."""


PARTS = ('mqtt', 'opcua', 'flood', 'day')


def main() -> int:
    parser = common.argument_parser(__doc__)
    parser.add_argument('--part', choices=PARTS, action='append', help='only this (default: all)')
    args = parser.parse_args()
    parts = args.part or PARTS
    detail: dict[str, Any] = {}
    figures: list[common.Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        if 'mqtt' in parts and BROKER:
            figures += through_mqtt(Path(folder), 10 if args.quick else 60, args.seed, detail)
        elif 'mqtt' in parts:
            print('mqtt: skipped, mosquitto is not installed')
        if 'opcua' in parts:
            figures += through_opcua(5 if args.quick else 20, 1, args.seed, detail, cpu_of)
        if 'flood' in parts:
            figures += flood(Path(folder) / 'flood', detail)
        if 'day' in parts:
            figures += questions(Path(folder) / 'day', 4 if args.quick else 24, args.seed, detail)
    common.finish('sensors', args, figures, detail=detail)
    return 0


def tables() -> tuple[ChannelTable, list[AlarmDef]]:
    """Return 15,000 channels and an alarm without delay on each."""
    names = [f'bench/e{e}/c{k}' for e in range(EDGES) for k in range(METRICS)]
    channels = [
        Channel(n, 'level', '1', 'hall', f'machine_{i // 12}', minimum=0.0, maximum=200.0)
        for i, n in enumerate(names)
    ]
    texts = ('level above 80', 'it overflows', 'open the outlet')
    alarms = [
        AlarmDef(f'{n}#high', Kind.HIGH, n, n, Priority.LOW, *texts, limit=80.0, deadband=5.0)
        for n in names
    ]
    return make_table(channels), alarms


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[tuple[int, int]]:
    """Run a broker on loopback; give its port and process id."""
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        port = one.getsockname()[1]
    config = folder / 'mosquitto.conf'
    config.write_text(
        f'listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n'
    )
    process = subprocess.Popen([str(BROKER), '-c', str(config)], stderr=subprocess.DEVNULL)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def through_mqtt(
    folder: Path, seconds: int, seed: int, detail: dict[str, Any]
) -> list[common.Figure]:
    """Take the load in; return what it showed."""
    table, alarms = tables()
    history = History(folder / 'live', [c.id for c in table.channels])
    memory = WriteBehind(history)
    pipeline = Pipeline(table, alarms, memory)
    store = Store(folder / 'state', ThreadPoolExecutor(1))
    warm(pipeline)
    with broker(folder) as (port, broker_pid):
        bridge = MqttBridge(MqttConfig(host='127.0.0.1', port=port), table, time.time_ns)
        bridge.start()
        while not bridge.connected:
            time.sleep(0.02)
        words = ['127.0.0.1', str(port), str(EDGES), str(RATE), str(seconds), str(seed)]
        script = str(Path(__file__).with_name('_sensor_load.py'))
        load = subprocess.Popen(
            [sys.executable, script, *words], stdout=subprocess.PIPE, text=True
        )
        seen = take(bridge, pipeline, store, load)
        seen['broker_cpu'] = cpu_of(broker_pid)
        bridge.stop()
    sent = int((load.stdout.read() if load.stdout else '0') or 0)
    unwritten = memory.close()
    store.close()
    wall = seen['seconds']
    steady = sent - EDGES * METRICS
    begin = time.process_time()
    done = history.compact()
    compaction = time.process_time() - begin
    bytes_each = size_on_disk(folder / 'live' / 'raw') / max(done.readings, 1)
    latency = np.array(seen.pop('latency')) * 1000.0
    detail['mqtt'] = {**seen, 'sent': sent, 'unwritten': unwritten,
                      'latency_max_ms': float(latency.max()), 'kept': done.readings,
                      'compaction_s': compaction, 'duplicates': done.duplicates}  # fmt: skip
    return [
        common.figure(
            'readings/s sent', steady / seconds, '1/s', target=0.99 * RATE, better='higher'
        ),
        common.figure('readings lost', sent - seen['taken'], '1', target=0),
        common.figure(
            'not in history', seen['taken'] + 1 - done.readings - done.duplicates, '1', target=0
        ),
        common.figure('alarms raised', latency.size, '1', better='higher'),
        common.figure('reading to alarm p50', float(np.percentile(latency, 50)), 'ms'),
        common.figure(
            'reading to alarm p99', float(np.percentile(latency, 99)), 'ms', target=1000
        ),
        common.figure('linehaul CPU', 100 * (seen['cpu'] + compaction) / wall, '%', target=100),
        common.figure('memory growth', seen['memory_growth_mb'], 'MB', target=50),
        common.figure('bytes per reading on disk', bytes_each, 'B', target=4),
    ]


def warm(pipeline: Pipeline) -> None:
    """Compile the kernels before the clock runs; one reading goes to history."""
    now = time.time_ns() - HOUR
    pipeline.step(make_readings([0], [now], [50.0]), (), now)
    pipeline.tick(now)


def take(bridge: MqttBridge, pipeline: Pipeline, store: Store, load: Any) -> dict[str, Any]:
    """Drain the bridge until the load has ended and nothing more comes, as the node does."""
    latency: list[float] = []
    taken = faults = 0
    memory: list[float] = []
    begin, cpu = time.monotonic(), time.process_time()
    ended, next_tick = 0.0, 0.0
    longest: dict[str, float] = {}
    while not ended or time.monotonic() < ended:
        lap = Lap()
        found = bridge.drain()
        lap.note('drain')
        now = time.time_ns()
        outcome = pipeline.step(found.readings, found.lost, now)
        lap.note('step')
        store.write(now / NS, outcome.events, outcome.warnings)
        lap.note('journal')
        latency += [time.time() - e.time for e in outcome.events if e.event is Event.ACTIVE]
        taken += len(found.readings)
        faults += len(found.faults) + found.dropped
        if lap.start > next_tick:
            next_tick = lap.start + 1.0
            late = pipeline.tick(now)
            store.write(now / NS, late.events, late.warnings)
            memory.append(rss_mb())
        lap.note('tick')
        if load.poll() is not None and not ended:
            ended = time.monotonic() + 1.0
        longest = max(longest, lap.seconds | {'at': lap.start - begin}, key=total)
        time.sleep(max(0.0, lap.start + CYCLE - time.monotonic()))
    third = len(memory) // 3
    return {
        'taken': taken,
        'faults': faults,
        'latency': latency,
        'seconds': time.monotonic() - begin,
        'cpu': time.process_time() - cpu,
        'load_cpu': sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]),
        'memory_mb': memory[-1],
        'memory_growth_mb': memory[-1] - memory[third],
        'longest_cycle': longest,
    }


class Lap:
    """What a cycle spent its time on: seconds by its parts, and processor seconds in all."""

    def __init__(self) -> None:
        self.start = self._last = time.monotonic()
        self._cpu = time.thread_time()
        self.seconds: dict[str, float] = {}

    def note(self, part: str) -> None:
        """End a part."""
        now = time.monotonic()
        self.seconds[part], self._last = now - self._last, now
        self.seconds['cpu'] = time.thread_time() - self._cpu


def total(cycle: dict[str, float]) -> float:
    """Return how long a cycle took."""
    return sum(seconds for part, seconds in cycle.items() if part not in ('cpu', 'at'))


def cpu_of(pid: int) -> float:
    """Return the processor seconds of a process."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def rss_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


# -- a day of history


def questions(folder: Path, hours: int, seed: int, detail: dict[str, Any]) -> list[common.Figure]:
    """Write a day of 40 million readings (or its first hours) and ask it."""
    table, _ = tables()
    History(folder, [c.id for c in table.channels])
    day = time.time_ns() // DAY * DAY - 2 * DAY
    count = write_day(folder, day, hours, len(table), np.random.default_rng(seed))
    hourly = Question(day, day + DAY, (table.channels[7_777].id,), 0.0)
    apart_s = float(np.median(common.measure(lambda: query(folder, hourly), 5)))
    begin = time.monotonic()
    merge_days(folder, day + DAY)
    merge_s = time.monotonic() - begin
    size = size_on_disk(folder / 'raw') + size_on_disk(folder / 'hour')
    everything = Question(day, day + DAY, (), 3600.0)
    one = Question(day, day + DAY, (table.channels[7_777].id,), 0.0)
    all_s = float(np.median(common.measure(lambda: query(folder, everything), 3)))
    one_s = float(np.median(common.measure(lambda: query(folder, one), 5)))
    detail['day'] = {'readings': count, 'hours': hours, 'bytes': size, 'merge_s': merge_s}
    return [
        common.figure('day: readings', count, '1'),
        common.figure('day: bytes per reading', size / count, 'B', target=4),
        common.figure('day: hourly mean of all channels', all_s, 's', target=1.0),
        common.figure('day: one channel', one_s * 1000, 'ms', target=50),
        common.figure('day: one channel before its hours are merged', apart_s * 1000, 'ms'),
    ]


def write_day(folder: Path, day: int, hours: int, channels: int, rng: np.random.Generator) -> int:
    """Write readings of every channel each 32.4 s with jitter in time and two decimals."""
    per_hour = 111
    channel = np.repeat(np.arange(channels), per_hour)
    for hour in range(hours):
        base = np.tile(np.arange(per_hour) * (HOUR // per_hour), channels)
        jitter = rng.integers(0, 1000, channel.size) * 1_000_000
        value = np.round(20 + 0.002 * channel + rng.standard_normal(channel.size), 2)
        part = make_readings(channel, day + hour * HOUR + base + jitter, value)
        target = hour_folder(folder, day + hour * HOUR) / 'day.parquet'
        target.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(part, target)
        sums = sums_folder(folder, day + hour * HOUR) / f'{hour}.parquet'
        sums.parent.mkdir(parents=True, exist_ok=True)
        write_sums(part, sums)
    return channel.size * hours


if __name__ == '__main__':
    sys.exit(main())
