# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The vehicle node: a ROS robot on cmd_vel and odom behind the vehicle contract.

One node per vehicle, in the vehicle's namespace such as /agv/agv_001. The robot's side is
standard: `odom` in, `cmd_vel` out; a localiser, a battery and a load handler where the parameters
say so. The base must stand by itself when commands stop coming: this process can be killed.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, Twist, TwistStamped
from linehaul_ros.parameters import declare, setting
from linehaul_ros.qos import COMMAND, LATCHED, SENSOR
from linehaul_ros.run import run
from linehaul_ros.time import now_of
from linehaul_vda5050.convert import (
    connection_to_msg,
    factsheet_to_msg,
    instant_actions_from_msg,
    order_from_msg,
    state_to_msg,
)
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import BatteryState

from linehaul_agv.assemble import Origin, new_localiser, vehicle_of
from linehaul_agv.battery import Charge
from linehaul_agv.convert import (
    battery_from_msg,
    command_to_msg,
    map_pose_from_msg,
    reading_from_msg,
    stamped_command_to_msg,
    transform_from_msg,
)
from linehaul_agv.errors import MemoryFileError, SettingError
from linehaul_agv.hand_offs.node import HandOffs, timed
from linehaul_agv.handling import HANDLED, Handler, Job, Method
from linehaul_agv.localise import Trust
from linehaul_agv.memory import Memory, Store
from linehaul_agv.model import AgvState
from linehaul_agv.robot import Outputs, Robot, Settings
from linehaul_floor import PlantError, VehicleClass, load_plant
from linehaul_ros import names
from linehaul_transfer import patient


@dataclass(frozen=True, slots=True)
class Config:
    """Parameters of the vehicle node."""

    plant: str = setting('cell', doc='Plant file, or the name of a plant that is installed.')
    vehicle: str = setting('', doc='Vehicle id. Empty: last part of the namespace.')
    state_dir: str = setting('', doc='Folder of the state. Empty: nothing survives a restart.')
    localisation: str = setting(
        'odom',
        doc='Where the pose on the map comes from: odometry alone, amcl_pose, or tf map to odom.',
        choices=('odom', 'amcl_pose', 'tf'),
    )
    odom_origin: str = setting(
        'home',
        doc='Where odometry is zero with localisation odom: at the home place, or of the map.',
        choices=('home', 'map'),
    )
    map_frame: str = setting('map', doc='Frame of the plant for amcl_pose and tf.')
    stamped: bool = setting(False, doc='cmd_vel is TwistStamped instead of Twist.')
    rate: float = setting(20.0, doc='Commands in a second.', unit='1/s', low=5.0, high=200.0)
    latency: float = setting(
        0.2, doc='From a measurement until the wheels obey.', unit='s', low=0.0, high=1.0
    )
    corridor: float = setting(
        0.1, doc='Offset from the way at which the vehicle stands.', unit='m', low=0.05, high=1.0
    )
    odom_timeout: float = setting(
        0.5, doc='Age of odometry at which the vehicle stands.', unit='s', low=0.05, high=5.0
    )
    jump: float = setting(
        0.3, doc='Jump of the pose at which it stands.', unit='m and rad', low=0.05, high=5.0
    )
    deviation: float = setting(
        0.3, doc='Standard deviation of amcl_pose that is too large.', unit='m', low=0.01, high=5.0
    )
    load_handling: str = setting(
        'timed',
        doc='Picks and drops take their time and succeed, or call the services pick and drop.',
        choices=('timed', 'service'),
    )
    pick_time: float = setting(8.0, doc='Time of a timed pick.', unit='s', low=0.0, high=600.0)
    drop_time: float = setting(6.0, doc='Time of a timed drop.', unit='s', low=0.0, high=600.0)
    handling_timeout: float = setting(
        60.0, doc='Patience with the services pick and drop.', unit='s', low=1.0, high=3600.0
    )
    handshake: bool = setting(
        False, doc='Picks and drops are agreed with the port by the load handshake.'
    )
    patience: float = setting(
        1.0,
        doc="Factor of the handshake's times, where plant time passes faster than the wall's.",
        low=0.01,
        high=1000.0,
    )
    charge: float = setting(
        0.9, doc='State of charge at the beginning, without battery_state.', low=0.05, high=1.0
    )

    def settings(self) -> Settings:
        """Return what the core needs to know."""
        method = Method(self.load_handling)
        times = self.pick_time, self.drop_time, self.handling_timeout
        handler = Handler(method, *times, self.handshake)
        return Settings(handler, self.latency, self.corridor)

    def trust(self, cls: VehicleClass) -> Trust:
        """Return when odometry is believed."""
        return Trust(
            timeout=self.odom_timeout,
            jump=self.jump,
            top_speed=cls.max_speed,
            top_turn=cls.turn_rate,
            deviation=self.deviation,
        )


