# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_bringup`: run the factory until Ctrl-C."""

import sys

from .starter import main

sys.exit(main())
