# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Run the command of the sensor layer."""

import sys

from linehaul_sensors.cli import main

sys.exit(main())
