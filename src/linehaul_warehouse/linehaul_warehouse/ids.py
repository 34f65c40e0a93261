# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the warehouse."""

from typing import NewType

LoadId = NewType('LoadId', str)
ItemId = NewType('ItemId', str)
Lot = NewType('Lot', str)
OrderId = NewType('OrderId', str)
CellId = NewType('CellId', str)
AisleId = NewType('AisleId', str)
PortId = NewType('PortId', str)
RequestId = NewType('RequestId', str)
TaskId = NewType('TaskId', str)

NO_LOAD = LoadId('')
NO_LOT = Lot('')
NO_ORDER = OrderId('')
NO_REQUEST = RequestId('')
NO_PORT = PortId('')
NO_CELL = CellId('')
