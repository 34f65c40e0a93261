# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The set-up's decisions, on small made-up clones: nothing is downloaded and nothing compiled."""

import fcntl
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / 'tools'


@pytest.fixture(scope='module')
def provision():
    """Return a function that imports a module of tools/provision, as tools/setup does."""
    path = str(TOOLS / 'provision')
    before = set(sys.modules)
    sys.path.insert(0, path)
    yield importlib.import_module
    sys.path.remove(path)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], '__file__', '')).startswith(path):
            del sys.modules[name]


@pytest.fixture
def clone(tmp_path, provision):
    """Return the places of a clone with an interface package and a Python package."""
    root = tmp_path / 'clone'
    for name, files in {
        'faces': ('package.xml', 'CMakeLists.txt', 'msg/A.msg', 'msg/B.msg'),
        'core': ('package.xml', 'setup.py', 'core/logic.py'),
        'bringup': ('package.xml', 'CMakeLists.txt'),
    }.items():
        for file in files:
            path = root / 'src' / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{name} {file}\n')
    (root / 'src/bringup/CMakeLists.txt').write_text('foreach(folder launch config)\n')
    (root / 'config').mkdir()
    (root / 'config/cell.yaml').write_text('a: 1\n')
    return provision('places').Places(root)


class TestStamp:
    @pytest.fixture
    def changed(self, clone, provision):
        stamp = provision('stamp')
        before = stamp.package_fingerprints(clone, 'base')

        def names():
            after = stamp.package_fingerprints(clone, 'base')
            return {name for name in before | after if before.get(name) != after.get(name)}

        return names

    def test_editing_a_module_changes_nothing(self, clone, changed):
        (clone.src / 'core/core/logic.py').write_text('other\n')
        assert changed() == set()

    @pytest.mark.parametrize(
        ('file', 'package'),
        [
            ('src/faces/msg/A.msg', 'faces'),
            ('src/faces/msg/New.msg', 'faces'),
            ('src/faces/CMakeLists.txt', 'faces'),
            ('src/core/setup.py', 'core'),
            ('src/core/package.xml', 'core'),
            ('config/new.yaml', 'bringup'),
        ],
    )
    def test_what_is_built_is_noticed(self, clone, changed, file, package):
        (clone.root / file).write_text('other\n')
        assert changed() == {package}

    def test_editing_an_installed_file_changes_nothing(self, clone, changed):
        (clone.root / 'config/cell.yaml').write_text('a: 2\n')
        assert changed() == set()

    def test_a_renamed_interface_is_noticed(self, clone, changed):
        (clone.src / 'faces/msg/A.msg').rename(clone.src / 'faces/msg/C.msg')
        assert changed() == {'faces'}

    def test_parts_do_not_run_together(self, provision):
        fingerprint = provision('stamp').fingerprint
        assert fingerprint(['ab', 'c']) != fingerprint(['a', 'bc'])

    @pytest.mark.parametrize('text', ['', '{', '[]', '\x00'])
    def test_a_broken_stamp_is_no_stamp(self, tmp_path, provision, text):
        path = tmp_path / 'linehaul.json'
        path.write_text(text)
        assert provision('stamp').read(path) == {}

    def test_what_is_written_is_read(self, tmp_path, provision):
        stamp = provision('stamp')
        stamp.write(tmp_path / 'deep' / 's.json', {'root': '/ö'})
        assert stamp.read(tmp_path / 'deep' / 's.json') == {'root': '/ö'}
        assert os.listdir(tmp_path / 'deep') == ['s.json']


class TestStale:
    @pytest.fixture
    def built(self, clone, provision):
        workspace, stamp = provision('workspace'), provision('stamp')
        clone.build.mkdir()
        clone.environment.write_text('')
        workspace.done(clone, stamp.package_fingerprints(clone, 'base'))
        return lambda: workspace.stale(clone, stamp.package_fingerprints(clone, 'base'))

    def test_nothing_is_built_before_the_first_time(self, clone, provision):
        workspace, stamp = provision('workspace'), provision('stamp')
        names, afresh = workspace.stale(clone, stamp.package_fingerprints(clone, 'base'))
        assert (sorted(names), afresh) == (['bringup', 'core', 'faces'], False)

    def test_nothing_to_do_after_a_build(self, built):
        assert built() == ([], False)

    def test_only_what_changed_is_built(self, clone, built):
        (clone.src / 'core/setup.py').write_text('more entry points\n')
        assert built() == (['core'], False)

    def test_a_package_that_has_gone_means_all(self, clone, built):
        shutil.rmtree(clone.src / 'core')
        assert built() == (['bringup', 'faces'], True)

    def test_an_interface_that_has_gone_means_all(self, clone, built):
        (clone.src / 'faces/msg/B.msg').unlink()
        assert built() == (['bringup', 'core', 'faces'], True)

    def test_a_lost_environment_file_means_a_build(self, clone, built):
        clone.environment.unlink()
        assert built()[0] == ['bringup', 'core', 'faces']


