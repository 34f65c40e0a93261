# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Run a child process of the set-up, its output in a log file."""

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from errors import SetupError
from say import say

_PROGRESS = re.compile(r'\[(\d+)/(\d+)\]')
_QUIET_SECONDS = 10.0
_TAIL = 15


def logged(
    command: list[str],
    log: Path,
    *,
    what: str,
    hint: str,
    env: Mapping[str, str],
    cwd: Path,
    keep: tuple[int, ...] = (),
) -> None:
    """Run `command`, write what it says to `log`, tell how far it is now and then.

    Args:
        command: the program and its arguments.
        log: the file to write.
        what: the step's name in progress lines.
        hint: what a person may do when it fails.
        env: the whole environment of the child.
        cwd: its folder.
        keep: file descriptors it inherits (the lock, so that it outlives a killed set-up).

    Raises:
        SetupError: it failed; the message holds the last lines and the log's name.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    told = time.monotonic()
    with log.open('w', encoding='utf-8') as file:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            env=dict(env),
            cwd=cwd,
            pass_fds=keep,
        )
        assert child.stdout is not None
        with child:
            for line in child.stdout:
                file.write(line)
                if time.monotonic() - told > _QUIET_SECONDS:
                    told = time.monotonic()
                    progress = _PROGRESS.search(line)
                    say(f'  {what}' + (f': {progress[1]} of {progress[2]}' if progress else ''))
    if child.returncode != 0:
        raise SetupError(failure(what, child.returncode, log, hint))


def failure(what: str, code: int, log: Path, hint: str) -> str:
    """Return the message for a failed step: its last lines, where all of them are, what to do."""
    lines = log.read_text(encoding='utf-8', errors='replace').splitlines()
    worth = [line for line in lines if line.strip() and not line.startswith('WARNING: Location')]
    tail = '\n'.join(f'  | {line}' for line in worth[-_TAIL:])
    return f'{what} failed (exit code {code}): {hint}; all of its output is in {log}\n{tail}'
