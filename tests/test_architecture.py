# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The house keeps its shape: who may import whom, where ROS may be, and headers.

`violations` reads the imports of every module below a src/ folder without running any of it.
"""

import ast
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: Package: the packages that its pure core may import.
CORES = {
    'linehaul_interfaces': set(),
    'linehaul_ros': set(),
    'linehaul_floor': set(),
    'linehaul_vda5050': set(),
    'linehaul_traffic': {'linehaul_floor'},
    'linehaul_transfer': set(),
    'linehaul_fleet': {
        'linehaul_floor',
        'linehaul_traffic',
        'linehaul_vda5050',
        'linehaul_transfer',
    },
    'linehaul_agv': {'linehaul_floor', 'linehaul_vda5050', 'linehaul_transfer'},
    'linehaul_sim': {'linehaul_floor', 'linehaul_agv', 'linehaul_vda5050', 'linehaul_transfer'},
    'linehaul_line': {'linehaul_floor', 'linehaul_transfer'},
    'linehaul_warehouse': {'linehaul_floor', 'linehaul_transfer'},
    'linehaul_conveyor': {'linehaul_floor', 'linehaul_transfer'},
    'linehaul_sensors': {'linehaul_floor'},
    'linehaul_orders': set(),
    'linehaul_dashboard': set(),
    'linehaul_bringup': {'linehaul_floor'},
}
#: Modules that may know ROS, in every package.
SHELLS = {'node.py', 'convert.py'}
#: Command-line clients that talk to nodes by ROS.
CLIENTS = {
    'linehaul_fleet/cli/client.py',
    'linehaul_line/request.py',
    'linehaul_line/operator_client.py',
    'linehaul_line/send_sequence.py',
    'linehaul_sensors/operator_client.py',
    'linehaul_warehouse/centre/client.py',
    'linehaul_bringup/demo_client.py',
    'linehaul_bringup/demo_watch.py',
    'linehaul_bringup/picture.py',
}
#: What a client may use beside what its package's core may.
CLIENT_IMPORTS = {'linehaul_bringup/demo_client.py': {'linehaul_line'}}
GLUE = {'linehaul_ros', 'linehaul_interfaces'}
#: Shared modules that know no ROS, for every core.
PLAIN = {
    'linehaul_ros.health': 'linehaul_ros/health.py',
    'linehaul_ros.journal': 'linehaul_ros/journal.py',
    'linehaul_ros.stopping': 'linehaul_ros/stopping.py',
}
ROS = re.compile(r'^(rclpy|tf2_ros|linehaul_interfaces|linehaul_ros|builtin_interfaces|\w+_msgs)$')


def imports(module: Path, package: Path):
    """Yield line and whole dotted name of everything that `module` imports from anywhere."""
    parts = module.relative_to(package.parent).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'), str(module))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else ()
            prefix = '.'.join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f'{prefix}.{alias.name}') for alias in node.names)


def why_not(package, name, imported):
    """Return why module `name` (package/file) may not import `imported`, or None."""
    top, _, rest = imported.partition('.')
    part = rest.partition('.')[0]
    shell = name.rpartition('/')[2] in SHELLS or name in CLIENTS
    shell = shell or (package == 'linehaul_ros' and name not in PLAIN.values())
    if top == package:
        inner = part in ('node', 'convert') and not shell
        return 'a core must not import its own shell' if inner else None
    if imported.rpartition('.')[0] in PLAIN:
        return None
    if ROS.match(top) and not shell:
        return 'ROS belongs in node.py, convert.py and linehaul_ros'
    if not top.startswith('linehaul_') or (shell and top in GLUE):
        return None
    if part == 'node':
        return 'nodes talk by messages and never import each other'
    if part == 'convert' and not shell:
        return 'a core must not import a conversion'
    if top not in CORES[package] | CLIENT_IMPORTS.get(name, set()):
        return f'{package} must not import {top}'
    return None


def declared(folder: Path):
    """Return the packages that a package.xml depends on."""
    root = ElementTree.parse(folder / 'package.xml').getroot()
    return {element.text for element in root if element.tag.endswith('depend')}


def violations(src: Path):
    """Return one line for each broken rule below `src`."""
    found = []
    for folder in sorted(path.parent for path in src.glob('*/package.xml')):
        package = folder.name
        if package not in CORES:
            found.append(f'{package}: not in the table of tests/test_architecture.py')
            continue
        needs = declared(folder)
        for module in sorted((folder / package).rglob('*.py')):
            name = module.relative_to(folder).as_posix()
            for line, imported in imports(module, folder / package):
                reason = why_not(package, name, imported)
                top = imported.partition('.')[0]
                if reason is None and top.startswith('linehaul_') and top not in {package, *needs}:
                    reason = f'{package}/package.xml does not depend on {top}'
                if reason:
                    found.append(f'{name}:{line}: {imported}: {reason}')
    return found


def test_the_packages_import_only_what_the_table_allows():
    assert violations(ROOT / 'src') == []


def test_the_table_has_no_cycle():
    left = dict(CORES)
    while left:
        free = {name for name, needs in left.items() if not needs & set(left)}
        assert free, f'these import each other: {sorted(left)}'
        left = {name: needs for name, needs in left.items() if name not in free}


def make_package(src: Path, package: str, depends=(), **modules: str):
    folder = src / package
    (folder / package).mkdir(parents=True)
    lines = ''.join(f'<exec_depend>{name}</exec_depend>' for name in depends)
    (folder / 'package.xml').write_text(f'<package><name>{package}</name>{lines}</package>')
    for name, text in modules.items():
        (folder / package / f'{name}.py').write_text(text)


@pytest.mark.parametrize(
    ('module', 'text', 'reason'),
    [
        ('core', 'import rclpy', 'ROS belongs'),
        ('core', 'from nav_msgs.msg import Path', 'ROS belongs'),
        ('core', 'def f():\n    import linehaul_interfaces.msg', 'ROS belongs'),
        ('core', 'from linehaul_ros import qos', 'ROS belongs'),
        ('core', 'from linehaul_ros.healthy import x', 'ROS belongs'),
        ('core', 'from .node import Node', 'its own shell'),
        ('core', 'from . import convert', 'its own shell'),
        ('core', 'from linehaul_fleet import x', 'must not import linehaul_fleet'),
        ('core', 'from linehaul_floor.node import x', 'by messages'),
        ('core', 'from linehaul_floor.convert import x', 'a conversion'),
        ('node', 'import linehaul_fleet.node', 'by messages'),
        ('node', 'import linehaul_agv', 'must not import linehaul_agv'),
        ('node', 'import linehaul_interfaces.msg', 'does not depend on linehaul_interfaces'),
    ],
)
def test_a_violation_is_caught(tmp_path, module, text, reason):
    make_package(tmp_path, 'linehaul_traffic', ('linehaul_floor',), **{module: text})
    (line,) = violations(tmp_path)
    assert reason in line
    assert line.startswith(f'linehaul_traffic/{module}.py:')


@pytest.mark.parametrize(
    ('module', 'text'),
    [
        ('core', 'import numpy\nfrom linehaul_floor import Plant\nfrom .other import x'),
        ('core', 'from linehaul_ros.health import Level'),
        ('core', 'from linehaul_ros.stopping import stoppable'),
        ('node', 'import rclpy\nfrom . import core\nfrom linehaul_ros.qos import EVENTS'),
        ('convert', 'from linehaul_floor.convert import x\nfrom geometry_msgs.msg import Pose'),
    ],
)
def test_what_is_allowed_passes(tmp_path, module, text):
    depends = ('linehaul_floor', 'linehaul_ros')
    make_package(tmp_path, 'linehaul_traffic', depends, **{module: text})
    assert violations(tmp_path) == []


def test_what_every_core_may_import_of_the_glue_must_know_no_ros(tmp_path):
    make_package(tmp_path, 'linehaul_ros', health='import rclpy')
    (line,) = violations(tmp_path)
    assert 'ROS belongs' in line


def test_a_package_outside_the_table_is_caught(tmp_path):
    make_package(tmp_path, 'linehaul_magic')
    assert violations(tmp_path) == [
        'linehaul_magic: not in the table of tests/test_architecture.py'
    ]


# -- headers

HEADER = (
    'SPDX-FileCopyrightText: 2026 The linehaul authors',
    'SPDX-License-Identifier: Apache-2.0',
)
SOURCES = {'.py', '.sh', '.cmake', '.msg', '.srv', '.action', '.js', '.css', '.html', '.toml'}
SOURCE_NAMES = {'CMakeLists.txt', 'Makefile'}
#: Tool tables and data in formats of others.
NO_HEADER = {'pyproject.toml'}


def is_source(path: Path):
    if path.suffix in SOURCES or path.name in SOURCE_NAMES:
        return path.name not in NO_HEADER
    return not path.suffix and path.read_bytes()[:2] == b'#!'


def lacks_header(path: Path):
    """Is the two-line header not among the first lines?"""
    head = path.read_text(encoding='utf-8').splitlines()[:4]
    return not all(any(line.endswith(text) for line in head) for text in HEADER)


def test_every_source_file_has_the_licence_header():
    listed = subprocess.run(
        ['git', '-C', ROOT, 'ls-files', '-z'], capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split('\0') if name]
    sources = [path for path in files if path.is_file() and is_source(path)]
    assert len(sources) > 50
    assert [str(path.relative_to(ROOT)) for path in sources if lacks_header(path)] == []


def test_a_missing_header_is_caught(tmp_path):
    bare, script = tmp_path / 'bare.py', tmp_path / 'script'
    bare.write_text('x = 1\n')
    script.write_text('#!/bin/sh\n' + ''.join(f'# {text}\n' for text in HEADER))
    assert is_source(bare)
    assert is_source(script)
    assert lacks_header(bare)
    assert not lacks_header(script)


def test_no_test_of_ros_is_left_to_the_stage_without_ros():
    """There it would skip, and the stage with ROS would not look at it either."""
    wants = re.compile(r"importorskip\(\s*'(rclpy|\w+_msgs|linehaul_interfaces|linehaul_ros)\b")
    files = [
        file
        for file in ROOT.glob('src/*/test/test_*.py')
        if not file.name.startswith(('test_node', 'test_convert'))
        and file.parts[-3] != 'linehaul_ros'
    ]
    assert len(files) > 100
    lost = [str(file.relative_to(ROOT)) for file in files if wants.search(file.read_text())]
    assert not lost, 'call them test_node_….py or test_convert_….py'