class TestRelocate:
    def test_texts_and_links_follow_and_times_stay(self, clone, provision):
        relocate = provision('relocate')
        bin_, old = clone.venv / 'bin', '/old/place'
        bin_.mkdir(parents=True)
        clone.build.mkdir()
        (bin_ / 'tool').write_text(f'#!{old}/.venv/bin/python\n{old}er/x {old}\n')
        (bin_ / 'binary').write_bytes(b'\0' + old.encode())
        (clone.build / 'link').symlink_to(f'{old}/src/core')
        os.utime(bin_ / 'tool', (1000, 1000))
        assert relocate.rewrite(clone, old, str(clone.root)) == 2
        text = f'#!{clone.root}/.venv/bin/python\n{old}er/x {clone.root}\n'
        assert (bin_ / 'tool').read_text() == text
        assert (bin_ / 'tool').stat().st_mtime == 1000
        assert (bin_ / 'binary').read_bytes() == b'\0' + old.encode()
        assert (clone.build / 'link').resolve() == clone.src / 'core'
        assert relocate.rewrite(clone, old, str(clone.root)) == 0

    @pytest.mark.parametrize(
        ('old', 'new', 'possible'),
        [('/a', '/b', True), ('/a/b', '/a', True), ('/a', '/a/b', False), ('/a', '/ab', True)],
    )
    def test_a_move_into_itself_is_not_rewritten(self, provision, old, new, possible):
        assert provision('relocate').possible(old, new) is possible


class TestRos:
    @pytest.fixture
    def prefix(self, tmp_path):
        (tmp_path / 'ros/share/rclpy').mkdir(parents=True)
        return tmp_path / 'ros'

    @staticmethod
    def python(folder: Path, code: int):
        folder.mkdir()
        script = folder / 'python3'
        script.write_text(f'#!/bin/sh\necho /usr/bin/python3.x\necho no rclpy >&2\nexit {code}\n')
        script.chmod(0o755)
        return folder

    def environ(self, prefix, **more):
        setting = {'ROS_DISTRO': 'kilted', 'AMENT_PREFIX_PATH': f'/none:{prefix}'}
        return setting | {'PYTHONPATH': f'{prefix}/lib/python:/mine'} | more

    def test_wheels_where_nothing_is_sourced(self, clone, provision):
        chosen = provision('ros').choose({}, {}, clone.venv)
        assert not chosen.installed
        assert Path(chosen.python).exists()

    def test_a_distro_without_its_files_is_not_sourced(self, clone, provision):
        environ = {'ROS_DISTRO': 'kilted', 'AMENT_PREFIX_PATH': '/none'}
        assert not provision('ros').choose({}, environ, clone.venv).installed

    def test_a_sourced_one_wins(self, clone, provision, prefix, tmp_path):
        environ = self.environ(prefix, PATH=str(self.python(tmp_path / 'bin', 0)))
        chosen = provision('ros').choose({'ros': {'distro': ''}}, environ, clone.venv)
        assert (chosen.distro, chosen.prefix) == ('kilted', str(prefix))
        assert chosen.python == '/usr/bin/python3.x'
        assert chosen.environ['PYTHONPATH'] == f'{prefix}/lib/python'

    def test_one_without_rclpy_is_said(self, clone, provision, prefix, tmp_path):
        environ = self.environ(prefix, PATH=str(self.python(tmp_path / 'bin', 1)))
        with pytest.raises(
            provision('errors').SetupError, match=r'cannot import rclpy \(no rclpy'
        ):
            provision('ros').choose({}, environ, clone.venv)

    def test_it_is_used_in_a_shell_that_has_not_sourced_it(self, clone, provision, prefix):
        known = {'distro': 'jazzy', 'prefix': str(prefix), 'python': '/p', 'environ': {}}
        assert provision('ros').choose({'ros': known}, {}, clone.venv).distro == 'jazzy'
        shutil.rmtree(prefix)
        assert not provision('ros').choose({'ros': known}, {}, clone.venv).installed


