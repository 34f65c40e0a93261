# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Give a running line the units that it builds next.

    python -m linehaul_line.send_sequence --line fa1 --units sequence.csv --actor anna \
        [--first 480] [--begin 28800]

The file is what `next_shift` writes. Without `--first` the units follow the frozen horizon, and
replace what was behind it; without `--begin` due times count from now.
"""

import argparse
import sys
import time
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import rclpy
from linehaul_ros.run import make_executor
from linehaul_ros.time import now_of
from rclpy.node import Node
from rclpy.parameter import Parameter

from linehaul_interfaces.srv import SetLineSequence
from linehaul_line.convert import to_slot
from linehaul_line.errors import LineError
from linehaul_line.next_shift import read_units
from linehaul_ros import names

NOT_ALLOWED_TRIES = 3
"""A line goes on while it is asked where its frozen horizon ends."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog='python -m linehaul_line.send_sequence',
        description=__doc__.partition('\n')[0],
        epilog='Exit code: 0 taken over, 1 refused, 2 wrong use, 3 no line answers.',
    )
    parser.add_argument('--line', required=True)
    parser.add_argument('--units', type=Path, required=True, help='CSV file')
    parser.add_argument('--actor', required=True, help='who gives it')
    parser.add_argument('--first', type=int, help='position of the first unit')
    parser.add_argument('--begin', type=float, help='plant time from which due counts [s]')
    parser.add_argument('--wait', type=float, default=15.0, help='seconds to wait for the line')
    parser.add_argument('--real-time', action='store_true', help='the line runs on system time')
    options = parser.parse_args(arguments)
    try:
        units = read_units(options.units)
    except (LineError, OSError) as error:
        return _fail(1, str(error))
    rclpy.init()
    executor = make_executor()
    simulated = Parameter('use_sim_time', value=not options.real_time)
    node = Node('send_sequence', parameter_overrides=[simulated])
    executor.add_node(node)
    client: Any = node.create_client(SetLineSequence, names.SET_LINE_SEQUENCE.name)
    end = time.monotonic() + options.wait
    try:
        while not (client.service_is_ready() and now_of(node) > 0.0):
            executor.spin_once(timeout_sec=0.1)
            if time.monotonic() > end:
                return _fail(3, 'no line answers; start one with lines:=simulated')
        begin = now_of(node) if options.begin is None else options.begin
        first = options.first
        for _ in range(NOT_ALLOWED_TRIES):
            at = first or 0
            due = [replace(u, due=u.due + begin if u.due < inf else inf) for u in units]
            slots = [to_slot(at + k, unit, unit.due) for k, unit in enumerate(due)]
            request = SetLineSequence.Request(
                line_id=options.line, first_position=at, slots=slots, actor=options.actor
            )
            future = client.call_async(request)
            executor.spin_until_future_complete(future, timeout_sec=options.wait)
            answer: Any = future.result()
            if answer is None:
                return _fail(3, 'the line does not answer')
            if answer.error_code == 0:
                print(f'{len(units)} units from position {at} on')  # noqa: T201
                return 0
            if options.first is not None or answer.frozen_until == 0:
                break
            first = answer.frozen_until + 1
        return _fail(1, f'refused: error {answer.error_code}: {answer.error_msg}')
    finally:
        executor.remove_node(node)
        node.destroy_node()
        rclpy.try_shutdown()


def _fail(code: int, text: str) -> int:
    print(text, file=sys.stderr)  # noqa: T201
    return code


if __name__ == '__main__':
    sys.exit(main())
