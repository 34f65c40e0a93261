# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Stereoscopic warehouse: stock, cranes, decisions; distribution centre."""
