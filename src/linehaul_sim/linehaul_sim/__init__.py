# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The far ends, simulated: vehicles, ports and the clock, with an independent overlap checker."""
