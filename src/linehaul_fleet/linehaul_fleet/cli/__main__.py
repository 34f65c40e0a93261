# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Run the command line: ``python -m linehaul_fleet.cli``."""

from linehaul_fleet.cli.main import run

if __name__ == '__main__':
    run()
