# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Finished goods, simulated: an order book, the way into the centre, scanners and trucks."""
