# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Carry what was built along when the clone has been moved or copied.

Scripts name their interpreter, CMake its files and links their targets by whole path. All of them
are rewritten; nothing is built again. What the stamps say is changed last, so that an interrupted
move is done again from the start.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from places import Places

_LARGEST_TEXT = 8 * 1024 * 1024


def possible(old: str, new: str) -> bool:
    """Can the rewriting be repeated? Not where one path is the beginning of the other."""
    return not (new + '/').startswith(old + '/')


def rewrite(places: Places, old: str, new: str) -> int:
    """Put `new` for `old` in all texts and links that were made, and return how many changed."""
    pattern = re.compile(re.escape(old.encode()) + rb'(?![\w.-])')
    changed = 0
    for path in _made(places):
        if path.is_symlink():
            changed += _relink(path, old, new)
        elif path.is_file():
            changed += _retext(path, pattern, new.encode())
    return changed


def _made(places: Places) -> Iterator[Path]:
    for top in (places.venv / 'bin', places.venv / 'share', places.venv / 'lib' / 'cmake'):
        yield from top.rglob('*')
    yield places.venv / 'pyvenv.cfg'
    for top in (places.build, places.install):
        yield from _tree(top)


def _tree(top: Path) -> Iterator[Path]:
    """Yield every path below `top` without following links."""
    for folder, folders, files in os.walk(top):
        yield from (Path(folder, name) for name in (*folders, *files))


def _relink(path: Path, old: str, new: str) -> int:
    target = os.readlink(path)
    if target != old and not target.startswith(old + '/'):
        return 0
    spare = path.with_name(path.name + '.moved')
    spare.unlink(missing_ok=True)
    spare.symlink_to(new + target[len(old) :])
    spare.replace(path)
    return 1


def _retext(path: Path, pattern: 're.Pattern[bytes]', new: bytes) -> int:
    status = path.stat()
    if status.st_size > _LARGEST_TEXT:
        return 0
    text = path.read_bytes()
    if b'\0' in text or not pattern.search(text):
        return 0
    path.write_bytes(pattern.sub(lambda _: new, text))
    # Build tools compare times: a rewritten file is no newer than it was.
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return 1
