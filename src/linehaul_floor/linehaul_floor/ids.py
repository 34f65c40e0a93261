# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the floor: distinct types, so that a place cannot be passed for a node."""

from typing import NewType

NodeId = NewType('NodeId', str)
EdgeId = NewType('EdgeId', str)
PlaceId = NewType('PlaceId', str)
ClassId = NewType('ClassId', str)
VehicleId = NewType('VehicleId', str)
ItemId = NewType('ItemId', str)
ZoneId = NewType('ZoneId', str)
LineId = NewType('LineId', str)
