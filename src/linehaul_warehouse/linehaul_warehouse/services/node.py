# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The services by which people look at the stock, correct it, and command cranes."""

from collections.abc import Callable
from typing import Any

from linehaul_ros.time import now_of
from rclpy.node import Node

from linehaul_ros import names
from linehaul_warehouse import people
from linehaul_warehouse.codes import Code, Refused
from linehaul_warehouse.convert import stock_record
from linehaul_warehouse.ids import AisleId, CellId, LoadId
from linehaul_warehouse.lookup import look_up
from linehaul_warehouse.model import Count, Packml, Quality
from linehaul_warehouse.warehouse import Warehouse

COMMANDS = {1: Packml.HELD, 2: Packml.IDLE, 3: Packml.STOPPED, 4: Packml.ABORTED}


class Services:
    """Serves on a node.

    Args:
        node: who serves.
        warehouse: what is asked and commanded.
        apply: writes what was decided and does it; its argument is the plant time [s].
    """

    def __init__(self, node: Node, warehouse: Warehouse, apply: Callable[[float], None]) -> None:
        self._node, self._warehouse, self._apply = node, warehouse, apply
        for endpoint, callback in (
            (names.LOOK_UP_STOCK, self._look_up),
            (names.COUNT_CELL, self._count),
            (names.SET_AISLE_STATE, self._block),
            (names.ADJUST_STOCK, self._adjust),
            (names.COMMAND_CRANE, self._command_crane),
        ):
            node.create_service(endpoint.type, endpoint.name, callback)

    def _done(self, answer: people.Answer, response: Any) -> Any:
        now = now_of(self._node)
        refused = self._warehouse.act(answer, now)
        self._apply(now)
        return _refusal(refused, response)

    def _look_up(self, request: Any, response: Any) -> Any:
        wanted = (request.item_id, request.order_id, request.load_id, request.lot)
        loads, response.more = look_up(self._warehouse.state, *wanted, request.limit or 1000)
        response.records = [stock_record(load) for load in loads]
        return response

    def _count(self, request: Any, response: Any) -> Any:
        state, cell = self._warehouse.state, CellId(request.cell_id)
        count = Count(request.actor, request.load_id, request.item_id, request.quantity)
        self._done(people.count_cell(state, cell, count, now_of(self._node)), response)
        response.recount = cell in state.facts.counts
        return response

    def _block(self, request: Any, response: Any) -> Any:
        aisle = AisleId(request.aisle_id)
        state, blocked = self._warehouse.state, request.blocked
        return self._done(
            people.block_aisle(state, aisle, blocked, request.actor, request.reason), response
        )

    def _adjust(self, request: Any, response: Any) -> Any:
        state, load_id = self._warehouse.state, LoadId(request.load_id)
        who = request.actor, request.reason
        if request.quality not in tuple(Quality):
            text = f'quality: found {request.quality}, wanted 0 to {max(Quality)}'
            return _refusal(Refused(Code.INVALID_ARGUMENT, text), response)
        if request.set_quantity:
            self._done(people.adjust(state, load_id, request.quantity, *who), response)
        if request.quality and not response.error_code:
            quality = Quality(request.quality)
            self._done(people.set_quality(state, load_id, quality, *who), response)
        return response

    def _command_crane(self, request: Any, response: Any) -> Any:
        now, wanted = now_of(self._node), COMMANDS.get(request.command, Packml.UNKNOWN)
        who = request.actor, request.reason
        if wanted is Packml.ABORTED and not request.aisle_id:
            refused = self._warehouse.emergency_stop(*who, now)
        else:
            refused = self._warehouse.command_crane(AisleId(request.aisle_id), wanted, *who, now)
        self._apply(now)
        return _refusal(refused, response)


def _refusal(refused: Refused | None, response: Any) -> Any:
    if refused is not None:
        response.error_code, response.error_msg = int(refused.code), refused.text
    return response
