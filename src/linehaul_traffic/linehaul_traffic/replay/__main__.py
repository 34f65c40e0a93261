# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_traffic.replay`."""

import sys

from linehaul_traffic.replay.cli import main

if __name__ == '__main__':
    sys.exit(main())
