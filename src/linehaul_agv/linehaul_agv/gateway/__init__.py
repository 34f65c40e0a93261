# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway to VDA 5050 vehicles: JSON on an MQTT broker here, the vehicle contract there."""
