# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The distribution centre over ROS: events of orders are its scans and its plans."""
