# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The shared ROS glue: QoS profiles, parameters, time, executors and test helpers."""
