# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Ask the fleet for material, watch it come, print the result.

``python -m linehaul_line.request --plant cell --station fa1_01 --item compressor --quantity 4``

The example of a station's client: it knows the public action and nothing else of the fleet.
"""

import argparse
import contextlib
import json
import sys
import time
import uuid
from collections.abc import Callable

import rclpy
from linehaul_ros.actions import PersistentGoal, action_client
from linehaul_ros.run import make_executor
from linehaul_ros.time import from_time, now_of, to_time
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.action import DeliverMaterial
from linehaul_interfaces.msg import DeliveryState
from linehaul_ros import names

PHASES = {
    getattr(DeliveryState, name): name.removeprefix('PHASE_').lower()
    for name in dir(DeliveryState)
    if name.startswith('PHASE_')
}
"""Number of a phase to its name."""


class RequestClient:
    """Requests deliveries for a node; each request survives a restart of the fleet.

    `deliver` returns at once; feedback and result come by callbacks while the node is spun.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._client = action_client(node, names.DELIVER_MATERIAL)

    def ready(self) -> bool:
        """Return whether the fleet takes requests now."""
        return bool(self._client.server_is_ready())

    def deliver(
        self,
        goal: DeliverMaterial.Goal,
        on_result: Callable[[DeliverMaterial.Result], None],
        on_state: Callable[[DeliveryState], None] = lambda _: None,
    ) -> PersistentGoal:
        """Send a goal; it is sent again, with the same request id, when the fleet falls silent."""
        return PersistentGoal(
            self._node, self._client, goal, on_result, lambda f: on_state(f.state)
        )


def make_goal(arguments: argparse.Namespace, now: float) -> DeliverMaterial.Goal:
    """Return the goal that the command line asks for; `now` is plant time [s]."""
    goal = DeliverMaterial.Goal(
        request_id=arguments.request_id or f'request-{uuid.uuid4()}',
        order_id=arguments.order,
        item_id=arguments.item,
        quantity=arguments.quantity,
        station_id=arguments.station,
        priority=arguments.priority,
    )
    if arguments.due_in is not None:
        goal.due = to_time(now + arguments.due_in)
    return goal


def describe(state: DeliveryState, now: float) -> str:
    """Return a delivery's state as one line for people."""
    words = [PHASES.get(state.phase, 'unknown')]
    if state.vehicle_id:
        words.append(f'by {state.vehicle_id}')
    if state.load_id:
        words.append(f'load {state.load_id}')
    eta = from_time(state.eta)
    if eta > now:
        words.append(f'in {eta - now:.0f} s')
    return ', '.join(words)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_line.request',
        description='Ask the fleet for material and wait until it is there.',
        epilog='Exit code: 0 delivered, 1 refused or failed, 2 wrong use, 3 no fleet answers.',
    )
    parser.add_argument('--station', required=True, help='station id of the plant file')
    parser.add_argument('--item', required=True, help='item id of the plant file')
    parser.add_argument('--quantity', type=_quantity, required=True, help='parts')
    parser.add_argument('--plant', default='', help='plant that must be running; empty: any')
    parser.add_argument('--order', default='', help='user order it is for')
    parser.add_argument('--due-in', type=float, help='seconds of plant time until it is due')
    parser.add_argument('--priority', type=int, default=100, choices=range(256), metavar='0..255')
    parser.add_argument('--request-id', default='', help='default: a new one')
    parser.add_argument('--wait', type=float, default=15.0, help='seconds to wait for the fleet')
    parser.add_argument('--real-time', action='store_true', help='the fleet runs on system time')
    parser.add_argument('--json', action='store_true', help='print the result as JSON')
    return parser.parse_args(arguments)


def _quantity(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f'{text} is not within 0 and {2**32 - 1}')
    return value


class _Session:
    """One request from the command line."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        simulated = Parameter('use_sim_time', value=not arguments.real_time)
        self.node = Node('request', parameter_overrides=[simulated])
        self._client = RequestClient(self.node)
        self._plant = ''
        self._line = ''
        self.result: DeliverMaterial.Result | None = None
        topic = names.FLEET_STATE
        self.node.create_subscription(topic.type, topic.name, self._fleet, topic.qos)

    def _fleet(self, message: object) -> None:
        self._plant = str(message.plant)  # type: ignore[attr-defined]

    def ready(self) -> bool:
        """Return whether the fleet and its clock are there."""
        return self._client.ready() and bool(self._plant) and now_of(self.node) > 0.0

    def wrong_plant(self) -> str:
        """Return the running plant where another was asked for, else an empty text."""
        wanted = self._arguments.plant
        return self._plant if wanted and wanted != self._plant else ''

    def send(self) -> PersistentGoal:
        """Send the request."""
        goal = make_goal(self._arguments, now_of(self.node))
        self._say(f'request {goal.request_id}')
        return self._client.deliver(goal, self._done, self._progress)

    def _done(self, result: DeliverMaterial.Result) -> None:
        self.result = result

    def _progress(self, state: DeliveryState) -> None:
        now = now_of(self.node)
        line = describe(state, now)
        if line != self._line:
            self._line = line
            self._say(f'{now:9.1f} s  {line}')

    def _say(self, text: str) -> None:
        if not self._arguments.json:
            print(text, flush=True)  # noqa: T201


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parse_arguments(arguments)
    rclpy.init()
    executor = make_executor()
    session = _Session(options)
    executor.add_node(session.node)
    try:
        end = time.monotonic() + options.wait
        while not session.ready():
            executor.spin_once(timeout_sec=0.1)
            if time.monotonic() > end:
                return _fail('no fleet answers; start one with `make run`, or give --wait')
        if session.wrong_plant():
            return _fail(f'plant {session.wrong_plant()} is running, not {options.plant}')
        goal = session.send()
        with contextlib.suppress(KeyboardInterrupt):
            while session.result is None:
                executor.spin_once(timeout_sec=0.1)
        if session.result is None:
            goal.cancel()
            executor.spin_once(timeout_sec=0.5)
            return _fail('interrupted; the delivery is cancelled')
        return _report(session.result, options.json)
    finally:
        executor.remove_node(session.node)
        session.node.destroy_node()
        rclpy.try_shutdown()


def _fail(text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201
    return 3


def _report(result: DeliverMaterial.Result, as_json: bool) -> int:
    delivered = result.error_code == DeliverMaterial.Result().error_code
    if as_json:
        fields = {name: getattr(result, name) for name in result.get_fields_and_field_types()}
        fields['delivered'] = from_time(result.delivered)
        finite = {k: None if v != v else v for k, v in fields.items()}  # noqa: PLR0124 (NaN)
        print(json.dumps(finite))  # noqa: T201
    elif delivered:
        print(  # noqa: T201
            f'delivered: {result.quantity} x {result.item_id} in {result.load_id} '
            f'to {result.station_id} by {result.vehicle_id} at {from_time(result.delivered):.1f} s'
        )
    else:
        print(f'not delivered: error {result.error_code}: {result.error_msg}')  # noqa: T201
    return 0 if delivered else 1


if __name__ == '__main__':
    sys.exit(main())
