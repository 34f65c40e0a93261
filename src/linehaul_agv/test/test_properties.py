# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What must hold whatever arrives in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_agv.bench import NODES, Bench, make_action, make_order

from linehaul_agv import ActionReported, Drive
from linehaul_vda5050 import ActionId, ActionStatus, BlockingType

KINDS = ['pick', 'drop', 'waitForTrigger']
CHOICES = [(kind, blocking) for kind in KINDS for blocking in list(BlockingType)[1:]]


@st.composite
def action_table(draw, sequences):
    table = {}
    for sequence in sequences:
        choice = draw(st.integers(0, 2 * len(CHOICES)))
        if choice < len(CHOICES):
            kind, blocking = CHOICES[choice]
            table[sequence] = (make_action(kind, f'a{sequence}', blocking),)
    return table


class Fleet:
    """Sends one order in parts; remembers what it released and what may come late."""

    def __init__(self, draw):
        self.draw = draw
        self.size = draw(st.integers(2, NODES))
        self.actions = draw(action_table(range(1, 2 * self.size - 1)))
        self.base = draw(st.integers(1, self.size))
        self.update = 0
        self.sent = [self.part(0, self.base, 0)]

    def part(self, first, base, update):
        return make_order(
            size=self.size - first,
            base=base - first,
            first=2 * first,
            update=update,
            actions=self.actions,
        )

    def extend(self, base=None):
        first, self.update = self.base - 1, self.update + 1
        self.base = base or self.draw(st.integers(self.base, self.size))
        self.sent.append(self.part(first, self.base, self.update))
        return self.sent[-1]


def watch(bench, fleet, before, commands):
    """Check what must hold after every event."""
    released = 2 * (fleet.base - 1)
    for command in commands:
        if isinstance(command, Drive):
            assert all(e.released and e.sequence_id < released for e in command.edges)
    assert bench.state.last_sequence_id <= released
    ended = {t.action.action_id: t.status for t in before.tasks if t.ended}
    for task in bench.state.tasks:
        assert ended.get(task.action.action_id, task.status) is task.status
    assert [n.sequence_id for n in bench.state.nodes] == sorted(
        n.sequence_id for n in bench.state.nodes
    )
    assert len(bench.state.nodes) == len(bench.state.edges)
    running = [t.action.blocking_type for t in bench.state.tasks if t.active]
    assert not any(kind.alone for kind in running) or len(running) == 1
    if any(kind.stops_driving for kind in running):
        assert not bench.state.driving


def finish_actions(bench, status=ActionStatus.FINISHED):
    for task in bench.state.tasks:
        if task.status is ActionStatus.RUNNING:
            if task.action.action_type == 'waitForTrigger':
                bench.instant('trigger', f't{task.action.action_id}')
            else:
                bench.send(ActionReported(ActionId(task.action.action_id), status))


OPERATIONS = ['extend', 'repeat', 'late', 'pass', 'drive', 'finish', 'lost', 'pause']
plans = st.lists(st.sampled_from(OPERATIONS), max_size=14)


def play(draw, bench, fleet, operations):
    bench.order(fleet.sent[0])
    for number, operation in enumerate(operations):
        before = bench.state
        commands = []
        match operation:
            case 'extend':
                if fleet.base < fleet.size:
                    commands = bench.order(fleet.extend())
            case 'lost':
                pass
            case 'repeat':
                commands = bench.order(fleet.sent[-1])
                assert not bench.way or bench.way == sorted(set(bench.way))
            case 'late':
                commands = bench.order(draw(st.sampled_from(fleet.sent)))
            case 'pass':
                bench.pass_node()
            case 'drive':
                bench.drive()
            case 'finish':
                finish_actions(bench)
            case 'pause':
                commands = bench.instant('startPause', f'p{number}')
                commands += bench.instant('stopPause', f'q{number}')
        watch(bench, fleet, before, commands)


@settings(max_examples=150, deadline=None)
@given(plans, st.data())
def test_never_beyond_the_base_and_every_node_once(operations, data):
    bench, fleet = Bench(), Fleet(data.draw)
    play(data.draw, bench, fleet, operations)
    bench.order(fleet.extend(fleet.size))
    for _ in range(3 * fleet.size + 3):
        bench.drive()
        finish_actions(bench)
    assert bench.state.idle
    assert bench.driven == list(range(2, 2 * fleet.size, 2))
    assert all(t.status is ActionStatus.FINISHED for t in bench.state.tasks)
    wanted = [a.action_id for acts in fleet.actions.values() for a in acts]
    assert sorted(t.action.action_id for t in bench.state.tasks) == sorted(wanted)
    assert len(bench.started) == len(set(bench.started))


@settings(max_examples=150, deadline=None)
@given(plans, st.data())
def test_cancel_in_any_phase_ends_idle(operations, data):
    bench, fleet = Bench(), Fleet(data.draw)
    play(data.draw, bench, fleet, operations)
    was_idle = bench.state.idle
    bench.instant('cancelOrder', 'c', orderId='o')
    good = data.draw(st.booleans())
    for _ in range(4):
        bench.drive()
        finish_actions(bench, ActionStatus.FINISHED if good else ActionStatus.FAILED)
    assert bench.state.idle
    assert not bench.state.driving
    wanted = ActionStatus.FAILED if was_idle else ActionStatus.FINISHED
    assert bench.instant_status('c') is wanted
    assert all(task.ended for task in bench.state.tasks)
    position = int(bench.state.last_node_id[1:])
    bench.order(make_order(order_id='next', size=1, base=1, at=position))
    assert bench.report().order_id == 'next'
