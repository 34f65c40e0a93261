# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Ports behind which a warehouse node works, with cranes and stock of its own."""
