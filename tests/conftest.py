# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What scenarios share: a real MQTT broker on loopback."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PLACES = '/usr/sbin:/usr/local/sbin'


class Mosquitto:
    """Debian's Mosquitto on a port of its own, to be killed and started again."""

    def __init__(self, command: str, folder: Path) -> None:
        with socket.socket() as one:
            one.bind(('127.0.0.1', 0))
            self.port = int(one.getsockname()[1])
        self._config = folder / 'mosquitto.conf'
        self._config.write_text(f'listener {self.port} 127.0.0.1\nallow_anonymous true\n')
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; who connects at once may have to try again."""
        none = subprocess.DEVNULL
        words = [self._command, '-c', str(self._config)]
        self._process = subprocess.Popen(words, stdout=none, stderr=none)

    def kill(self) -> None:
        """Let it die without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that runs; the test is skipped where it is not installed."""
    command = shutil.which('mosquitto', path=PLACES) or shutil.which('mosquitto')
    if command is None:
        pytest.skip('mosquitto is not installed')
    broker = Mosquitto(command, tmp_path)
    broker.start()
    yield broker
    broker.kill()
