# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Fingerprints: what an environment or a built package was made from.

A stamp is a small JSON file, written in one move after everything else, so that a stamp that is
there speaks the truth whatever was interrupted.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from places import Places

#: Raise it when the set-up itself changes in a way that old environments must not survive.
EDITION = '1'
#: Folders at the root that linehaul_bringup installs, file by file.
SHARED = ('launch', 'worlds', 'maps', 'config')
_BUILD_FILES = ('package.xml', 'setup.py', 'setup.cfg', 'CMakeLists.txt')


def fingerprint(parts: Iterable[str | bytes]) -> str:
    """Return a digest of `parts` that also knows where one ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, 'big'))
        digest.update(data)
    return digest.hexdigest()


def read(path: Path) -> dict[str, Any]:
    """Return a stamp's content, or {} where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a stamp so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix('.new')
    with new.open('w', encoding='utf-8') as file:
        json.dump(content, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def package_fingerprints(places: Places, base: str) -> dict[str, str]:
    """Return for each package in src/ what it was built from.

    That is: its build files, its interface files and the names of the files it links one by one.
    A change in a Python module does not show here: modules are linked, not copied.
    """
    packages = sorted(path.parent for path in places.src.glob('*/package.xml'))
    return {package.name: fingerprint([base, *_parts(places, package)]) for package in packages}


def _parts(places: Places, package: Path) -> Iterable[str | bytes]:
    for name in _BUILD_FILES:
        file = package / name
        yield name
        yield file.read_bytes() if file.exists() else b''
    for kind in ('msg', 'srv', 'action'):
        for file in sorted((package / kind).glob(f'*.{kind}')):
            yield file.name
            yield file.read_bytes()
    yield from sorted(path.name for path in (package / 'resource').glob('*'))
    # Any CMake file that names a shared folder installs from there, and links modules one by one.
    cmake = package / 'CMakeLists.txt'
    rules = cmake.read_text(encoding='utf-8') if cmake.exists() else ''
    if any(name in rules for name in SHARED):
        for folder in SHARED:
            for file in sorted((places.root / folder).rglob('*')):
                yield str(file.relative_to(places.root))
    if 'ament_python_install_package' in rules:
        for file in sorted((package / package.name).rglob('*.py')):
            yield str(file.relative_to(package))
