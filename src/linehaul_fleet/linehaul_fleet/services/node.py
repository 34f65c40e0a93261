# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Serves people and systems that operate the fleet. Each answer is given after it is on disk."""

from collections.abc import Callable
from typing import Any

from linehaul_ros.names import Endpoint
from linehaul_ros.time import now_of
from rclpy.node import Node

from linehaul_fleet.codes import Code, Refusal
from linehaul_fleet.convert import delivery_state, fleet_event
from linehaul_fleet.delivery import Phase, RequestId
from linehaul_fleet.fleet import Fleet
from linehaul_fleet.history import History
from linehaul_fleet.operating import (
    By,
    clean,
    command_vehicle,
    confirm_load,
    limit_roads,
    set_mode,
)
from linehaul_fleet.services.convert import to_change, to_limits
from linehaul_interfaces.srv import ChangeDelivery
from linehaul_ros import names

Do = Callable[[Any, float], Refusal | None]


class Services:
    """The services of one fleet.

    Args:
        node: who serves.
        fleet: who decides.
        write: puts what was decided on disk.
        history: events of deliveries.
    """

    def __init__(
        self, node: Node, fleet: Fleet, write: Callable[[float], None], history: History
    ) -> None:
        self._node, self._fleet, self._write, self._history = node, fleet, write, history
        self._serve(names.SET_FLEET_MODE, self._set_mode)
        self._serve(names.SET_ROAD_STATE, self._set_roads)
        self._serve(names.COMMAND_VEHICLE, self._command)
        self._serve(names.CHANGE_DELIVERY, self._change)
        self._serve(names.CONFIRM_LOAD, self._confirm)
        endpoint = names.GET_DELIVERY
        node.create_service(endpoint.type, endpoint.name, self._get)

    def _serve(self, endpoint: Endpoint, do: Do) -> None:
        def answer(request: Any, response: Any) -> Any:
            now = now_of(self._node)
            refusal = do(request, now)
            self._write(now)
            if refusal is not None:
                response.error_code, response.error_msg = int(refusal.code), refusal.text
                text = f'service={endpoint.name} actor={request.actor[:60]!r} refused: '
                self._node.get_logger().warning(text + refusal.text)
            return response

        self._node.create_service(endpoint.type, endpoint.name, answer)

    def _set_mode(self, request: Any, now: float) -> Refusal | None:
        by = By(request.actor, request.reason)
        return set_mode(self._fleet.situation, request.mode, by, now)

    def _set_roads(self, request: Any, now: float) -> Refusal | None:
        return limit_roads(self._fleet.situation, to_limits(request), request.actor, now)

    def _command(self, request: Any, now: float) -> Refusal | None:
        return command_vehicle(
            self._fleet.situation,
            request.vehicle_id,
            request.command,
            request.place_id,
            By(request.actor, request.reason),
            now,
        )

    def _confirm(self, request: Any, now: float) -> Refusal | None:
        return confirm_load(
            self._fleet.situation,
            request.load_id,
            request.holder_kind,
            request.holder_id,
            By(request.actor, request.reason),
            now,
        )

    def _change(self, request: Any, now: float) -> Refusal | None:
        who = clean(By(request.actor, request.reason))
        if isinstance(who, Refusal):
            return who
        delivery = self._fleet.model.deliveries.get(RequestId(request.request_id))
        if delivery is None:
            return Refusal(Code.FLEET_UNKNOWN_REQUEST, f'no delivery {request.request_id[:60]!r}')
        cancels = request.change == ChangeDelivery.Request.CHANGE_CANCEL
        if delivery.phase.ended:
            if cancels and delivery.phase is Phase.CANCELLED:
                return None
            phase = delivery.phase.name.lower()
            return Refusal(Code.FLEET_TOO_LATE, f'{delivery.request.request_id} is {phase}')
        if cancels:
            why = f'cancelled by {who.actor}' + (f': {who.reason}' if who.reason else '')
            self._fleet.cancel(delivery.request.request_id, now, why)
            return None
        change = to_change(request)
        if change is None:
            return Refusal(Code.INVALID_ARGUMENT, f'change {request.change}; wanted 1 to 6')
        return self._fleet.change(delivery.request.request_id, change, who.actor, who.reason, now)

    def _get(self, request: Any, response: Any) -> Any:
        request_id = RequestId(request.request_id)
        delivery = self._fleet.model.deliveries.get(request_id)
        if delivery is None:
            response.error_code = int(Code.FLEET_UNKNOWN_REQUEST)
            response.error_msg = f'no delivery {request_id[:60]!r}'
            return response
        response.state = delivery_state(delivery)
        told = (fleet_event(e, self._fleet.model, t) for t, e in self._history.of(request_id))
        response.history = [message for message in told if message is not None]
        return response
