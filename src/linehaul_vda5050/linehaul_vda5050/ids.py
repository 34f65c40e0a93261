# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the vehicle contract. All are opaque strings; none may be empty in an order."""

from typing import NewType

OrderId = NewType('OrderId', str)
NodeId = NewType('NodeId', str)
EdgeId = NewType('EdgeId', str)
ActionId = NewType('ActionId', str)
LoadId = NewType('LoadId', str)
MapId = NewType('MapId', str)
