# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Judges what vehicles say, before anybody obeys it.

A state must be sound in itself (linehaul_vda5050) and must fit this plant and this vehicle: its
serial number, its place on the roadmap, its order. A factsheet must fit the vehicle class that
ways are planned for. What does not fit is refused with its reasons, never repaired.
"""

from math import isfinite

import numpy as np

from linehaul_fleet.situation import Situation
from linehaul_floor import NodeId, VehicleClass, VehicleId
from linehaul_vda5050 import (
    Connection,
    ConnectionState,
    Factsheet,
    Finding,
    FindingCode,
    State,
    serious,
    validate_state,
)

OUTSIDE = 100.0
"""[m] beyond the plant at which a position is nonsense."""
MOST_STATES = 10_000
"""Nodes, actions or errors in one state beyond which it is nonsense."""
HANDLING = frozenset({'pick', 'drop'})
"""Actions without which a vehicle is of no use here."""
FIT = 0.01
"""[m] and share by which a vehicle may be larger or slower to stop than its class."""


def check_state(s: Situation, vehicle_id: VehicleId, state: State) -> list[Finding]:
    """Return why a state must not be obeyed; empty: it may be.

    Args:
        s: the situation.
        vehicle_id: whose topic it came on.
        state: any content.
    """
    findings = [*_size(state)]
    if findings:
        return findings
    findings += serious(validate_state(state))
    findings += _sender(vehicle_id, state)
    if not findings:
        findings = [*_place(s, state), *_order(state)]
    return findings


def _size(state: State) -> list[Finding]:
    lists = {
        'nodeStates': state.node_states,
        'edgeStates': state.edge_states,
        'actionStates': state.action_states,
        'instantActionStates': state.instant_action_states,
        'errors': state.errors,
        'loads': state.loads or (),
    }
    return [
        Finding(FindingCode.OUT_OF_RANGE, name, f'{len(items)} entries; at most {MOST_STATES}')
        for name, items in lists.items()
        if len(items) > MOST_STATES
    ]


def _sender(vehicle_id: VehicleId, state: State) -> list[Finding]:
    serial = state.header.serial_number
    if serial == vehicle_id:
        return []
    text = f'found {serial[:60]!r} on the topic of {vehicle_id}'
    return [Finding(FindingCode.BAD_HEADER, 'serialNumber', text)]


def _place(s: Situation, state: State) -> list[Finding]:
    found, roadmap = [], s.plant.roadmap
    if NodeId(state.last_node_id) not in roadmap.node_index:
        text = f'{str(state.last_node_id)[:60]!r} is not on the roadmap'
        found.append(Finding(FindingCode.INCONSISTENT, 'lastNodeId', text))
    pose = state.mobile_robot_position
    if pose is not None and pose.localized:
        low, high = -OUTSIDE, max(s.plant.size) + OUTSIDE
        if not (low <= pose.x <= high and low <= pose.y <= high):
            text = f'{pose.x:.1f} m, {pose.y:.1f} m is not in the plant'
            found.append(Finding(FindingCode.OUT_OF_RANGE, 'mobileRobotPosition', text))
    return found


def _order(state: State) -> list[Finding]:
    """Nodes have even numbers. Whether an order is the right one, reconciling.py decides."""
    at = state.last_node_sequence_id
    if at % 2 == 0:
        return []
    text = f'nodes have even numbers, found {at}'
    return [Finding(FindingCode.SEQUENCE, 'lastNodeSequenceId', text)]


def check_connection(vehicle_id: VehicleId, connection: Connection) -> str:
    """Return why a connection message must not be obeyed; empty: it may be."""
    if connection.connection_state is ConnectionState.UNKNOWN:
        return 'connectionState is missing or unknown'
    serial = connection.header.serial_number
    return '' if serial in ('', vehicle_id) else f'serialNumber is {serial[:60]!r}'


def check_factsheet(sheet: Factsheet, vehicle_class: VehicleClass) -> list[str]:
    """Return where a vehicle is not what its ways are planned for: larger, or slower to stop.

    Args:
        sheet: what the vehicle says it is.
        vehicle_class: its class in the plant file.
    """
    found = []
    if sheet.vehicle_class and sheet.vehicle_class != vehicle_class.id:
        found.append(f'it is a {sheet.vehicle_class[:60]!r}, not a {vehicle_class.id}')
    outlines = (
        ('footprint', sheet.footprint, vehicle_class.footprint),
        ('loaded footprint', sheet.loaded_footprint, vehicle_class.loaded_footprint),
    )
    for name, outline, planned in outlines:
        corners = np.array(outline, float).reshape(-1, 2)
        if not np.isfinite(corners).all():
            found.append(f'{name} is not finite')
        elif corners.size and not _inside(corners, planned):
            found.append(f'{name} is larger than that of class {vehicle_class.id}')
    if not sheet.maximum_deceleration >= vehicle_class.deceleration * (1.0 - FIT):
        text = f'{sheet.maximum_deceleration:g}, class {vehicle_class.id} has '
        found.append(f'maximum deceleration is {text}{vehicle_class.deceleration:g}')
    missing = HANDLING - set(sheet.action_types) if sheet.action_types else set()
    if missing:
        found.append(f'it cannot {" and ".join(sorted(missing))}')
    if not isfinite(sheet.maximum_speed) or not isfinite(sheet.maximum_speed_loaded):
        found.append('maximum speed is not finite')
    if not sheet.maximum_load_mass >= 0.0:
        found.append(f'maximum load is {sheet.maximum_load_mass:g} kg')
    return found


def _inside(corners: np.ndarray, outline: np.ndarray) -> bool:
    """Return whether points (K, 2) lie in a convex counter-clockwise outline (N, 2), or near."""
    edge = np.roll(outline, -1, axis=0) - outline
    length = np.maximum(np.hypot(edge[:, 0], edge[:, 1]), 1e-9)
    away = corners[:, None, :] - outline[None, :, :]
    left = (edge[:, 0] * away[..., 1] - edge[:, 1] * away[..., 0]) / length
    return bool((left >= -FIT).all())
