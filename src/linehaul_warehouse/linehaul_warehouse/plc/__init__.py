# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Cranes behind a PLC: tags over OPC UA or Modbus TCP, told by a mapping file."""
