# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensor layer under 100 times the plant's load, and questions to a day of its readings.

Sparkplug edges in a process of their own send 46,300 readings/s through Mosquitto; one process
takes them through bridge, quality, alarms, early warning and history. Nothing may be lost; told
are the time from a reading's source time to its alarm, the processor time of each process,
memory, and the bytes on disk. Then two OPC UA servers change 4,630 values/s, ten times the plant,
and processes of bridges take them. Then a flood of 5,000 alarms in 10 s goes through the node as a
process, with the bytes on its alarm topic counted. Then a day of 15,000 channels, 40 million
readings, is written and asked. The first part needs Debian's mosquitto; without it that part is
skipped and says so.
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
from linehaul_sensors.readings import make_readings

EDGES, METRICS, RATE = 30, 500, 46_300
BROKER = shutil.which('mosquitto') or shutil.which('mosquitto', path='/usr/sbin')
CYCLE = 0.1
"""[s] between two drains of the bridge."""


def main() -> int:
    args = common.argument_parser(__doc__).parse_args()
    detail: dict[str, Any] = {}
    figures: list[common.Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        if BROKER:
            figures += through_mqtt(Path(folder), 10 if args.quick else 60, args.seed, detail)
        else:
            print('mqtt: skipped, mosquitto is not installed')
        figures += through_opcua(5 if args.quick else 20, 1, args.seed, detail, cpu_of)
        figures += flood(Path(folder) / 'flood', detail)
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
    pipeline = Pipeline(table, alarms, history)
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
        seen = take(bridge, pipeline, load)
        seen['broker_cpu'] = cpu_of(broker_pid)
        bridge.stop()
    sent = int((load.stdout.read() if load.stdout else '0') or 0)
    history.close()
    wall = seen['seconds']
    steady = sent - EDGES * METRICS
    begin = time.process_time()
    done = history.compact()
    compaction = time.process_time() - begin
    bytes_each = size_on_disk(folder / 'live' / 'raw') / max(done.readings, 1)
    latency = np.array(seen.pop('latency')) * 1000.0
    detail['mqtt'] = {**seen, 'sent': sent, 'kept': done.readings, 'compaction_s': compaction,
                      'duplicates': done.duplicates}  # fmt: skip
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


def take(bridge: MqttBridge, pipeline: Pipeline, load: Any) -> dict[str, Any]:
    """Drain the bridge until the load has ended and nothing more comes."""
    latency: list[float] = []
    taken = faults = 0
    memory: list[float] = []
    begin, cpu = time.monotonic(), time.process_time()
    ended, next_tick = 0.0, 0.0
    longest = (0.0, 0.0, 0.0)  # seconds, processor seconds, when
    while not ended or time.monotonic() < ended:
        start, used = time.monotonic(), time.process_time()
        found = bridge.drain()
        now = time.time_ns()
        outcome = pipeline.step(found.readings, found.lost, now)
        latency += [time.time() - e.time for e in outcome.events if e.event is Event.ACTIVE]
        taken += len(found.readings)
        faults += len(found.faults) + found.dropped
        if start > next_tick:
            next_tick = start + 1.0
            pipeline.tick(now)
            memory.append(rss_mb())
        if load.poll() is not None and not ended:
            ended = time.monotonic() + 1.0
        took = time.monotonic() - start
        longest = max(longest, (took, time.process_time() - used, start - begin))
        time.sleep(max(0.0, start + CYCLE - time.monotonic()))
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
        'longest_cycle_s_cpu_at': longest,
    }


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
