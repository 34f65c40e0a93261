# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The actions `retrieve_load` and `store_load`: goals in, feedback and results out."""

from collections.abc import Callable
from typing import Any

from linehaul_ros.actions import action_server
from linehaul_ros.time import now_of
from rclpy.action import CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from linehaul_interfaces.action import RetrieveLoad, StoreLoad
from linehaul_ros import names
from linehaul_warehouse.codes import Refused
from linehaul_warehouse.convert import (
    retrieve_feedback,
    retrieve_result,
    store_feedback,
    store_result,
    to_retrieve,
    to_store,
)
from linehaul_warehouse.ids import LoadId, RequestId
from linehaul_warehouse.warehouse import Warehouse


class Actions:
    """Serves both actions on a node; the same request may have several goals.

    Args:
        node: who serves.
        warehouse: what decides.
        apply: writes what was decided and does it; its argument is the plant time [s].
        announced: told of a load whose storage was taken; it may stand at a port already.
    """

    def __init__(
        self,
        node: Node,
        warehouse: Warehouse,
        apply: Callable[[float], None],
        announced: Callable[[LoadId, float], None],
    ) -> None:
        self._node, self._warehouse = node, warehouse
        self._apply, self._announced = apply, announced
        self._goals: dict[tuple[str, RequestId], list[tuple[ServerGoalHandle, Future]]] = {}
        self._servers = [
            action_server(node, endpoint, execute, cancel)
            for endpoint, execute, cancel in (
                (names.RETRIEVE_LOAD, self._retrieve, self._cancel_retrieval),
                (names.STORE_LOAD, self._store_load, self._cancel_storage),
            )
        ]

    async def _retrieve(self, handle: ServerGoalHandle) -> RetrieveLoad.Result:
        now = now_of(self._node)
        answer = self._warehouse.retrieve(to_retrieve(handle.request), now)
        self._apply(now)
        if not isinstance(answer, Refused) and answer.open:
            answer = await self._wait('retrieve', answer.request.id, handle)
        return self._end(handle, answer, retrieve_result(answer))

    async def _store_load(self, handle: ServerGoalHandle) -> StoreLoad.Result:
        now = now_of(self._node)
        answer = self._warehouse.store(to_store(handle.request), now)
        self._apply(now)
        if not isinstance(answer, Refused) and answer.open:
            self._announced(answer.request.load_id, now)
            answer = await self._wait('store', answer.request.id, handle)
        return self._end(handle, answer, store_result(answer))

    async def _wait(self, kind: str, request_id: RequestId, handle: ServerGoalHandle) -> Any:
        future: Future = Future()
        self._goals.setdefault((kind, request_id), []).append((handle, future))
        self._feedback(kind, request_id, handle)
        return await future

    def _end(self, handle: ServerGoalHandle, answer: Any, result: Any) -> Any:
        if isinstance(answer, Refused):
            text = f'request={handle.request.request_id[:60]!r} refused: {answer.text}'
            self._node.get_logger().warning(text)
        if result.error_code == 0:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _cancel_retrieval(self, handle: ServerGoalHandle) -> CancelResponse:
        return self._cancelled(self._warehouse.cancel_retrieval, handle)

    def _cancel_storage(self, handle: ServerGoalHandle) -> CancelResponse:
        return self._cancelled(self._warehouse.cancel_storage, handle)

    def _cancelled(self, cancel: Any, handle: ServerGoalHandle) -> CancelResponse:
        now = now_of(self._node)
        refused = cancel(RequestId(handle.request.request_id), now)
        self._apply(now)
        return CancelResponse.REJECT if refused else CancelResponse.ACCEPT

    def _requests(self, kind: str) -> Any:
        facts = self._warehouse.state.facts
        return facts.retrievals if kind == 'retrieve' else facts.storages

    def answer(self) -> None:
        """Finish the goals of requests that have ended and are in the journal."""
        for kind, request_id in list(self._goals):
            request = self._requests(kind)[request_id]
            if not request.open:
                for _, future in self._goals.pop((kind, request_id)):
                    future.set_result(request)

    def feedback(self) -> None:
        """Give feedback to every goal; its absence tells a client that we are gone."""
        for (kind, request_id), waiting in self._goals.items():
            for handle, _ in waiting:
                self._feedback(kind, request_id, handle)

    def _feedback(self, kind: str, request_id: RequestId, handle: ServerGoalHandle) -> None:
        if not handle.is_active:
            return
        state, now = self._warehouse.state, now_of(self._node)
        request = self._requests(kind)[request_id]
        if kind == 'retrieve':
            message: Any = retrieve_feedback(state, self._warehouse.settings, request, now)
        else:
            message = store_feedback(state, request, now)
        handle.publish_feedback(message)
