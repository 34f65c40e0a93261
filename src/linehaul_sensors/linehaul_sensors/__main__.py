# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""`python -m linehaul_sensors`: alarms and warnings of a running node, history, tables."""

import sys

from linehaul_sensors import cli, operator_cli

if __name__ == '__main__':
    operates = sys.argv[1:2] and sys.argv[1] in operator_cli.VERBS
    sys.exit(operator_cli.main() if operates else cli.main())