class TestChecks:
    def test_a_full_disk_is_said(self, provision, tmp_path):
        with pytest.raises(provision('errors').SetupError, match=r'GB are free .* are needed'):
            provision('checks').disk(tmp_path, 1 << 60)

    def test_another_cpu_is_said(self, provision, monkeypatch):
        checks = provision('checks')
        monkeypatch.setattr(checks.platform, 'machine', lambda: 'aarch64')
        with pytest.raises(
            provision('errors').SetupError, match=r'this is aarch64.*install ROS 2'
        ):
            checks.machine()

    def test_a_missing_compiler_is_said(self, provision, monkeypatch):
        monkeypatch.setenv('CXX', 'no-such-compiler')
        with pytest.raises(provision('errors').SetupError, match='apt install build-essential'):
            provision('checks').compiler()

    def test_missing_headers_are_said(self, provision, monkeypatch, tmp_path):
        checks = provision('checks')
        monkeypatch.setattr(checks.sysconfig, 'get_paths', lambda: {'include': str(tmp_path)})
        with pytest.raises(provision('errors').SetupError, match=r'apt install python3\.\d+-dev'):
            checks.compiler()

    def test_a_missing_venv_module_is_said(self, provision, monkeypatch):
        checks = provision('checks')
        monkeypatch.setattr(checks.importlib.util, 'find_spec', lambda _: None)
        with pytest.raises(provision('errors').SetupError, match=r'apt install python3\.\d+-venv'):
            checks.venv_module()

    def test_a_failed_step_shows_its_end_and_its_log(self, provision, tmp_path):
        run, error = provision('child'), provision('errors').SetupError
        command = [sys.executable, '-c', 'print("reason"); raise SystemExit(3)']
        with pytest.raises(
            error, match=r'(?s)step failed \(exit code 3\): hint.*log\n  \| reason'
        ):
            run.logged(
                command, tmp_path / 'log', what='step', hint='hint', env=os.environ, cwd=tmp_path
            )


class TestMend:
    def test_foreign_paths_become_our_own(self, provision):
        text = (
            b'"/opt/python/cp312-cp312/include/python3.12;'
            b'/opt/python/cp312-cp312/lib/python3.12/site-packages/numpy/_core/include" '
            b'/opt/python/cp312-cp312/share'
        )
        mended = provision('mend').own(text, '/v', '/usr/include/python3.12', '/v/lib/site')
        wanted = b'"/usr/include/python3.12;/v/lib/site/numpy/_core/include" /v/share'
        assert mended == wanted

    def test_a_file_is_parsed_once(self, provision, tmp_path, monkeypatch):
        parsed = []

        def parse(text, png_file=None):
            parsed.append((text, png_file))
            return {'tree': text}

        space = {'os': os, 'parse_idl_string': parse}
        exec(provision('mend').PARSE_ONCE, space)
        once = space['parse_idl_string']
        monkeypatch.delenv('LINEHAUL_IDL_CACHE', raising=False)
        once('a')
        monkeypatch.setenv('LINEHAUL_IDL_CACHE', str(tmp_path / 'cache'))
        assert [once('a'), once('a'), once('b')] == [{'tree': 'a'}, {'tree': 'a'}, {'tree': 'b'}]
        assert parsed == [('a', None), ('a', None), ('b', None)]
        for file in (tmp_path / 'cache').iterdir():
            file.write_bytes(b'half')
        assert once('a') == {'tree': 'a'}
        assert len(parsed) == 4


class TestLock:
    VERSIONS = ('3.10', '3.11', '3.12', '3.13')

    @pytest.mark.parametrize('version', VERSIONS)
    def test_every_pin_is_exact_hashed_and_named_once(self, provision, version):
        pins = provision('virtual').pins_of
        names = []
        for file in sorted((TOOLS / 'lock' / version).glob('*.txt')):
            for pin in pins(file.read_text()):
                name, _, rest = pin.partition('==')
                release, _, digest = rest.partition(' --hash=sha256:')
                assert release, pin
                assert len(digest) == 64, pin
                names.append(name)
        assert len(names) == len(set(names))
        assert {'ros-rclpy', 'numpy', 'pytest', 'colcon-core'} <= set(names)

    def test_the_lock_names_no_address(self):
        for file in (TOOLS / 'lock').rglob('*'):
            assert file.is_dir() or '://' not in file.read_text(), file

    def test_another_python_is_refused(self, clone, provision):
        chosen = provision('ros').Ros('', '', sys.executable)
        with pytest.raises(provision('errors').SetupError, match=r'no lock file for Python 3\.9'):
            provision('virtual').wanted(clone, chosen, '3.9')


