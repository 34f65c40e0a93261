# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Which nodes run with what: one table, two readers, and the starter that needs no launch."""
