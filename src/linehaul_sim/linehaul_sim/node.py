# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The simulation node: orders and requests in; clock, vehicle states and custody out.

Inputs that arrive between two steps are written to disk, then taken in, then stepped, and only
then does the outside hear of anything, so a killed process goes on as if nothing had been.
"""

import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from linehaul_ros.actions import action_server
from linehaul_ros.parameters import ParameterError, declare, setting
from linehaul_ros.run import run
from linehaul_ros.time import now_of, to_time
from linehaul_transfer.convert import (
    port_signals_from_msg,
    port_signals_to_msg,
    vehicle_signals_from_msg,
    vehicle_signals_to_msg,
)
from linehaul_vda5050.convert import (
    connection_to_msg,
    factsheet_to_msg,
    instant_actions_from_msg,
    order_from_msg,
    state_to_msg,
)
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from rosgraph_msgs.msg import Clock as ClockMsg

from linehaul_floor import Plant, PlantError, VehicleId, load_plant
from linehaul_interfaces.action import RetrieveLoad
from linehaul_ros import names
from linehaul_sim import pacing
from linehaul_sim.convert import (
    custody_to_msg,
    fault_from_request,
    refusal_result,
    report_to_msg,
    request_from_goal,
    retrieval_feedback,
    retrieval_result,
)
from linehaul_sim.errors import SnapshotError, UnknownIdError
from linehaul_sim.external import split_fleet
from linehaul_sim.inputs import (
    FaultInjected,
    Input,
    InstantActionsSent,
    LoadsSeen,
    LoadUsed,
    OrderSent,
    PortReset,
    RetrievalAsked,
    RetrievalCancelled,
    StationHeard,
    TransferConfirmed,
    VehicleHeard,
)
from linehaul_sim.managed.node import ManagedPorts
from linehaul_sim.managed.ports import managed_ports
from linehaul_sim.settings import Settings
from linehaul_sim.snapshot import Store, restore
from linehaul_sim.telling import Outputs
from linehaul_sim.warehouse import Refused
from linehaul_sim.world import World
from linehaul_transfer import PortSignals, VehicleSignals

SAVE_EVERY = 500
"""Steps after which the world is written even without inputs."""
UNKNOWN_ID = 4
"""ErrorCode.UNKNOWN_ID."""


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the simulation node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    vehicles: str = setting(
        'simulated',
        doc='Vehicles simulated here: simulated is all, ros and vda5050 are none (all are ROS '
        'robots, or speak VDA 5050 over MQTT), or ids joined by commas.',
    )
    clock: str = setting(
        'lead',
        doc='Make the clock, or follow the one that another simulator makes from 0 on.',
        choices=('lead', 'follow'),
    )
    speed: float = setting(
        1.0, doc='Plant time per wall time; 0: as fast as possible.', low=0.0, high=1000.0
    )
    seed: int = setting(1, doc='Seed of everything random.', low=0, high=2**31 - 1)
    step: float = setting(0.1, doc='Physics step.', unit='s', low=0.01, high=0.2)
    state_dir: str = setting('', doc='Folder of the world. Empty: nothing survives a restart.')
    pick_time: float = setting(8.0, doc='Mean time of a pick.', unit='s', low=0.1, high=600.0)
    drop_time: float = setting(6.0, doc='Mean time of a drop.', unit='s', low=0.1, high=600.0)
    retrieve_time: float = setting(
        20.0, doc='Mean time until a container is at an out-port.', unit='s', low=0.1, high=3600.0
    )
    store_time: float = setting(
        10.0, doc='Time until an in-port has taken a container in.', unit='s', low=0.1, high=3600.0
    )
    station_empty_time: float = setting(
        120.0, doc='Time in which a station uses up a container.', unit='s', low=0.1, high=86400.0
    )
    lines: str = setting(
        'manual',
        doc='manual, each container lasts its time at a station; simulated, stations begin with '
        'full places and lines say on used_loads when a container is empty.',
        choices=('manual', 'simulated'),
    )
    keep_empties: bool = setting(
        False, doc='Empty containers stay at the station until a vehicle fetches them.'
    )
    warehouse: str = setting(
        'simulated',
        doc='simulated: a stand-in with endless stock; managed: a warehouse node has its ports.',
        choices=('simulated', 'managed'),
    )
    warehouse_ports: str = setting(
        'wh*', doc='Ports of the managed warehouse: patterns of names, joined by commas.'
    )
    handshake: bool = setting(
        False, doc='Vehicles and ports do the load handshake around each pick and drop.'
    )
    foreign_ports: str = setting(
        '', doc='Ports, joined by commas, whose side of the handshake is not simulated here.'
    )
    charge: float = setting(0.9, doc='State of charge at the beginning.', low=0.05, high=1.0)

    def settings(self, plant: Plant, *, alone: bool) -> Settings:
        """Return what the world needs to know; alone: all vehicles are simulated here.

        Sides of the handshake in other programs are waited for by the wall's clock.
        """
        alone = alone and not self.foreign_ports
        managed = self.warehouse == 'managed'
        settings = Settings(
            seed=self.seed,
            step=self.step,
            pick_time=self.pick_time,
            drop_time=self.drop_time,
            retrieve_time=self.retrieve_time,
            store_time=self.store_time,
            station_empty_time=self.station_empty_time,
            told_use=self.lines == 'simulated',
            keep_empties=self.keep_empties,
            charge=self.charge,
            handshake=self.handshake,
            patience=1.0 if alone else max(self.speed, 1.0),
            foreign_ports=tuple(name for name in self.foreign_ports.split(',') if name),
            managed_ports=managed_ports(plant, self.warehouse_ports) if managed else (),
        )
        return settings if self.clock == 'lead' else replace(settings, start_time=0.0)


class SimNode(Node):
    """Shell of `World`: converts, writes, steps and publishes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('sim', **kwargs)
        config = declare(self, Config)
        self._follows = config.clock == 'follow'
        if self._follows and not self.get_parameter('use_sim_time').value:
            raise ParameterError('sim: clock follow needs use_sim_time, to hear that clock')
        plant, external = split_fleet(load_plant(config.plant), config.vehicles)
        settings = config.settings(plant, alone=not external)
        self._store = Store(Path(config.state_dir), plant, settings) if config.state_dir else None
        found = restore(plant, settings, self._store) if self._store else None
        self.world = found or World(plant, settings)
        self.world.announce()
        self._inputs: list[Input] = []
        self._saved = self.world.data.steps
        if self._store:
            self._store.save(self.world.data)
        self._goals: dict[str, list[tuple[ServerGoalHandle, Future]]] = {}
        self._told = 0
        self._foreign = frozenset(external)
        self._make_topics()
        self._seen: dict[VehicleId, LoadsSeen] = {}
        for v in external:
            self._subscribe(names.VEHICLE_STATE.of(v), partial(self._external, v))
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        speed = config.speed or float('inf')
        self._pace = pacing.start(time.monotonic(), settings.step, speed)
        self._measured = (time.monotonic(), self.world.now)
        period = min(max(self._pace.interval / 2, 0.001), 0.02)
        self.create_timer(period, self.tick, clock=steady)
        self.create_timer(1.0, self._each_second, clock=steady)
        self.get_logger().info(
            f'plant={plant.name} vehicles={len(plant.fleet)} external={len(external)} '
            f'speed={config.speed or "max"} clock={config.clock} time={self.world.now:.1f} '
            f'restored={found is not None}'
        )

    def _make_topics(self) -> None:
        self._clock_topic = self._publisher(names.CLOCK)
        self._custody = self._publisher(names.CUSTODY)
        self._report = self._publisher(names.SIM_REPORT)
        ids = [vehicle.id for vehicle in self.world.vehicles]
        self._states = {v: self._publisher(names.VEHICLE_STATE.of(v)) for v in ids}
        self._links = {v: self._publisher(names.VEHICLE_CONNECTION.of(v)) for v in ids}
        self._sheets = {v: self._publisher(names.VEHICLE_FACTSHEET.of(v)) for v in ids}
        for v in ids:
            self._subscribe(names.VEHICLE_ORDER.of(v), partial(self._order, v))
            self._subscribe(names.VEHICLE_INSTANT_ACTIONS.of(v), partial(self._instant, v))
        if self.world.settings.told_use:
            self._subscribe(names.USED_LOADS, self._used)
        self._managed: ManagedPorts | None = None
        if self.world.settings.managed_ports:
            publish = self._custody.publish
            self._managed = ManagedPorts(self, self.world, self._take, publish)
        else:
            self._server = action_server(self, names.RETRIEVE_LOAD, self._retrieve, self._cancel)
        self.create_service(names.INJECT_FAULT.type, names.INJECT_FAULT.name, self._inject)
        self._signals: dict[tuple[type, str], Any] = {}
        for port_id in self.world.settings.foreign_ports:
            if port_id not in self.world.data.ledger.ports:
                raise UnknownIdError(f'foreign_ports: no port {port_id!r} in this plant')
            self._subscribe(names.STATION_SIGNALS.of(port_id), self._station)
        if self.world.settings.foreign_ports:
            for v in ids:
                word = names.CONFIRM_AT_VEHICLE.of(v)
                self.create_service(word.type, word.name, self._confirm)
        for port_id in self.world.data.ledger.ports if self.world.settings.handshake else ():
            if port_id in self.world.settings.foreign_ports:
                continue
            if self._foreign:
                self._subscribe(names.VEHICLE_SIGNALS.of(port_id), self._vehicle)
            word, reset = names.CONFIRM_TRANSFER.of(port_id), names.RESET_PORT.of(port_id)
            self.create_service(word.type, word.name, self._confirm)
            self.create_service(reset.type, reset.name, partial(self._reset, port_id))

    def _publisher(self, topic: names.Topic) -> Any:
        return self.create_publisher(topic.type, topic.name, topic.qos)

    def _subscribe(self, topic: names.Topic, callback: Any) -> None:
        self.create_subscription(topic.type, topic.name, callback, topic.qos)

    # Inputs: noted for the disk and taken in at once; nobody hears of it before the next step.

    def _take(self, item: Input) -> None:
        self._inputs.append(item)

    def _order(self, vehicle_id: str, message: Any) -> None:
        order = order_from_msg(message)
        self.world.send_order(vehicle_id, order)
        self._take(OrderSent(vehicle_id, order))

    def _instant(self, vehicle_id: str, message: Any) -> None:
        actions = instant_actions_from_msg(message)
        self.world.send_instant_actions(vehicle_id, actions)
        self._take(InstantActionsSent(vehicle_id, actions))

    def _external(self, vehicle_id: VehicleId, message: Any) -> None:
        loads = tuple(load.load_id for load in message.loads)
        seen = LoadsSeen(vehicle_id, message.last_node_id, loads)
        if not message.loads_known or seen == self._seen.get(vehicle_id):
            return
        self._seen[vehicle_id] = seen
        revisions = len(self.world.data.ledger.changed)
        problem = self.world.see_loads(seen)
        if problem:
            self.get_logger().warning(f'custody: {problem}')
        if len(self.world.data.ledger.changed) > revisions:
            self._take(seen)

    def _used(self, message: Any) -> None:
        if self.world.use_load(message.load_id):
            self._take(LoadUsed(message.load_id))
        else:  # said before: whoever says it again has not heard the answer
            self.world.announce_load(message.load_id)

    def _inject(self, request: Any, response: Any) -> Any:
        fault = fault_from_request(request)
        if isinstance(fault, Refused):
            response.error_code, response.error_msg = int(fault.code), fault.text
            return response
        try:
            self.world.inject(fault)
        except UnknownIdError as error:
            response.error_code, response.error_msg = UNKNOWN_ID, str(error)
            return response
        self._take(FaultInjected(fault))
        self.get_logger().warning(f'fault={fault.kind.name} target={fault.target}')
        return response

    def _station(self, message: Any) -> None:
        heard = StationHeard(port_signals_from_msg(message))
        self.world.hear_station(heard.signals)
        self._take(heard)

    def _vehicle(self, message: Any) -> None:
        """Hear the levels of a vehicle that is not simulated here."""
        if message.vehicle_id in self._foreign:
            heard = VehicleHeard(vehicle_signals_from_msg(message))
            self.world.hear_vehicle(heard.signals)
            self._take(heard)

    def _confirm(self, request: Any, response: Any) -> Any:
        port_id = request.port_id
        word = TransferConfirmed(
            port_id, request.session_id, request.holder_kind, request.actor or ''
        )
        problem = self.world.confirm_transfer(word)
        self._take(word)
        self.get_logger().info(
            f'confirm port={port_id} session={word.session_id} holder={word.holder} '
            f'actor={word.actor} code={int(problem.code)}'
        )
        response.error_code, response.error_msg = int(problem.code), problem.text
        return response

    def _reset(self, port_id: str, _: Any, response: Any) -> Any:
        response.message = self.world.reset_port(port_id)
        response.success = not response.message
        self._take(PortReset(port_id))
        return response

    async def _retrieve(self, handle: ServerGoalHandle) -> RetrieveLoad.Result:
        request = request_from_goal(handle.request)
        known = request.request_id in self.world.data.warehouse.retrievals
        answer = self.world.retrieve(request)
        if isinstance(answer, Refused):
            handle.abort()
            return refusal_result(answer)
        if not known:
            self._take(RetrievalAsked(request))
        if not answer.phase.ended:
            future: Future = Future()
            self._goals.setdefault(request.request_id, []).append((handle, future))
            return self._ended(handle, await future)
        return self._ended(handle, answer)

    def _ended(self, handle: ServerGoalHandle, retrieval: Any) -> RetrieveLoad.Result:
        result = retrieval_result(retrieval, self.world.data.ledger.loads.get(retrieval.load_id))
        if result.error_code == 0:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        request_id = handle.request.request_id
        if not self.world.cancel_retrieval(request_id):
            return CancelResponse.REJECT
        self._take(RetrievalCancelled(request_id))
        return CancelResponse.ACCEPT

    # The step.

    def tick(self) -> None:
        """Do the steps that are due."""
        if self._follows:
            count = pacing.steps_behind(self.world.now, now_of(self), self.world.settings.step)
        else:
            count, self._pace = pacing.steps_due(self._pace, time.monotonic())
        for _ in range(count):
            self.step()
        if count and not self._follows:
            self._clock_topic.publish(ClockMsg(clock=to_time(self.world.now)))

    def step(self) -> None:
        """Write the inputs, move the world on, and tell what has changed."""
        data = self.world.data
        if self._store and self._inputs:
            self._store.write_inputs(data.steps, self._inputs)
        self._inputs = []
        self.world.step()
        outputs = self.world.take_outputs()
        if self._store:
            if data.steps - self._saved >= SAVE_EVERY or self._store.full:
                self._store.save(data)
                self._saved = data.steps
            else:
                self._store.mark(data.steps)
        self._publish(outputs)

    def _publish(self, outputs: Outputs) -> None:
        for state in outputs.states:
            self._states[state.header.serial_number].publish(state_to_msg(state))  # type: ignore[index]
        for link in outputs.connections:
            self._links[link.header.serial_number].publish(connection_to_msg(link))  # type: ignore[index]
        for sheet in outputs.factsheets:
            self._sheets[sheet.header.serial_number].publish(factsheet_to_msg(sheet))  # type: ignore[index]
        for load in outputs.loads:
            self._custody.publish(custody_to_msg(load))
        for signals in outputs.signals:
            self._say(signals)
        for retrieval in outputs.retrievals:
            for _, future in self._goals.pop(retrieval.request.request_id, []):
                future.set_result(retrieval)
        self._tell_violations()

    def _say(self, signals: VehicleSignals | PortSignals) -> None:
        """Publish one side's levels; its topic is made when it first speaks."""
        active = isinstance(signals, VehicleSignals)
        key = (type(signals), signals.port_id)
        if key not in self._signals:
            name = names.VEHICLE_SIGNALS if active else names.STATION_SIGNALS
            self._signals[key] = self._publisher(name.of(signals.port_id))
        convert = vehicle_signals_to_msg if active else port_signals_to_msg
        self._signals[key].publish(convert(signals, self.world.now))

    def _tell_violations(self) -> None:
        texts = [*self.world.verdict.texts, *self.world.data.custody_texts]
        for text in texts[self._told :]:
            self.get_logger().fatal(f'violation: {text}')
        self._told = len(texts)

    def _each_second(self) -> None:
        wall, plant = time.monotonic(), self.world.now
        before = self._measured
        self._measured = (wall, plant)
        factor = (plant - before[1]) / max(wall - before[0], 1e-6)
        self._report.publish(report_to_msg(self.world, factor))
        if self._managed is not None:
            self._managed.each_second()
        for request_id, waiting in self._goals.items():
            retrieval = self.world.data.warehouse.retrievals.get(request_id)
            for handle, _ in waiting:
                if retrieval is not None and handle.is_active:
                    handle.publish_feedback(retrieval_feedback(retrieval))

    def close(self) -> int:
        """Write the world, say goodbye; return 1 if what must never happen has happened."""
        goodbyes = self.world.farewell()
        if self._store:
            self._store.save(self.world.data)
            self._store.close()
        if self.context.ok():
            self._publish(Outputs(connections=goodbyes))
        bad = not self.world.verdict.clean or self.world.data.custody_errors > 0
        return 1 if bad else 0


def main() -> int:
    """Run the node."""
    return run(SimNode, broken=(PlantError, SnapshotError, UnknownIdError))


if __name__ == '__main__':
    sys.exit(main())
