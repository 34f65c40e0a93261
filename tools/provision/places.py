# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Where things lie in a clone."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Places:
    """Every path that a set-up reads or writes, of one clone."""

    def __init__(self, root: Path = ROOT) -> None:
        """Name the paths below `root`; nothing is made."""
        self.root = root
        self.src = root / 'src'
        self.venv = root / '.venv'
        self.python = self.venv / 'bin' / 'python'
        self.build = root / 'build'
        self.install = root / 'install'
        self.log = root / 'log'
        self.lock = root / 'tools' / 'lock'
        #: what the virtual environment was made from; written last
        self.venv_stamp = self.venv / 'linehaul.json'
        #: what the workspace was built from; written last
        self.build_stamp = self.build / 'linehaul.json'
        #: there while a build runs, so that an interrupted one is known
        self.build_running = self.build / 'linehaul.running'
        #: what tools/env sets; sourced by it
        self.environment = self.build / 'environment.sh'
