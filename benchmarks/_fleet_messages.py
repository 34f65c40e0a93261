# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What messages take the fleet node: from the wire to dataclasses and back, without the transport.

State messages of the run's own vehicles are deserialised, converted and validated as the node
does; orders converted and serialised. The rates are those of the run.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from _fleet_run import FactoryRun
from linehaul_vda5050.convert import order_to_msg, state_from_msg, state_to_msg
from rclpy.serialization import deserialize_message, serialize_message

from linehaul_interfaces.msg import VehicleState
from linehaul_vda5050 import Header, serious, validate_order, validate_state

REPEATS = 2000


def message_seconds(run: FactoryRun) -> float:
    """Return CPU seconds that the messages of a second of plant time take."""
    states = [run.world.state(k) for k in range(len(run.plant.fleet))]
    wires = [serialize_message(state_to_msg(state)) for state in states]
    orders = [replace(o, header=Header(1, 0.0, serial_number='v')) for o in run.last_orders]
    took = run.rates['states'] * _each(_take_state, wires)
    return took + (run.rates['orders'] * _each(_send_order, orders) if orders else 0.0)


def _take_state(wire: bytes) -> None:
    serious(validate_state(state_from_msg(deserialize_message(wire, VehicleState))))


def _send_order(order: Any) -> None:
    serious(validate_order(order))
    serialize_message(order_to_msg(order))


def _each(call: Callable[[Any], None], items: list[Any]) -> float:
    """Return CPU seconds of one call."""
    begin = time.process_time()
    for k in range(REPEATS):
        call(items[k % len(items)])
    return (time.process_time() - begin) / REPEATS
