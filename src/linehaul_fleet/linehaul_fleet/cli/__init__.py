# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`linehaul`: the fleet from a terminal, by public interfaces alone."""
