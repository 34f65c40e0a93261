# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Replay: records a running factory, and shows any run or plan as a page, a picture or a film."""
