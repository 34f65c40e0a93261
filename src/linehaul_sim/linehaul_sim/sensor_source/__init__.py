# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated sensors of simulated machines, as a gateway that speaks ROS would send them."""
