# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The traffic node and the recorder in one graph with a fleet that is played by the test."""

from math import pi

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from geometry_msgs.msg import PoseStamped, Quaternion
from linehaul_ros.testing import ros_context, spin_until, spinning
from linehaul_ros.time import to_time
from linehaul_traffic.node import MAP, ROADMAP_MARKERS, TRAFFIC_MARKERS, TrafficNode
from linehaul_traffic.replay.node import Recorder
from linehaul_traffic.replay.recording import read_recording
from linehaul_traffic.route_query import Code
from linehaul_traffic.waits import WaitReason
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter
from visualization_msgs.msg import Marker

from linehaul_floor import load_plant
from linehaul_interfaces.action import ComputeRoute
from linehaul_interfaces.msg import (
    ErrorCode,
    FleetState,
    RoadLimit,
    TrafficState,
    TrafficWait,
    VehiclePath,
    VehicleSummary,
)
from linehaul_ros import names

PLANT = load_plant('cell')
ROADMAP = PLANT.roadmap
AT = ComputeRoute.Goal


class Bench:
    """A traffic node, and a tester that plays the fleet and asks for routes."""

    def __init__(self, context):
        parameters = [Parameter('plant', value='cell'), Parameter('marker_period', value=0.1)]
        self.node = TrafficNode(context=context, parameter_overrides=parameters)
        self.tester = Node('tester', context=context)
        self.client = ActionClient(self.tester, ComputeRoute, names.COMPUTE_ROUTE.name)
        self.fleet = self._publisher(names.FLEET_STATE)
        self.traffic = self._publisher(names.TRAFFIC_STATE)
        self.heard = {}
        for topic in (MAP, ROADMAP_MARKERS, TRAFFIC_MARKERS):
            self.tester.create_subscription(
                topic.type,
                topic.name,
                lambda message, name=topic.name: self.heard.update({name: message}),
                topic.qos,
            )

    def _publisher(self, topic):
        return self.tester.create_publisher(topic.type, topic.name, topic.qos)

    def ask(self, executor, **fields):
        """Send a goal; return the result, and the feedback that came before it."""
        feedback = []
        spin_until(executor, self.client.server_is_ready)
        sent = self.client.send_goal_async(AT(**fields), feedback_callback=feedback.append)
        spin_until(executor, sent.done)
        answer = sent.result().get_result_async()
        spin_until(executor, answer.done)
        spin_until(executor, lambda: feedback)
        return answer.result().result

    def play(self, time, closed=(), limits=()):
        """Say what the fleet says at a plant time: one vehicle on a way, and it waits."""
        x, y = ROADMAP.xy[0] + [0.5 * time, 0.0]
        vehicle = VehicleSummary(
            vehicle_id='agv_001', vehicle_class='agv', work=VehicleSummary.WORK_DELIVERY,
            x=float(x), y=float(y), goal_id='fa1_01', load_ids=['l1'], state_of_charge=0.5,
        )  # fmt: skip
        stamp = to_time(time)
        self.fleet.publish(
            FleetState(
                stamp=stamp, plant='cell', vehicles=[vehicle], delivered=2, limits=list(limits)
            )
        )
        path = VehiclePath(
            vehicle_id='agv_001', goal_id='fa1_01', node_ids=ROADMAP.node_ids[:3], released_nodes=2
        )
        wait = TrafficWait(
            vehicle_id='agv_001', element_id=ROADMAP.node_ids[2], reason=TrafficWait.REASON_CLOSED
        )
        self.traffic.publish(
            TrafficState(stamp=stamp, paths=[path], waits=[wait], closed_ids=list(closed))
        )


@pytest.fixture(scope='module')
def bench():
    with ros_context() as context:
        bench = Bench(context)
        with spinning(context, bench.node, bench.tester) as executor:
            yield bench, executor


def place(name, which):
    return {f'{which}_kind': AT.AT_PLACE, f'{which}_id': name}


def pose(x, y, which, **quaternion):
    stamped = PoseStamped()
    stamped.pose.position.x, stamped.pose.position.y = x, y
    stamped.pose.orientation = Quaternion(**({'w': 1.0} | quaternion))
    return {f'{which}_kind': AT.AT_POSE, f'{which}_pose': stamped}


def test_a_route_between_places_and_between_poses(bench):
    bench, executor = bench
    result = bench.ask(executor, **place('park_1', 'start'), **place('fa1_02', 'goal'))
    assert (result.error_code, result.error_msg) == (0, '')
    assert len(result.node_ids) == len(result.edge_ids) + 1
    assert result.path.header.frame_id == 'map'
    assert result.time > 0
    last = result.path.poses[-1].pose.position
    goal = ROADMAP.xy[PLANT.places['fa1_02'].node]
    assert (last.x, last.y) == pytest.approx(tuple(goal))
    start = ROADMAP.xy[PLANT.places['park_1'].node]
    again = bench.ask(
        executor,
        **pose(*map(float, start), 'start', w=0.0),
        **pose(*map(float, goal), 'goal'),
    )
    assert again.node_ids == result.node_ids


BAD = [
    (place('nowhere', 'start'), ErrorCode.ROUTE_UNKNOWN_START),
    (place('nowhere', 'goal'), ErrorCode.ROUTE_UNKNOWN_GOAL),
    (pose(17.0, 11.0, 'goal'), ErrorCode.ROUTE_OFF_THE_ROADMAP),
    ({'vehicle_class': 'truck'}, ErrorCode.ROUTE_UNKNOWN_CLASS),
    ({'start_kind': AT.AT_UNKNOWN}, ErrorCode.INVALID_ARGUMENT),
    ({'goal_kind': 77}, ErrorCode.INVALID_ARGUMENT),
    (pose(float('nan'), 0.0, 'start'), ErrorCode.INVALID_ARGUMENT),
    (pose(4.0, 4.0, 'start', w=9.0), ErrorCode.INVALID_ARGUMENT),
]


