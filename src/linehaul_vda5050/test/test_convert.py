# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, settings

from linehaul_vda5050 import strategies as some

pytest.importorskip('linehaul_interfaces.msg', reason='the ROS interfaces are not built')

from linehaul_vda5050 import convert

PAIRS = [
    (some.orders(), convert.order_to_msg, convert.order_from_msg),
    (some.instant_actions, convert.instant_actions_to_msg, convert.instant_actions_from_msg),
    (some.states(), convert.state_to_msg, convert.state_from_msg),
    (some.connections, convert.connection_to_msg, convert.connection_from_msg),
    (some.factsheets, convert.factsheet_to_msg, convert.factsheet_from_msg),
]


@pytest.mark.parametrize(
    ('strategy', 'there', 'back'), PAIRS, ids=lambda p: getattr(p, '__name__', '')
)
def test_round_trip_is_identity(strategy, there, back):
    @settings(max_examples=60, deadline=None)
    @given(strategy)
    def check(message):
        msg = there(message)
        assert back(msg) == message
        assert there(back(msg)) == msg or 'nan' in str(msg)

    check()


def test_words_of_the_messages_have_the_same_numbers():
    from linehaul_interfaces import msg as ros
    from linehaul_vda5050 import enums

    pairs = [
        (enums.BlockingType, ros.VehicleAction, 'BLOCKING_'),
        (enums.ActionStatus, ros.VehicleActionState, ''),
        (enums.OperatingMode, ros.VehicleState, 'MODE_'),
        (enums.EmergencyStop, ros.VehicleState, 'ESTOP_'),
        (enums.ErrorLevel, ros.VehicleError, 'LEVEL_'),
        (enums.ConnectionState, ros.VehicleConnection, ''),
        (enums.OrientationType, ros.VehicleEdge, 'ORIENTATION_'),
        (enums.Kinematics, ros.VehicleFactsheet, 'KINEMATIC_'),
        (enums.RobotClass, ros.VehicleFactsheet, 'CLASS_'),
    ]
    for kind, msg, prefix in pairs:
        for member in kind:
            assert getattr(msg, prefix + member.name) == member, (kind, member)


def test_unknown_word_in_a_message_is_unknown():
    from linehaul_interfaces import msg as ros

    action = convert.action_from_msg(ros.VehicleAction(action_id='a', blocking_type=99))
    assert action.blocking_type == 0


def test_time_survives_and_is_cut_to_range():
    assert convert.time_from_msg(convert.time_to_msg(1763827200.123)) == 1763827200.123
    assert convert.time_to_msg(float('nan')).sec == 0
    assert convert.time_to_msg(1e30).sec == 2**31 - 1
    assert convert.time_to_msg(5.9999999999).sec == 6
