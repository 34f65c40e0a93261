# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a factsheet as the nested object of VDA 5050 3.0."""

from typing import Any

from linehaul_vda5050.encode import Json, to_dict
from linehaul_vda5050.factsheet import Factsheet, Outline

INSTANT = frozenset(
    {'startPause', 'stopPause', 'cancelOrder', 'stateRequest', 'factsheetRequest'}
    | {'retry', 'skipRetry', 'trigger', 'clearInstantActions', 'startCharging', 'stopCharging'}
)
ORDERED = frozenset(
    {'pick', 'drop', 'startCharging', 'stopCharging', 'waitForTrigger', 'finePositioning'}
)


def factsheet_to_dict(factsheet: Factsheet) -> Json:
    """Turn a factsheet into the object that JSON writes.

    Raises:
        EncodeError: the header is not valid.
    """
    return {
        **to_dict(factsheet.header),
        'typeSpecification': _type(factsheet),
        'physicalParameters': _physical(factsheet),
        'protocolLimits': _limits(factsheet),
        'protocolFeatures': {
            'optionalParameters': [],
            'mobileRobotActions': [_action(name) for name in factsheet.action_types],
        },
        'mobileRobotGeometry': {'envelopes2d': _envelopes(factsheet)},
        'loadSpecification': _loads(factsheet),
    }


def _type(factsheet: Factsheet) -> Json:
    return {
        'seriesName': factsheet.series_name,
        'seriesDescription': factsheet.vehicle_class,
        'mobileRobotKinematics': factsheet.kinematics.name,
        # The 3.0.0 schema defines the name above and requires this one.
        'mobileRobotKinematic': factsheet.kinematics.name,
        'mobileRobotClass': factsheet.mobile_robot_class.name,
        'maximumLoadMass': factsheet.maximum_load_mass,
        'localizationTypes': ['NATURAL'],
        'navigationTypes': ['VIRTUAL_LINE_GUIDED'],
    }


def _physical(factsheet: Factsheet) -> Json:
    xs = [x for x, _ in factsheet.footprint] or [0.0]
    ys = [y for _, y in factsheet.footprint] or [0.0]
    return {
        'minimumSpeed': factsheet.minimum_speed,
        'maximumSpeed': factsheet.maximum_speed,
        'maximumAngularSpeed': factsheet.maximum_rotation_speed,
        'maximumAcceleration': factsheet.maximum_acceleration,
        'maximumDeceleration': factsheet.maximum_deceleration,
        'minimumHeight': 0.0,
        'maximumHeight': 0.0,
        'width': max(ys) - min(ys),
        'length': max(xs) - min(xs),
    }


def _limits(factsheet: Factsheet) -> Json:
    nodes = factsheet.maximum_order_nodes
    arrays = {'order.nodes': nodes, 'order.edges': nodes - 1} if nodes else {}
    interval = factsheet.minimum_state_interval
    timing = {'minimumOrderInterval': 0.0, 'minimumStateInterval': interval}
    return {'maximumStringLengths': {}, 'maximumArrayLengths': arrays, 'timing': timing}


def _action(name: str) -> Json:
    scopes = ['INSTANT'] * (name in INSTANT) + ['NODE'] * (name in ORDERED)
    kinds = ['NONE'] if scopes == ['INSTANT'] else ['NONE', 'SINGLE', 'SOFT', 'HARD']
    return {
        'actionType': name,
        'actionScopes': scopes or ['NODE'],
        'blockingTypes': kinds,
        'pauseAllowed': 'false',
        'cancelAllowed': 'false',
    }


def _envelopes(factsheet: Factsheet) -> list[Json]:
    outlines: dict[str, Outline] = {'EMPTY': factsheet.footprint}
    if factsheet.loaded_footprint:
        outlines['LOADED'] = factsheet.loaded_footprint
    return [
        {'envelope2dId': name, 'vertices': [{'x': x, 'y': y} for x, y in outline]}
        for name, outline in outlines.items()
    ]


def _loads(factsheet: Factsheet) -> Json:
    sets: list[dict[str, Any]] = [
        {
            'setName': load_type,
            'loadType': load_type,
            'maximumWeight': factsheet.maximum_load_mass,
            'maximumSpeed': factsheet.maximum_speed_loaded,
        }
        for load_type in factsheet.load_types
    ]
    positions = [f'place_{number + 1}' for number in range(factsheet.load_places)]
    return {'loadPositions': positions, 'loadSets': sets}
