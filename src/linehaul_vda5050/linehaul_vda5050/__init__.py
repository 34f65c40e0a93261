# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The vehicle contract: VDA 5050 orders and states, their rules, and their ROS messages."""
