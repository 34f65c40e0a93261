# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the line: distinct types, so that a unit cannot be passed for its order."""

from typing import NewType

from linehaul_floor import ItemId, LineId, PlaceId

RequestId = NewType('RequestId', str)
LoadId = NewType('LoadId', str)
UnitId = NewType('UnitId', str)
OrderId = NewType('OrderId', str)
OwnerId = NewType('OwnerId', str)
ModelId = NewType('ModelId', str)
StationId = PlaceId

NO_LOAD = LoadId('')
NO_ORDER = OrderId('')

__all__ = [
    'NO_LOAD',
    'NO_ORDER',
    'ItemId',
    'LineId',
    'LoadId',
    'ModelId',
    'OrderId',
    'OwnerId',
    'PlaceId',
    'RequestId',
    'StationId',
    'UnitId',
]
