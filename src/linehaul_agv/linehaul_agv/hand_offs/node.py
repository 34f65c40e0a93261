# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The active side of the handshake in a vehicle node: the load handler moves only while it may.

What the vehicle carries changes when its load handler has moved; the pick or drop itself ends when
both sides have booked the load. A hand-off that stops half-way is an error of the vehicle until a
person has said at the port where the load is.
"""

from collections.abc import Callable
from math import inf
from pathlib import Path

from linehaul_ros.journal import Journal
from linehaul_ros.time import now_of
from linehaul_transfer.convert import VehicleLink
from rclpy.node import Node

from linehaul_agv import handling
from linehaul_agv.robot import Robot
from linehaul_interfaces.srv import ConfirmLoad
from linehaul_ros import names
from linehaul_transfer import (
    CLEAR,
    Confirm,
    Custody,
    Holder,
    Job,
    Kind,
    LoadId,
    MotionFailed,
    Moved,
    PortId,
    Problem,
    Sensed,
    Sensors,
    SessionId,
    Timers,
    Transfer,
    VehicleId,
)
from linehaul_vda5050 import Error, ErrorLevel, Reference

FULL = Sensors(True, True)
FROZEN = 'LOAD_TRANSFER_STOPPED'
"""Error of a vehicle whose hand-off a person must end."""


class HandOffs:
    """Runs the hand-offs of one robot.

    Args:
        node: Of the vehicle.
        robot: Whose jobs are done.
        timers: Of the handshake.
        folder: Where the record is kept.
        move: Moves the load handler for a job, with a callback for when it is home; its argument
            says why it failed, empty: it did not.
    """

    def __init__(
        self,
        node: Node,
        robot: Robot,
        timers: Timers,
        folder: Path,
        move: Callable[[handling.Job, Callable[[str], None]], None],
    ) -> None:
        self._node, self._robot, self._move = node, robot, move
        self._journal = Journal(folder / f'{robot.vehicle.id}.hand_offs.db')
        self._moving = False
        self._told: Error | None = None
        self._refused = Problem(0, '')
        name = VehicleId(robot.vehicle.id)
        above = node.get_namespace().removesuffix(f'/agv/{name}')
        root = '' if above == node.get_namespace() else f'{above}/'
        self._link = VehicleLink(node, name, timers, self._journal, self._sensors(), root=root)
        word = names.CONFIRM_AT_VEHICLE.of(name)
        node.create_service(word.type, word.name.rpartition('/')[2], self._confirm)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def _sensors(self) -> Sensors:
        return FULL if self._robot.loads else CLEAR

    def tick(self, now: float) -> None:
        """Begin, go on with or end the job that the robot has for its load handler."""
        side, job = self._link.side, self._robot.called
        self._call_person(now)
        if job is None or side.state.job is None:
            self._moving = False
        if job is None:
            return
        action_id, result = job.action.action_id, side.state.result
        if side.state.job is not None:
            if side.may_move and not self._moving:
                self._moving = True
                self._move(job, self._moved)
        elif result is not None and result.job_id == action_id:
            self._end(job, result.problem.text, now)
        else:
            self._begin(job, now)

    def _confirm(
        self, request: ConfirmLoad.Request, response: ConfirmLoad.Response
    ) -> ConfirmLoad.Response:
        """Take a person's word about a hand-off with a port that keeps no record."""
        where = Holder(request.holder_kind) if request.holder_kind in set(Holder) else Holder(0)
        word = Confirm(SessionId(request.session_id), where, request.actor)
        problem = self._link.handle(word)
        response.error_code, response.error_msg = int(problem.code), problem.text
        return response

    def _begin(self, job: handling.Job, now: float) -> None:
        drop = job.action.action_type == 'drop'
        load = self._robot.loads[0].load_id if drop else job.action.parameter('loadId')
        port = self._robot.place
        if port is None:
            self._robot.end_call(job.action.action_id, 'vehicle stands at no port', now)
            return
        self._link.handle(Sensed(self._sensors()))
        transfer = Transfer(Kind.LOAD if drop else Kind.UNLOAD, LoadId(load or ''))
        wanted = Job(job.action.action_id, PortId(port.id), (transfer,))
        refused = self._link.start(wanted)  # not ready: the last port has not heard the end yet
        if refused and refused != self._refused:
            self._node.get_logger().info(f'hand-off waits: {refused.text}')
        self._refused = refused

    def _moved(self, problem: str) -> None:
        """Hear that the load handler is home, or stands where it should not."""
        side, job = self._link.side, self._robot.called
        if job is None or not side.may_move:
            return  # stopped meanwhile: a person looks
        if problem:
            self._link.handle(MotionFailed(problem))
            return
        pick = side.state.kind is Kind.UNLOAD
        self._robot.carry(str(side.state.load) if pick else None)
        self._link.handle(Moved(FULL if pick else CLEAR))

    def _end(self, job: handling.Job, problem: str, now: float) -> None:
        state = self._link.side.state
        if problem and state.custody in (Custody.MINE, Custody.NONE):
            mine = state.custody is Custody.MINE
            self._robot.carry(str(state.load) if mine else None)
        self._robot.end_call(job.action.action_id, problem, now)

    def _call_person(self, now: float) -> None:
        """Raise an error while a person is called, and take it back afterwards."""
        notice, wanted = self._link.side.notice, None
        if notice is not None and notice.ask:
            about = (Reference('sessionId', self._link.side.state.session),)
            hint = 'look where the load is, then confirm it at the port'
            wanted = Error(FROZEN, ErrorLevel.URGENT, notice.text, hint, about)
        if wanted == self._told:
            return
        for error, active in ((self._told, False), (wanted, True)):
            if error is not None:
                self._robot.tell_error(error, now, active=active)
        self._told = wanted


def timed(node: Node, seconds: Callable[[handling.Job], float]) -> Callable[..., None]:
    """Return how to move a load handler that is trusted to be home after its time."""
    due: dict[str, float] = {}

    def move(job: handling.Job, home: Callable[[str], None]) -> None:
        due[job.action.action_id] = now_of(node) + seconds(job)

        def look() -> None:
            if now_of(node) >= due.get(job.action.action_id, inf):
                due.pop(job.action.action_id, None)
                node.destroy_timer(timer)
                home('')

        timer = node.create_timer(0.05, look)

    return move
