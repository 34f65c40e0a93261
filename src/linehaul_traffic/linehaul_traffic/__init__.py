# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Routes for many vehicles at once, and the execution graph that releases them."""
