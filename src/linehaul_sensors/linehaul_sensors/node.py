# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensors node: what bridges bring goes through quality, alarms, early warning and history.

Ten times a second the bridges are drained and what they brought is judged; what happens to alarms
and warnings is in the journal before anybody hears of it. Nothing is ever sent through a bridge.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linehaul_ros.journal import JournalError
from linehaul_ros.parameters import declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_interfaces.srv import CommandAlarm, ReviewWarning
from linehaul_ros import names
from linehaul_sensors import convert
from linehaul_sensors.alarm_book import AlarmEvent
from linehaul_sensors.alarm_states import Event
from linehaul_sensors.alarm_table import Priority
from linehaul_sensors.chores import Chores
from linehaul_sensors.codes import Code, Refusal
from linehaul_sensors.early_warnings import WarningRecord
from linehaul_sensors.errors import SensorsError
from linehaul_sensors.hearing.node import Hearing
from linehaul_sensors.history import History
from linehaul_sensors.ids import AlarmId, WarningId
from linehaul_sensors.incidents.node import IncidentTopics
from linehaul_sensors.pipeline import Outcome, Pipeline
from linehaul_sensors.readings import NS
from linehaul_sensors.recorder import Recorder
from linehaul_sensors.sensors_file import read_sensors
from linehaul_sensors.sources import Sources
from linehaul_sensors.store.node import Store
from linehaul_sensors.telling.node import Telling
from linehaul_sensors.write_behind import WriteBehind

