# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""One vehicle: takes VDA 5050 orders and executes them."""
