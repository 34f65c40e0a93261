# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in a set-up.

SetupError        one line: what is missing or failed, and what to do
"""


class SetupError(Exception):
    """The set-up cannot go on; the message is for the person who ran it."""
