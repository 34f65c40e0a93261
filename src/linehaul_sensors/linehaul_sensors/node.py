# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The sensors node: what bridges bring goes through quality, alarms, early warning and history.

Ten times a second the bridges are drained and what they brought is judged; what happens to alarms
and warnings is in the journal before anybody hears of it. Nothing is ever sent through a bridge.
"""

import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linehaul_ros.diagnostics import DIAGNOSTICS, to_diagnostics
from linehaul_ros.journal import JournalError
from linehaul_ros.names import Topic
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.qos import SENSOR
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from linehaul_interfaces.msg import SensorChannels, SensorReadings
from linehaul_interfaces.srv import CommandAlarm, ReviewWarning
from linehaul_ros import names
from linehaul_sensors import convert
from linehaul_sensors.alarm_book import AlarmEvent
from linehaul_sensors.alarm_states import Event
from linehaul_sensors.alarm_table import Priority
from linehaul_sensors.chores import Chores
from linehaul_sensors.codes import Code, Refusal
from linehaul_sensors.diagnostics import diagnose
from linehaul_sensors.early_warnings import WarningRecord
from linehaul_sensors.errors import ReadingsError, SensorsError
from linehaul_sensors.history import History
from linehaul_sensors.ids import AlarmId, WarningId
from linehaul_sensors.incidents.node import IncidentTopics
from linehaul_sensors.pipeline import Outcome, Pipeline
from linehaul_sensors.readings import NS
from linehaul_sensors.recorder import Recorder
from linehaul_sensors.sensors_file import read_sensors
from linehaul_sensors.sources import BatchBridge, RosBridge, Sources
from linehaul_sensors.store.node import Store

TELL = 1.0
"""[s] of wall time between two lists of alarms and warnings."""
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
        history = None
        if self._folder is not None:
            ids = [channel.id for channel in plant.table.channels]
            history = History(self._folder / 'history', ids)
        self._pipeline = Pipeline(plant.table, plant.alarms, history, plant.rules)
        self._store = Store(self._folder)
        self._store.restore(self._pipeline, plant.table)
        self._instance = uuid.uuid4().hex
        self._sequence = 0
        self._chores = Chores()
        self._trouble = {'history': '', 'chore': ''}
        self._changed = {'alarms': True, 'warnings': True}
        self._next: dict[str, float] = {}
        self._readings = self._publisher(names.SENSOR_READINGS)
        self._channels = self._publisher(names.SENSOR_CHANNELS)
        self._alarms = self._publisher(names.ALARMS)
        self._warnings = self._publisher(names.EARLY_WARNINGS)
        self._diagnostics = self._publisher(DIAGNOSTICS)
        self._sources = Sources(plant.sources, plant.table, self._clock_ns)
        self._subscribe()
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
        now = now_of(self)
        if now > 0.0:
            self._store.learn(self._pipeline, self._table, now)
        if self._pipeline.history is not None:
            self._pipeline.history.close()
        self._store.close()
        return 0

    # Set-up.

    def _clock_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _publisher(self, topic: Topic) -> Any:
        return self.create_publisher(topic.type, topic.name, topic.qos)

    def _make_incidents(self) -> IncidentTopics | None:
        config = self._config
        if not config.incidents or self._folder is None:
            return None
        folder = self._folder / 'incidents'
        recorder = Recorder(folder, config.incident_before, config.incident_after)
        return IncidentTopics(self, recorder, config.incident_leave_out)

    def _subscribe(self) -> None:
        """Hear the topics of bridges that live in ROS."""
        for one in self._sources.running:
            if isinstance(one.bridge, RosBridge):
                self._hear_topics(one.bridge)
        for source, topic in self._sources.batch_topics():
            self._hear_batches(source, topic)

    def _hear_topics(self, bridge: RosBridge) -> None:
        for (topic, package, kind), rules in bridge.topics.topics().items():
            found = convert.message_class(f'{package}/msg/{kind}')
            if found is None:
                raise ParameterError(f'{topic}: message type {package}/{kind} is not installed')

            def hear(message: Any, rules: Any = rules) -> None:
                bridge.topics.receive(rules, message, self._clock_ns())

            self.create_subscription(found, topic, hear, SENSOR)

    def _hear_batches(self, bridge: BatchBridge, topic: str) -> None:
        births = names.SENSOR_CHANNELS

        def born(message: SensorChannels) -> None:
            try:
                channels = convert.from_channels(message)
            except ReadingsError as error:
                self.get_logger().warning(f'{topic}: {error}')
                return
            gone = bridge.remote.born(message.bridge_id, message.instance_id, channels)
            bridge.lost += gone

        def hear(message: SensorReadings) -> None:
            try:
                batch = convert.from_readings(message)
            except ReadingsError as error:
                self.get_logger().warning(f'{topic}: {error}', throttle_duration_sec=30.0)
                return
            found = bridge.remote.receive(
                message.bridge_id, message.instance_id, message.sequence, batch
            )
            if found is not None:
                bridge.readings.append(found)

        self.create_subscription(births.type, f'{topic}/channels', born, births.qos)
        readings = names.SENSOR_READINGS
        self.create_subscription(readings.type, f'{topic}/readings', hear, readings.qos)

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

    def _due(self, what: str, now: float, every: float) -> bool:
        """Tell whether something that is done every so often [s] is due."""
        due = self._next.get(what, now)
        if now < due <= now + every:
            return False
        self._next[what] = now + every
        return True

    def _apply(self, outcome: Outcome, now: int) -> None:
        self._store.write(now / NS, outcome.events, outcome.warnings)
        if outcome.trouble != self._trouble['history']:
            self._trouble['history'] = outcome.trouble
            if outcome.trouble:
                self.get_logger().error(outcome.trouble)
        if len(outcome.readings):
            self._readings.publish(
                convert.to_readings(
                    outcome.readings, 'sensors', self._instance, self._sequence, now / NS
                )
            )
            self._sequence += 1
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
        self._changed['alarms'] |= bool(events)
        self._changed['warnings'] |= bool(warnings)

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

    # Telling.

    def _tell(self) -> None:
        now = now_of(self)
        if now <= 0.0:
            return
        if 'births' not in self._next:
            self._next['births'] = now
            births = convert.to_channels(self._table, 'sensors', self._instance, now)
            self._channels.publish(births)
        self._trouble['chore'] = self._chores.tick() or self._trouble['chore']
        if self._incidents is not None:
            self._incidents.look()
        book = self._pipeline.alarms.book
        if self._changed['alarms']:
            views = self._pipeline.alarms.views()
            recent = len(book.rate.times)
            self._alarms.publish(convert.to_alarms(views, book.rate.flood, recent, now))
        if self._changed['warnings']:
            pictures = (self._folder or Path()) / 'warnings'
            views = self._pipeline.maintenance.book.views()
            self._warnings.publish(convert.to_warnings(views, pictures, now))
        # Once more after a picture is there, and the ten-minute count goes down by itself.
        self._changed = {
            'alarms': book.rate.flood or bool(book.rate.times),
            'warnings': not self._chores.idle,
        }
        troubles = (*self._trouble.values(), self._store.trouble)
        health = diagnose(self._pipeline, self._sources.running, troubles, now)
        self._diagnostics.publish(to_diagnostics(health, now))
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
        self._changed['alarms'] = True
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
        self._changed['warnings'] = True
        self.get_logger().info(
            f'warning={answer.id} {answer.status.name} by={answer.actor} {answer.finding}'
        )
        return response


def main(make: Callable[[], Node] = SensorsNode) -> int:
    """Run the sensors node."""
    return run(make, (SensorsError, JournalError))


if __name__ == '__main__':
    sys.exit(main())