class AgvNode(Node):
    """Shell of `Robot`: converts, writes, calls and publishes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('agv', **kwargs)
        self._config = config = declare(self, Config)
        plant = load_plant(config.plant)
        name = config.vehicle or self.get_namespace().rpartition('/')[2]
        vehicle = vehicle_of(plant, name, config.corridor)
        self._store = Store(Path(config.state_dir), vehicle) if config.state_dir else None
        memory = self._store.load() if self._store else None
        origin = Origin.LOCALISER if config.localisation != 'odom' else Origin(config.odom_origin)
        self.robot = Robot(
            vehicle,
            {place.node: place for place in plant.places.values()},
            config.settings(),
            new_localiser(plant, vehicle, config.trust(vehicle.vehicle_class), origin, memory),
            memory or Memory(AgvState(), Charge(config.charge)),
        )
        self._frame, self._odom_frame = '', ''
        self._zeros = 0
        self._make_topics()
        self._handlers = self._make_handlers()
        self._hand_offs = self._make_hand_offs()
        self._tf = self._listen_to_tf() if config.localisation == 'tf' else None
        self.create_timer(1.0 / config.rate, self.tick)
        self.get_logger().info(
            f'vehicle={vehicle.id} plant={plant.name} localisation={config.localisation} '
            f'load_handling={config.load_handling} restored={memory is not None}'
        )

    def _make_topics(self) -> None:
        def own(topic: names.Topic) -> str:
            return topic.name.rpartition('/')[2]

        def out(topic: names.Topic) -> Any:
            return self.create_publisher(topic.type, own(topic), topic.qos)

        self._state, self._link = out(names.VEHICLE_STATE), out(names.VEHICLE_CONNECTION)
        self._sheet = out(names.VEHICLE_FACTSHEET)
        kind = TwistStamped if self._config.stamped else Twist
        self._cmd_vel = self.create_publisher(kind, 'cmd_vel', COMMAND)
        for topic, callback in (
            (names.VEHICLE_ORDER, self._order),
            (names.VEHICLE_INSTANT_ACTIONS, self._instant),
        ):
            self.create_subscription(topic.type, own(topic), callback, topic.qos)
        self.create_subscription(Odometry, 'odom', self._odom, SENSOR)
        self.create_subscription(BatteryState, 'battery_state', self._battery, SENSOR)
        if self._config.localisation == 'amcl_pose':
            # latched, as AMCL does: it is silent while the vehicle stands
            kind = PoseWithCovarianceStamped
            self.create_subscription(kind, 'amcl_pose', self._map_pose, LATCHED)

    def _make_handlers(self) -> dict[str, Any]:
        if self._config.load_handling != 'service':
            return {}
        try:
            from std_srvs.srv import Trigger
        except ImportError as error:
            text = "load_handling 'service' needs the ROS package std_srvs, which is not installed"
            raise SettingError(f'{text} here; install it, or use timed') from error
        return {name: self.create_client(Trigger, name) for name in HANDLED}

    def _make_hand_offs(self) -> HandOffs | None:
        config = self._config
        if not config.handshake:
            return None
        if not config.state_dir:
            raise SettingError('handshake: needs state_dir, where its record is kept')
        times = {'pick': config.pick_time, 'drop': config.drop_time}
        move = timed(self, lambda job: times[job.action.action_type])
        if self._handlers:
            move = self._move_by_service
        factor = max(config.patience, 1.0)
        return HandOffs(self, self.robot, patient(factor), Path(config.state_dir), move)

    def _move_by_service(self, job: Job, home: Callable[[str], None]) -> None:
        self._ask_service(job, home)

    def _listen_to_tf(self) -> Any:
        try:
            from tf2_ros import Buffer, TransformListener
        except ImportError as error:
            text = "localisation 'tf' needs the ROS package tf2_ros, which is not installed here"
            raise SettingError(f'{text}; install it, or use amcl_pose or odom') from error
        buffer = Buffer(node=self)
        self._listener = TransformListener(buffer, self)
        return buffer

    # What comes in. An order is on disk before anybody hears of it and before the next command.

    def _order(self, message: Any) -> None:
        self.robot.receive_order(order_from_msg(message), now_of(self))
        self._tell(now_of(self))

    def _instant(self, message: Any) -> None:
        self.robot.receive_instant_actions(instant_actions_from_msg(message), now_of(self))
        self._tell(now_of(self))

    def _odom(self, message: Odometry) -> None:
        self._frame, self._odom_frame = message.child_frame_id, message.header.frame_id
        self.robot.localiser.measure(reading_from_msg(message), now_of(self))

    def _battery(self, message: BatteryState) -> None:
        self.robot.receive_battery(battery_from_msg(message), now_of(self))

    def _map_pose(self, message: PoseWithCovarianceStamped) -> None:
        wanted, found = self._config.map_frame, message.header.frame_id
        problem = f'found frame {found!r}, wanted {wanted!r}' if found != wanted else ''
        if not problem:
            pose, stamp, deviation = map_pose_from_msg(message)
            problem = self.robot.localiser.correct(pose, stamp, deviation, now_of(self))
        if problem:
            self.get_logger().warning(f'amcl_pose not used: {problem}', throttle_duration_sec=5.0)

    def _look_up(self, now: float) -> None:
        """Take the pose of the odometry's frame from tf."""
        from tf2_ros import TransformException

        try:
            found = self._tf.lookup_transform(self._config.map_frame, self._odom_frame, Time())
        except TransformException as error:
            self.robot.localiser.doubt(f'no transform to the map: {error}'[:200])
            return
        pose = transform_from_msg(found)
        if all(map(math.isfinite, (pose.x, pose.y, pose.theta))):
            self.robot.localiser.doubt('')
            self.robot.localiser.set_correction(pose, now)
        else:
            self.robot.localiser.doubt('transform to the map is not finite')

    # The tick.

    def tick(self) -> None:
        """Localise, decide, write, tell and command."""
        now = now_of(self)
        if now <= 0.0:
            return
        if self._tf is not None and self._odom_frame:
            self._look_up(now)
        before = {error.error_type for error in self.robot.agv.errors}
        motion = self.robot.step(now)
        if self._hand_offs is not None:
            self._hand_offs.tick(now)
        self._tell(now)
        for error in self.robot.agv.errors:
            if error.error_type not in before:
                self.get_logger().warning(
                    f'error={error.error_type} level={error.error_level.name} '
                    f'text={error.error_description!r}'
                )
        self._command(motion.speed, motion.omega, now)

    def _command(self, speed: float, omega: float, now: float) -> None:
        """Send a command; an idle vehicle falls silent after a second of zeros."""
        idle = speed == 0.0 and omega == 0.0 and not self.robot.way
        self._zeros = self._zeros + 1 if idle else 0
        if self._zeros <= self._config.rate:
            self._publish_command(speed, omega, now)

    def _publish_command(self, speed: float, omega: float, now: float) -> None:
        if self._config.stamped:
            self._cmd_vel.publish(stamped_command_to_msg(speed, omega, now, self._frame))
        else:
            self._cmd_vel.publish(command_to_msg(speed, omega))

    def _tell(self, now: float) -> None:
        if now <= 0.0:
            return
        outputs = self.robot.take_outputs(now)
        if not outputs:
            return
        if self._store:
            self._store.save(self.robot.memory)
        self._publish(outputs)
        if self._hand_offs is None:
            for job in outputs.calls:
                self._call(job)

    def _publish(self, outputs: Outputs) -> None:
        if outputs.connection:
            self._link.publish(connection_to_msg(outputs.connection))
        if outputs.factsheet:
            self._sheet.publish(factsheet_to_msg(outputs.factsheet))
        if outputs.state:
            self._state.publish(state_to_msg(outputs.state))

    def _call(self, job: Job) -> None:
        self._ask_service(job, partial(self._called, job.action.action_id))

    def _ask_service(self, job: Job, home: Callable[[str], None]) -> None:
        """Have the robot's service move the load; say why it failed, empty: it did not."""
        client = self._handlers[job.action.action_type]
        if not client.service_is_ready():
            home(f'there is no service {self.resolve_service_name(client.srv_name)}')
            return

        def answered(future: Any) -> None:
            answer = future.result()
            home('' if answer.success else answer.message or 'it failed')

        client.call_async(client.srv_type.Request()).add_done_callback(answered)

    def _called(self, action_id: str, problem: str) -> None:
        self.robot.end_call(action_id, problem, now_of(self))
        self._tell(now_of(self))

    # The end.

    def close(self) -> int:
        """Command a stop, tell that the vehicle goes OFFLINE, and close the files."""
        now, last = now_of(self), self.robot.farewell(now_of(self))
        if self._hand_offs is not None:
            self._hand_offs.close()
        if self._store:
            self._store.save(self.robot.memory)
            self._store.close()
        if self.context.ok():
            self._publish_command(0.0, 0.0, now)
            self._link.publish(connection_to_msg(last))
        return 0


def main() -> int:
    """Run the node."""
    return run(AgvNode, broken=(PlantError, MemoryFileError, SettingError))


if __name__ == '__main__':
    sys.exit(main())