class TestCommands:
    """The scripts themselves, in a clone whose environment is only made up."""

    @pytest.fixture
    def ready(self, clone, provision):
        stamp = provision('stamp')
        shutil.copytree(TOOLS, clone.root / 'tools')
        (clone.venv / 'bin').mkdir(parents=True)
        clone.python.symlink_to(os.path.realpath(sys.executable))
        clone.build.mkdir()
        clone.environment.write_text('linehaul_prepend PYTHONPATH "$root/a:$root/b"\n')
        known = provision('virtual')
        chosen = provision('ros').choose({}, {}, clone.venv)
        version = f'{sys.version_info.major}.{sys.version_info.minor}'
        want = known.wanted(clone, chosen, version)
        stamp.write(clone.venv_stamp, {'fingerprint': want, 'root': str(clone.root), 'ros': {}})
        provision('workspace').done(clone, stamp.package_fingerprints(clone, want))
        return clone

    @staticmethod
    def call(clone, *words, **more):
        environ = {'PATH': '/usr/bin:/bin', 'HOME': str(clone.root), **more}
        return subprocess.run(
            [clone.root / 'tools' / words[0], *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            env=environ,
            cwd='/',
        )

    def test_setup_has_nothing_to_do(self, ready):
        done = self.call(ready, 'setup')
        assert (done.returncode, done.stderr) == (0, '')

    def test_check_tells_what_is_out_of_date(self, ready):
        (ready.src / 'faces/msg/New.msg').write_text('bool a\n')
        assert self.call(ready, 'setup', '--check').returncode == 1

    def test_a_python_that_does_not_fit_is_said(self, ready):
        done = self.call(ready, 'setup', PYTHON='/bin/false')
        assert done.returncode == 2
        assert done.stderr.startswith('set-up: Python 3.10 to 3.13 is needed')

    def test_env_runs_a_command_and_keeps_its_exit_code(self, ready):
        done = self.call(ready, 'env', 'sh', '-c', 'echo $PYTHONPATH; exit 7', PYTHONPATH='/own')
        assert (done.returncode, done.stdout) == (7, f'{ready.root}/a:{ready.root}/b:/own\n')

    def test_env_inside_env_adds_nothing(self, ready):
        inner = f'{ready.root}/tools/env sh -c "echo \\$PYTHONPATH"'
        done = self.call(ready, 'env', 'sh', '-c', inner)
        assert done.stdout == f'{ready.root}/a:{ready.root}/b\n'

    def test_env_keeps_to_this_machine_unless_told(self, ready):
        name = 'ROS_AUTOMATIC_DISCOVERY_RANGE'
        assert self.call(ready, 'env', 'printenv', name).stdout == 'LOCALHOST\n'
        told = self.call(ready, 'env', 'printenv', name, **{name: 'SUBNET'})
        assert told.stdout == 'SUBNET\n'

    def test_env_follows_a_clone_that_moved(self, ready, provision):
        moved = ready.root.with_name('moved')
        ready.root.rename(moved)
        places = provision('places').Places(moved)
        done = self.call(places, 'env', 'sh', '-c', 'echo $PYTHONPATH')
        assert done.stdout == f'{moved}/a:{moved}/b\n'
        assert 'has moved' in done.stderr
        assert provision('stamp').read(places.build_stamp)['root'] == str(moved)

    def test_env_without_a_command_helps(self, ready):
        done = self.call(ready, 'env')
        assert done.returncode == 0
        assert done.stdout.startswith('usage: tools/env CMD')

    def test_a_second_setup_waits_for_the_first(self, ready):
        (ready.src / 'faces/msg/New.msg').write_text('bool a\n')
        lock = os.open(ready.root, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [ready.root / 'tools/setup']
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as second:
            line = second.stderr.readline()
            assert second.poll() is None
            second.kill()
        os.close(lock)
        assert 'another set-up is at work' in line
