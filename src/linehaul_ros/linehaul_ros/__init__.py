# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The only shared ROS glue: names and QoS, parameters, time, journal, asking, running, tests.

Everything that decides lives elsewhere, in packages that don't import ROS.
"""
