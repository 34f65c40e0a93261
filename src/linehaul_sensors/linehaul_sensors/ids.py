# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Identifiers of the sensor layer: distinct types, so that one cannot be passed for another."""

from typing import NewType

ChannelId = NewType('ChannelId', str)
EquipmentId = NewType('EquipmentId', str)
AlarmId = NewType('AlarmId', str)
WarningId = NewType('WarningId', str)
