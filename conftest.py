# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: its own ROS domain, this machine only, and no ROS in the cores.

A domain is held by a locked file for as long as the tests run, so that test runs side by side (or
a factory next to them, if it keeps to domain 0) never hear each other.
"""

import fcntl
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

#: Domain ids whose ports stay below Linux's ephemeral range; 0 is everybody's default.
_DOMAINS = range(1, 102)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --without-ros."""
    parser.addoption(
        '--without-ros', action='store_true', help='fail on any import of ROS: cores need none'
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment of this test run and of the processes it starts."""
    os.environ['ROS_DOMAIN_ID'] = str(_lease_domain())
    if 'FASTDDS_DEFAULT_PROFILES_FILE' not in os.environ:  # it keeps to this machine, too
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['MPLBACKEND'] = 'Agg'
    # The first call of a numba kernel compiles it: a deadline would measure the compiler.
    settings.register_profile('linehaul', deadline=None, print_blob=True)
    settings.load_profile('linehaul')
    if config.getoption('--without-ros'):
        sys.meta_path.insert(0, _NoRos())


class _NoRos:
    """An importer that has neither rclpy nor messages."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Refuse ROS modules; leave all others to the next importer."""
        top = name.partition('.')[0]
        if top in ('rclpy', 'linehaul_interfaces') or top.endswith('_msgs'):
            raise ModuleNotFoundError(f'{name} is ROS, and this test runs without it', name=name)


def _lease_domain() -> int:
    """Return a domain id that no other test run on this machine has.

    Raises:
        pytest.UsageError: all of them are taken.
    """
    folder = Path(tempfile.gettempdir(), f'linehaul-domains-{os.getuid()}')
    folder.mkdir(exist_ok=True)
    first = os.getpid() % len(_DOMAINS)
    for domain in (*_DOMAINS[first:], *_DOMAINS[:first]):
        lock = os.open(folder / str(domain), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return domain  # the lock stays open, and so held, until the process ends
    raise pytest.UsageError(f'all {len(_DOMAINS)} ROS domains for tests are in use ({folder})')
