# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Mend what the ROS 2 wheels bring along from the machine they were built on.

Their exported CMake files name the include and site-packages folders of a foreign Python, and
their ament index chains to its prefix. Both are rewritten to this environment's own.

Six generators parse every interface file anew, with an Earley parser: a quarter of the time of a
build. They are taught to keep what they parsed in the folder that LINEHAUL_IDL_CACHE names.
"""

import json
import os
import re
import subprocess
from pathlib import Path

_FOREIGN = re.compile(rb'/opt/python/cp3\d+-cp3\d+')
PARSE_ONCE = """

# Added by linehaul's set-up, see tools/provision/mend.py.
def _parse_once(parse):
    import hashlib
    import pickle

    def parse_idl_string(idl_string, png_file=None):
        folder = os.environ.get('LINEHAUL_IDL_CACHE')
        if png_file or not folder:
            return parse(idl_string, png_file=png_file)
        path = os.path.join(folder, hashlib.sha256(idl_string.encode()).hexdigest())
        try:
            with open(path, 'rb') as file:
                return pickle.load(file)
        except Exception:
            content = parse(idl_string)
        try:
            os.makedirs(folder, exist_ok=True)
            with open(f'{path}.{os.getpid()}', 'wb') as file:
                pickle.dump(content, file)
            os.replace(file.name, path)
        except Exception:
            pass
        return content

    return parse_idl_string


parse_idl_string = _parse_once(parse_idl_string)
"""
_PATHS = """
import json, sysconfig
paths = sysconfig.get_paths()
print(json.dumps({'include': paths['include'], 'site': paths['platlib']}))
"""


def wheels(venv: Path, python: Path) -> None:
    """Rewrite the foreign prefix everywhere below the environment's share/ and lib/cmake/."""
    answer = subprocess.run(
        [str(python), '-I', '-c', _PATHS],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1'},
    )
    paths = json.loads(answer.stdout)
    files = [*venv.glob('share/**/*.cmake'), *venv.glob('lib/cmake/**/*.cmake')]
    for file in files:
        old = file.read_bytes()
        if _FOREIGN.search(old):
            file.write_bytes(own(old, str(venv), paths['include'], paths['site']))
    for file in venv.glob('share/ament_index/resource_index/parent_prefix_path/*'):
        file.write_bytes(_FOREIGN.sub(b'', file.read_bytes()))
    with Path(paths['site'], 'rosidl_parser', 'parser.py').open('a', encoding='utf-8') as parser:
        parser.write(PARSE_ONCE)


def own(text: bytes, venv: str, include: str, site: str) -> bytes:
    """Return `text` with the foreign Python's folders replaced.

    >>> own(b'/opt/python/cp312-cp312/include/python3.12;x', '/v', '/usr/include/python3.12', '/s')
    b'/usr/include/python3.12;x'
    """
    rules = ((rb'/include/python3\.\d+', include), (rb'/lib/python3\.\d+/site-packages', site))
    for tail, new in rules:
        text = re.sub(_FOREIGN.pattern + tail, lambda _, new=new: new.encode(), text)
    return _FOREIGN.sub(lambda _: venv.encode(), text)
