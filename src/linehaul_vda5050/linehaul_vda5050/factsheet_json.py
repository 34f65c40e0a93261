# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a factsheet as the nested object of VDA 5050 3.0, and reads one."""

import math
from enum import IntEnum
from typing import Any, TypeVar

from linehaul_vda5050.decode import from_dict, read_object
from linehaul_vda5050.encode import Json, to_dict
from linehaul_vda5050.enums import Kinematics, RobotClass
from linehaul_vda5050.factsheet import Factsheet, Outline
from linehaul_vda5050.findings import Finding, FindingCode, serious
from linehaul_vda5050.header import Header

Word = TypeVar('Word', bound=IntEnum)

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


# Reading.


def decode_factsheet(text: str | bytes) -> tuple[Factsheet | None, list[Finding]]:
    """Read a factsheet from JSON text; never raises on bad content.

    What is missing or of the wrong type is left at 0, empty or UNKNOWN with a tolerable finding:
    whoever plans with a number must look whether it is there.
    """
    value, findings = read_object(text)
    if value is None:
        return None, findings
    header, findings = from_dict(Header, {k: value[k] for k in _HEADER & value.keys()})
    if header is None or serious(findings):
        return None, findings
    reader = _Reader(findings)
    return reader.factsheet(header, value), findings


_HEADER = frozenset({'headerId', 'timestamp', 'version', 'manufacturer', 'serialNumber'})


class _Reader:
    """Reads the parts of a factsheet and gathers findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings

    def factsheet(self, header: Header, value: Json) -> Factsheet:
        kind, body = self.part(value, 'typeSpecification'), self.part(value, 'physicalParameters')
        limits, loads = self.part(value, 'protocolLimits'), self.part(value, 'loadSpecification')
        sizes, timing = self.part(limits, 'maximumArrayLengths'), self.part(limits, 'timing')
        speed = self.number(body, 'maximumSpeed')
        sets = self.objects(loads, 'loadSets')
        loaded = [self.number(one, 'maximumSpeed') for one in sets if 'maximumSpeed' in one]
        moves = 'mobileRobotKinematics' if 'mobileRobotKinematics' in kind else _OLD_NAME
        return Factsheet(
            header=header,
            series_name=self.text(kind, 'seriesName'),
            vehicle_class=self.text(kind, 'seriesDescription'),
            kinematics=self.word(kind, moves, Kinematics),
            mobile_robot_class=self.word(kind, 'mobileRobotClass', RobotClass),
            maximum_load_mass=self.number(kind, 'maximumLoadMass'),
            minimum_speed=self.number(body, 'minimumSpeed'),
            maximum_speed=speed,
            maximum_speed_loaded=min(loaded, default=speed),
            maximum_acceleration=self.number(body, 'maximumAcceleration'),
            maximum_deceleration=self.number(body, 'maximumDeceleration'),
            maximum_rotation_speed=self.number(body, 'maximumAngularSpeed'),
            maximum_rotation_acceleration=0.0,
            can_reverse=False,
            load_types=tuple(self.text(one, 'loadType') for one in sets),
            load_places=max(len(self.items(loads, 'loadPositions')), 1),
            maximum_order_nodes=int(min(self.number(sizes, 'order.nodes'), _MOST_NODES)),
            minimum_state_interval=self.number(timing, 'minimumStateInterval'),
            **self.outlines(self.part(value, 'mobileRobotGeometry')),
            **self.abilities(self.part(value, 'protocolFeatures')),
        )

    def outlines(self, geometry: Json) -> dict[str, Any]:
        """Read the outlines; the first counts as the one without load where none is named so."""
        found = {}
        for one in self.objects(geometry, 'envelopes2d'):
            corners = self.objects(one, 'vertices')
            name = self.text(one, 'envelope2dId').upper()
            found[name] = tuple((self.number(c, 'x'), self.number(c, 'y')) for c in corners)
        empty = found.get('EMPTY', next(iter(found.values()), ()))
        return {'footprint': empty, 'loaded_footprint': found.get('LOADED', ())}

    def abilities(self, features: Json) -> dict[str, Any]:
        actions = self.objects(features, 'mobileRobotActions')
        return {'action_types': tuple(self.text(one, 'actionType') for one in actions)}

    # Single values.

    def note(self, key: str, value: Any, wanted: str) -> None:
        text = f'found {type(value).__name__}, wanted {wanted}; passed over'
        self.findings.append(Finding(FindingCode.WRONG_TYPE, key, text, tolerable=True))

    def part(self, value: Json, key: str) -> Json:
        found = value.get(key)
        if isinstance(found, dict):
            return found
        if found is not None:
            self.note(key, found, 'an object')
        return {}

    def items(self, value: Json, key: str) -> list[Any]:
        found = value.get(key)
        if isinstance(found, list):
            return found[:_MOST_ITEMS]
        if found is not None:
            self.note(key, found, 'an array')
        return []

    def objects(self, value: Json, key: str) -> list[Json]:
        found = self.items(value, key)
        good = [one for one in found if isinstance(one, dict)]
        if len(good) < len(found):
            self.note(key, found, 'an array of objects')
        return good

    def number(self, value: Json, key: str) -> float:
        found = value.get(key, 0.0)
        whole = isinstance(found, (int, float)) and not isinstance(found, bool)
        if whole and abs(found) < _LARGEST and math.isfinite(found):
            return float(found)
        self.note(key, found, 'a finite number')
        return 0.0

    def text(self, value: Json, key: str) -> str:
        found = value.get(key, '')
        if isinstance(found, str):
            return found[:_LONGEST]
        self.note(key, found, 'text')
        return ''

    def word(self, value: Json, key: str, kind: type[Word]) -> Word:
        found = value.get(key)
        if isinstance(found, str) and found in kind.__members__:
            return kind[found]
        self.note(key, found, f'one of {", ".join(w.name for w in kind if w)}')
        return kind(0)


_OLD_NAME = 'mobileRobotKinematic'
_MOST_NODES = 1_000_000
_MOST_ITEMS = 1000
_LARGEST = 1e300
_LONGEST = 1000
