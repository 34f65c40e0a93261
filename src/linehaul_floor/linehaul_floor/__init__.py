# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The factory floor: roadmap, stations, zones, footprints, conflict table, maps and worlds."""
