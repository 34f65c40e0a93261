# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_floor`: the command line."""

import sys

from linehaul_floor.cli import main

sys.exit(main())
