# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Services that command lines and give them their sequence."""

from collections.abc import Callable, Mapping
from typing import Any

from linehaul_ros.time import now_of
from rclpy.node import Node

from linehaul_interfaces.msg import ErrorCode
from linehaul_interfaces.srv import SetLineSequence, SetLineState
from linehaul_line.commanding import commanded
from linehaul_line.convert import to_unit
from linehaul_line.desk import LineDesk
from linehaul_line.ids import LineId
from linehaul_line.line import LineSequence, replace_units
from linehaul_line.packml import Refusal
from linehaul_ros import names


class Services:
    """`set_line_state` and `set_line_sequence` for the lines of a node.

    Args:
        node: that serves them.
        desks: its lines; empty until there is plant time.
        changed: called with a line that was commanded, and plant time [s].
    """

    def __init__(
        self,
        node: Node,
        desks: Mapping[LineId, LineDesk],
        changed: Callable[[LineId, float], None],
    ) -> None:
        self._node, self._desks, self._changed = node, desks, changed
        node.create_service(SetLineState, names.SET_LINE_STATE.name, self._set_state)
        node.create_service(SetLineSequence, names.SET_LINE_SEQUENCE.name, self._set_sequence)

    def _set_state(
        self, request: SetLineState.Request, response: SetLineState.Response
    ) -> SetLineState.Response:
        desk = self._checked(request.line_id, request.actor, response)
        if desk is None:
            return response
        after = commanded(
            desk.assembly,
            request.line_id,
            request.command,
            speed=request.speed_factor,
            reason=request.reason,
        )
        if isinstance(after, Refusal):
            response.error_code = (
                ErrorCode.LINE_SPEED_OUT_OF_RANGE
                if request.command == SetLineState.Request.COMMAND_SET_SPEED
                else ErrorCode.LINE_TRANSITION_NOT_ALLOWED
            )
            response.error_msg = after.text
            return response
        desk.assembly = after
        self._node.get_logger().info(
            f'line={request.line_id} command={request.command} by={request.actor} {request.reason}'
        )
        self._changed(after.plan.id, now_of(self._node))
        return response

    def _set_sequence(
        self, request: SetLineSequence.Request, response: SetLineSequence.Response
    ) -> SetLineSequence.Response:
        desk = self._checked(request.line_id, request.actor, response)
        if desk is None:
            return response
        line = desk.assembly
        response.frozen_until = line.position + line.plan.frozen
        units = [to_unit(slot) for slot in request.slots]
        strange = sorted({unit.model for unit in units} - set(line.plan.models))
        ids = [unit.id for unit in units]
        if strange or len(set(ids)) < len(ids) or not all(ids):
            response.error_code = ErrorCode.INVALID_ARGUMENT
            response.error_msg = (
                f'models {strange} unknown' if strange else 'unit ids are empty or repeated'
            )
            return response
        after = replace_units(
            line.plan, line.sequence, line.position, request.first_position, units
        )
        if not isinstance(after, LineSequence):
            response.error_code = ErrorCode.NOT_ALLOWED
            response.error_msg = f'position {request.first_position}: frozen until {after}'
            return response
        desk.set_sequence(after)
        return response

    def _checked(self, target: str, actor: str, response: Any) -> LineDesk | None:
        """Return the desk that a service is about, or None with the reason in the response."""
        desk = self._desks.get(LineId(target)) or next(
            (one for one in self._desks.values() if target in one.assembly.plan.stations), None
        )
        if desk is None:
            response.error_code = ErrorCode.LINE_UNKNOWN if self._desks else ErrorCode.NOT_READY
            response.error_msg = f'line {target!r} found, wanted one of {", ".join(self._desks)}'
        elif not actor:
            response.error_code = ErrorCode.INVALID_ARGUMENT
            response.error_msg = 'actor is empty: say who commands'
            return None
        return desk
