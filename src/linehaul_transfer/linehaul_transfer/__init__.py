# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Handshakes that move a load between vehicle and port, and its custody."""
