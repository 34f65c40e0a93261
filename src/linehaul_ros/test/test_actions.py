# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""A goal that is sent again: the answer to any of its attempts is its answer."""

from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from action_msgs.msg import GoalStatus
from linehaul_ros.actions import PersistentGoal
from rclpy.task import Future


class Client:
    """Answers when it is told to."""

    def __init__(self):
        self.sent = []

    def server_is_ready(self):
        return True

    def send_goal_async(self, goal, feedback_callback):
        handle = SimpleNamespace(accepted=True, result=Future(), cancelled=0)
        handle.get_result_async = lambda: handle.result

        def cancel():
            handle.cancelled += 1

        handle.cancel_goal_async = cancel
        self.sent.append(SimpleNamespace(future=Future(), handle=handle, feed=feedback_callback))
        return self.sent[-1].future


class Waiting(PersistentGoal):
    """A goal whose clock is set by hand."""

    time = 0.0

    def _now(self):
        return self.time


@pytest.fixture
def made():
    client, results = Client(), []
    warned = []
    node = SimpleNamespace(create_timer=lambda *_, **__: None, destroy_timer=lambda _: None)
    node.get_logger = lambda: SimpleNamespace(warning=warned.append)
    goal = Waiting(node, client, 'goal', results.append)
    goal.told = warned
    return client, goal, results


def accept(attempt):
    attempt.future.set_result(attempt.handle)


def end(attempt, result, status=GoalStatus.STATUS_SUCCEEDED):
    attempt.handle.result.set_result(SimpleNamespace(status=status, result=result))


def silent(goal):
    goal.time += 3.5
    goal._check()


def test_silence_sends_it_again_and_feedback_does_not(made):
    client, goal, _ = made
    goal.time += 2.0
    client.sent[0].feed(SimpleNamespace(feedback='x'))
    goal.time += 2.0
    goal._check()
    assert len(client.sent) == 1
    silent(goal)
    assert (len(client.sent), goal.sent) == (2, 2)


def test_an_answer_that_comes_after_the_next_attempt_counts_once(made):
    client, goal, results = made
    silent(goal)
    silent(goal)
    accept(client.sent[0])
    end(client.sent[0], 'first')
    accept(client.sent[1])
    accept(client.sent[2])
    end(client.sent[1], 'second')
    assert results == ['first']
    assert goal.done


def test_that_nobody_answers_is_told_once_and_not_while_there_is_feedback(made):
    client, goal, _ = made
    for _ in range(5):
        client.sent[-1].feed(SimpleNamespace(feedback='x'))
        silent(goal)
    assert goal.told == []
    client.server_is_ready = lambda: False
    for _ in range(5):
        silent(goal)
    assert goal.told == ['goal=str unanswered, sent=6, the server is missing']


def test_an_attempt_that_is_not_accepted_or_has_not_ended_is_no_answer(made):
    client, goal, results = made
    client.sent[0].handle.accepted = False
    accept(client.sent[0])
    silent(goal)
    accept(client.sent[1])
    end(client.sent[1], 'what', GoalStatus.STATUS_UNKNOWN)
    assert results == []
    assert not goal.done


def test_a_cancelled_goal_is_cancelled_at_every_attempt_that_is_accepted(made):
    client, goal, _ = made
    accept(client.sent[0])
    goal.cancel()
    silent(goal)
    accept(client.sent[1])
    assert [one.handle.cancelled for one in client.sent] == [1, 1]