def test_every_bad_question_gets_its_own_code_and_the_node_goes_on(bench):
    bench, executor = bench
    good = place('park_1', 'start') | place('fa1_02', 'goal')
    for changes, code in BAD:
        result = bench.ask(executor, **(good | changes))
        assert result.error_code == code, changes
        assert result.error_msg
        assert not result.node_ids
    foreign = pose(4.0, 4.0, 'start')
    foreign['start_pose'].header.frame_id = 'moon'
    assert 'moon' in bench.ask(executor, **(good | foreign)).error_msg
    assert bench.ask(executor, **good).error_code == 0


def test_the_codes_of_the_core_are_those_of_the_interface():
    for code in Code:
        assert getattr(ErrorCode, code.name) == code


def test_the_reasons_of_waiting_are_those_of_the_interface():
    for reason in WaitReason:
        assert getattr(TrafficWait, f'REASON_{reason.name}') == reason


def test_map_and_roadmap_are_there_for_who_comes_late(bench):
    bench, executor = bench
    spin_until(executor, lambda: {MAP.name, ROADMAP_MARKERS.name} <= set(bench.heard))
    grid = bench.heard[MAP.name]
    cell = grid.info.resolution
    assert (grid.info.width * cell, grid.info.height * cell) == pytest.approx(PLANT.size)
    assert set(grid.data) == {0, 100}

    def at(x, y):
        return grid.data[int(y / cell) * grid.info.width + int(x / cell)]

    assert at(15.0, 11.0) == 100
    assert at(*ROADMAP.xy[0]) == 0
    markers = bench.heard[ROADMAP_MARKERS.name].markers
    assert markers[0].action == Marker.DELETEALL
    assert {m.text for m in markers if m.ns == 'place_names'} == set(PLANT.places)


def test_traffic_is_shown_and_closed_edges_are_avoided_from_then_on(bench):
    bench, executor = bench
    good = place('park_1', 'start') | place('fa1_02', 'goal')
    free = bench.ask(executor, **good)
    spin_until(executor, lambda: bench.fleet.get_subscription_count() > 0)
    closed = free.edge_ids[len(free.edge_ids) // 2]
    bench.play(5.0, closed=[closed, 'unknown'])

    def closed_shown():
        shown = bench.heard.get(TRAFFIC_MARKERS.name)
        return shown and any(marker.ns == 'closed' for marker in shown.markers)

    def shown_at():
        return bench.heard[TRAFFIC_MARKERS.name].markers[0].header.stamp.sec

    spin_until(executor, closed_shown)
    markers = {m.ns: m for m in bench.heard[TRAFFIC_MARKERS.name].markers}
    assert {'vehicles', 'vehicle_names', 'released', 'planned', 'wait_reasons'} <= set(markers)
    assert markers['vehicles'].header.frame_id == 'map'
    assert markers['vehicles'].header.stamp.sec == 5
    assert len(markers['vehicles'].points) == len(markers['vehicles'].colors)
    detour = bench.ask(executor, **good)
    assert closed not in detour.edge_ids
    assert detour.time > free.time
    bench.play(6.0)
    spin_until(executor, lambda: not closed_shown())
    assert bench.ask(executor, **good).edge_ids == free.edge_ids
    limit = RoadLimit(element_id=closed, state=RoadLimit.STATE_LIMITED, speed_limit=1e-4)
    bench.play(7.0, limits=[limit, RoadLimit(element_id='unknown', state=limit.state)])
    spin_until(executor, lambda: shown_at() == 7)
    assert closed not in bench.ask(executor, **good).edge_ids, 'slowed'
    bench.play(8.0)
    spin_until(executor, lambda: shown_at() == 8)
    assert bench.ask(executor, **good).edge_ids == free.edge_ids


def test_a_recorder_writes_what_the_fleet_says_until_the_plant_begins_anew(bench, tmp_path):
    bench, executor = bench
    said = []
    recorder = Recorder(tmp_path / 'run.jsonl', said.append, context=bench.tester.context)
    executor.add_node(recorder)
    try:
        # A latched state of the test before may be the first thing it hears.
        for number in range(11, 14):
            bench.play(float(number), closed=['x'] * (number == 12))
            spin_until(executor, lambda n=number: recorder.time == n)
        bench.play(0.5)
        spin_until(executor, lambda: recorder.finished)
    finally:
        recorder.close()
        executor.remove_node(recorder)
        recorder.destroy_node()
    recording = read_recording(tmp_path / 'run.jsonl')
    assert recording.plant == 'cell'
    frames = recording.frames[-3:]
    assert [frame.time for frame in frames] == [11.0, 12.0, 13.0]
    assert [frame.closed for frame in frames] == [(), ('x',), ()]
    vehicle = frames[1].vehicles['agv_001']
    assert (vehicle.work.value, vehicle.loads, vehicle.theta) == ('delivery', ('l1',), 0.0)
    assert vehicle.x == pytest.approx(ROADMAP.xy[0][0] + 6.0)
    assert abs(vehicle.theta) <= pi
    assert frames[0].ways['agv_001'].nodes == ROADMAP.node_ids[:3]
    assert frames[0].waits['agv_001'].reason.value == 'closed'
    assert 'anew' in said[-1]
