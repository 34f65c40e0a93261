# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_warehouse goods …`: see `centre.cli`."""

import sys

from linehaul_warehouse.centre.cli import main

if __name__ == '__main__':
    sys.exit(main())