TELL = 1.0
"""[s] of wall time between two looks at warnings, health and what else can wait."""
_COMMANDS = {
    CommandAlarm.Request.COMMAND_ACKNOWLEDGE: Event.ACKNOWLEDGE,
    CommandAlarm.Request.COMMAND_SHELVE: Event.SHELVE,
    CommandAlarm.Request.COMMAND_UNSHELVE: Event.UNSHELVE,
    CommandAlarm.Request.COMMAND_RESET_LATCH: Event.RESET,
    CommandAlarm.Request.COMMAND_OUT_OF_SERVICE: Event.OUT_OF_SERVICE,
    CommandAlarm.Request.COMMAND_RETURN_TO_SERVICE: Event.RETURN_TO_SERVICE,
}


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the sensors node."""

    plant: str = setting('cell', doc='Name of the plant, for `sensors: simulated`.')
    sensors: str = setting(
        'simulated', doc='File of the sensor layer; simulated: TABLES/PLANT/sensors.yaml.'
    )
    tables: str = setting('', doc='Folder of the sensor layers of simulated plants.')
    state_dir: str = setting('', doc='Folder of journal, history and incidents; empty: none.')
    cycle: float = setting(0.1, doc='Wall time between two drains.', unit='s', low=0.01, high=5.0)
    learned_every: float = setting(
        600.0, doc='Time between two copies of what was learnt.', unit='s', low=1.0, high=86400.0
    )
    keep_days: int = setting(30, doc='Days of single readings.', low=1, high=36500)
    keep_minutes: int = setting(400, doc='Days of minutes, after that.', low=1, high=36500)
    incidents: bool = setting(True, doc='Record the last minutes of all topics around a fault.')
    incident_before: float = setting(
        180.0, doc='Kept before a fault.', unit='s', low=1.0, high=3600.0
    )
    incident_after: float = setting(30.0, doc='Kept after it.', unit='s', low=0.0, high=3600.0)
    incident_priority: int = setting(
        int(Priority.HIGH), doc='Alarms of at least this priority are faults.', low=1, high=4
    )
    incident_leave_out: str = setting(
        '^/(rosout|parameter_events)$', doc='Pattern of topics that are not recorded.'
    )

    def file(self) -> Path:
        """Return the file of the sensor layer."""
        if self.sensors == 'simulated':
            return Path(self.tables) / Path(self.plant).stem / 'sensors.yaml'
        return Path(self.sensors)


class SensorsNode(Node):
    """Shell of `Pipeline` and the bridges."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('sensors', **kwargs)
        self._config = declare(self, Config)
        plant = read_sensors(self._config.file())
        self._table = plant.table
        self._folder = Path(self._config.state_dir) if self._config.state_dir else None
        self._memory: WriteBehind | None = None
        if self._folder is not None:
            ids = [channel.id for channel in plant.table.channels]
            self._memory = WriteBehind(History(self._folder / 'history', ids))
        self._pipeline = Pipeline(plant.table, plant.alarms, self._memory, plant.rules)
        self._aside = ThreadPoolExecutor(1, 'aside')
        self._store = Store(self._folder, self._aside)
        self._store.restore(self._pipeline, plant.table)
        self._chores = Chores()
        self._refused = self._chore_trouble = ''
        self._next: dict[str, float] = {}
        self._telling = Telling(self, plant.table, (self._folder or Path()) / 'warnings')
        self._sources = Sources(plant.sources, plant.table, self._clock_ns)
        Hearing(self, self._sources, self._clock_ns)
        self.create_service(CommandAlarm, names.COMMAND_ALARM.name, self._command)
        self.create_service(ReviewWarning, names.REVIEW_WARNING.name, self._review)
        self._incidents = self._make_incidents()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self._config.cycle, self._look, clock=steady)
        self.create_timer(TELL, self._tell, clock=steady)
        self._sources.start()
        machines = len(self._pipeline.maintenance.health.machines)
        self.get_logger().info(
            f'channels={len(plant.table)} machines={machines} alarms={len(plant.alarms)} '
            f'bridges={len(plant.sources)}'
        )

    def close(self) -> int:
        """Stop the bridges, keep what was learnt, close files; return the exit code."""
        self._sources.stop()
        self._chores.close()
        if self._incidents is not None:
            self._incidents.close()
        now = now_of(self)
        if now > 0.0:
            self._store.learn(self._pipeline, self._table, now, last=True)
        self._aside.shutdown()
        if self._memory is not None and (left := self._memory.close()):
            self.get_logger().error(f'{left} readings are not in history: {self._memory.trouble}')
        self._store.close()
        return 0

    # Set-up.

    def _clock_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _make_incidents(self) -> IncidentTopics | None:
        config = self._config
        if not config.incidents or self._folder is None:
            return None
        folder = self._folder / 'incidents'
        recorder = Recorder(folder, config.incident_before, config.incident_after)
        return IncidentTopics(self, recorder, config.incident_leave_out, self._aside)

    # The cycle.

    def _look(self) -> None:
        now = self._clock_ns()
        if now <= 0:
            return  # before there is plant time
        for one, brought in self._sources.drain():
            if brought.faults:
                self.get_logger().warning(
                    f'bridge={one.id} faults={one.faults} {one.last_fault}',
                    throttle_duration_sec=30.0,
                )
            if len(brought.readings) or brought.lost:
                self._apply(self._pipeline.step(brought.readings, brought.lost, now), now)
        if self._due('second', now / NS, 1.0):
            self._apply(self._pipeline.tick(now), now)
            if self._incidents is not None:
                self._incidents.tick(now)
        self._telling.alarms(self._pipeline, now / NS)

    def _due(self, what: str, now: float, every: float) -> bool:
        """Tell whether something that is done every so often [s] is due."""
        due = self._next.get(what, now)
        if now < due <= now + every:
            return False
        self._next[what] = now + every
        return True

    def _apply(self, outcome: Outcome, now: int) -> None:
        self._store.write(now / NS, outcome.events, outcome.warnings)
        if outcome.trouble and not self._refused:
            self.get_logger().error(outcome.trouble)
        self._refused = outcome.trouble
        self._telling.readings(outcome.readings, now / NS)
        self._note(outcome.events, outcome.warnings, now)

    def _note(
        self, events: Sequence[AlarmEvent], warnings: Sequence[WarningRecord], now: int
    ) -> None:
        """Log what people care about, have pictures made, and record incidents."""
        book = self._pipeline.alarms.book
        for event in events:
            if event.event is not Event.ACTIVE or not book.status(event.alarm).announced:
                continue
            alarm = book.alarms[event.alarm]
            self.get_logger().warning(
                f'alarm={alarm.id} priority={alarm.priority.name} {alarm.message}',
                throttle_duration_sec=1.0,
            )
            if self._incidents is not None and alarm.priority >= self._config.incident_priority:
                self._incidents.trigger(alarm.id, now)
        for record in warnings:
            if record.changed == record.raised:
                self.get_logger().info(f'warning={record.id} {record.message}')
                self._draw(record)
        self._telling.changed(alarms=bool(events), warnings=bool(warnings))

    def _draw(self, record: WarningRecord) -> None:
        """Have the evidence of a warning drawn from history, from well before it began."""
        if self._folder is None or not record.evidence:
            return
        span = max(4.0 * (record.raised - record.since), 3600.0)
        path = convert.picture_of(record.id, self._folder / 'warnings')
        path.parent.mkdir(parents=True, exist_ok=True)
        times = (f'@{record.raised - span:.3f}', f'@{record.raised + 1.0:.3f}')
        every = f'{max(span / 400.0, 1.0):.0f}s'
        shown = [channel for channel, _ in record.evidence[:3]]
        self._chores.ask(
            ('query', str(self._folder / 'history'), *shown, '--from', times[0], '--to', times[1],
             '--every', every, '--form', 'plot', '--out', str(path), '--title', record.message)
        )  # fmt: skip

    # Once a second of wall time.

    def _tell(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        self._chore_trouble = self._chores.tick() or self._chore_trouble
        self._store.tick()
        if self._incidents is not None:
            self._incidents.look()
        self._telling.lists(self._pipeline, now, drawing=not self._chores.idle)
        told = self._memory.trouble if self._memory is not None else ''
        troubles = (self._refused or told, self._chore_trouble, self._store.trouble)
        self._telling.health(self._pipeline, self._sources.running, troubles, now)
        self._look_after(now)

    def _look_after(self, now: float) -> None:
        """Have hours compacted, days thinned out, and what was learnt kept."""
        if self._folder is None:
            return
        history = str(self._folder / 'history')
        if self._due('compact', now, 3600.0):
            self._chores.ask(('compact', history, '--running'))
        if self._due('retain', now, 86_400.0):
            config = self._config
            days, minutes = str(config.keep_days), str(config.keep_minutes)
            self._chores.ask(
                ('retain', history, '--days', days, '--minutes', minutes, '--now', f'@{now:.0f}')
            )
        if self._due('learn', now, self._config.learned_every):
            self._store.learn(self._pipeline, self._table, now)

    # Services.

    def _command(
        self, request: CommandAlarm.Request, response: CommandAlarm.Response
    ) -> CommandAlarm.Response:
        now = now_of(self)
        event = _COMMANDS.get(request.command)
        if event is None:
            response.error_code = int(Code.INVALID_ARGUMENT)
            response.error_msg = f'command {request.command} found, wanted 1 to 6'
            return response
        answer = self._pipeline.alarms.command(
            event,
            [AlarmId(name) for name in request.alarm_ids],
            actor=request.actor,
            now=now,
            reason=request.reason,
            duration=request.duration,
        )
        if isinstance(answer, Refusal):
            response.error_code, response.error_msg = int(answer.code), answer.text
            return response
        self._store.write(now, answer, ())
        self._telling.changed(alarms=True)
        self.get_logger().info(
            f'alarms={",".join(request.alarm_ids)[:200]} {event.name} by={request.actor} '
            f'{request.reason}'
        )
        return response

    def _review(
        self, request: ReviewWarning.Request, response: ReviewWarning.Response
    ) -> ReviewWarning.Response:
        now = now_of(self)
        warning = WarningId(request.warning_id)
        answer = self._pipeline.maintenance.review(
            warning, request.status, request.finding, request.actor, now
        )
        if isinstance(answer, Refusal):
            response.error_code, response.error_msg = int(answer.code), answer.text
            return response
        self._store.write(now, (), [answer])
        self._telling.changed(warnings=True)
        self.get_logger().info(
            f'warning={answer.id} {answer.status.name} by={answer.actor} {answer.finding}'
        )
        return response


def main(make: Callable[[], Node] = SensorsNode) -> int:
    """Run the sensors node."""
    return run(make, (SensorsError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
