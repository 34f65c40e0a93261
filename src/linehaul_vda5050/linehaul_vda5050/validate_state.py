# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Judges the content of states: sequence, ranges, doubles, words (VDA 5050 3.0.0, 6.10)."""

from collections.abc import Sequence

from linehaul_vda5050.checks import (
    Findings,
    angle,
    at_least,
    between,
    finite,
    header,
    identifier,
    repeats,
    uint32,
)
from linehaul_vda5050.enums import ActionStatus, EmergencyStop, ErrorLevel, OperatingMode
from linehaul_vda5050.findings import Finding, FindingCode
from linehaul_vda5050.state import (
    EdgeState,
    Error,
    MobileRobotPosition,
    NodeState,
    PowerSupply,
    State,
)

Elements = Sequence[NodeState | EdgeState]


def validate_state(state: State) -> list[Finding]:
    """Return everything that is wrong with a state."""
    return [
        *header(state.header),
        *uint32(state.order_update_id, 'orderUpdateId'),
        *uint32(state.last_node_sequence_id, 'lastNodeSequenceId'),
        *_state_sequence(state),
        *_pose(state.mobile_robot_position),
        *_velocity(state),
        *_power(state.power_supply),
        *_state_words(state),
        *_state_lists(state),
        *at_least(state.distance_since_last_node, 0.0, 'distanceSinceLastNode'),
    ]


def _state_sequence(state: State) -> Findings:
    lists: tuple[tuple[str, Elements, int], ...] = (
        ('nodeStates', state.node_states, 0),
        ('edgeStates', state.edge_states, 1),
    )
    for name, items, odd in lists:
        previous, ended = state.last_node_sequence_id, False
        for index, item in enumerate(items):
            path = f'{name}[{index}]'
            if item.sequence_id % 2 != odd or item.sequence_id <= previous:
                text = f'found {item.sequence_id} after {previous}, wanted the next greater one'
                yield Finding(FindingCode.SEQUENCE, f'{path}.sequenceId', text)
            if item.released and ended:
                text = 'released, but an element before it is not'
                yield Finding(FindingCode.RELEASED_AFTER_UNRELEASED, f'{path}.released', text)
            previous, ended = item.sequence_id, ended or not item.released
    if state.node_states and not state.order_id:
        text = 'empty, but there are nodes still to reach'
        yield Finding(FindingCode.INCONSISTENT, 'orderId', text)


def _pose(pose: MobileRobotPosition | None) -> Findings:
    if pose is None or not pose.localized:
        return
    yield from finite(pose.x, 'mobileRobotPosition.x')
    yield from finite(pose.y, 'mobileRobotPosition.y')
    yield from angle(pose.theta, 'mobileRobotPosition.theta')
    yield from between(pose.localization_score, 0.0, 1.0, 'mobileRobotPosition.localizationScore')


def _velocity(state: State) -> Findings:
    if state.velocity is not None:
        yield from finite(state.velocity.vx, 'velocity.vx')
        yield from finite(state.velocity.vy, 'velocity.vy')
        yield from finite(state.velocity.omega, 'velocity.omega')


def _power(power: PowerSupply) -> Findings:
    yield from between(power.state_of_charge, 0.0, 1.0, 'powerSupply.stateOfCharge')
    yield from finite(power.battery_voltage, 'powerSupply.batteryVoltage')
    yield from finite(power.battery_current, 'powerSupply.batteryCurrent')
    yield from at_least(power.range, 0.0, 'powerSupply.range')


def _state_words(state: State) -> Findings:
    if state.operating_mode is OperatingMode.UNKNOWN:
        yield Finding(FindingCode.UNKNOWN_WORD, 'operatingMode', 'missing or unknown')
    if state.safety_state.active_emergency_stop is EmergencyStop.UNKNOWN:
        path = 'safetyState.activeEmergencyStop'
        yield Finding(FindingCode.UNKNOWN_WORD, path, 'missing or unknown')


def _state_lists(state: State) -> Findings:
    lists = (
        ('actionStates', state.action_states),
        ('instantActionStates', state.instant_action_states),
    )
    for name, items in lists:
        yield from repeats((item.action_id for item in items), name)
        for index, item in enumerate(items):
            yield from identifier(item.action_id, f'{name}[{index}].actionId')
            if item.action_status is ActionStatus.UNKNOWN:
                path = f'{name}[{index}].actionStatus'
                yield Finding(FindingCode.UNKNOWN_WORD, path, 'missing or unknown')
    yield from _loads(state)
    for index, error in enumerate(state.errors):
        yield from _error(error, f'errors[{index}]')


def _loads(state: State) -> Findings:
    known = [load.load_id for load in state.loads or () if load.load_id]
    for load_id in sorted({item for item in known if known.count(item) > 1}):
        yield Finding(FindingCode.DUPLICATE_LOAD, 'loads', f'load {load_id!r} is there twice')
    for index, load in enumerate(state.loads or ()):
        yield from at_least(load.weight, 0.0, f'loads[{index}].weight')


def _error(error: Error, path: str) -> Findings:
    yield from identifier(error.error_type, f'{path}.errorType')
    if error.error_level is ErrorLevel.UNKNOWN:
        yield Finding(FindingCode.UNKNOWN_WORD, f'{path}.errorLevel', 'missing or unknown')
