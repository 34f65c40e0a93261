# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The journal gives back what was appended, and nothing of what was not."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_ros.journal import Journal, JournalError

BODIES = st.dictionaries(
    st.text(max_size=5), st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=8), st.none())
)
BATCHES = st.lists(st.lists(st.tuples(st.sampled_from('abc'), BODIES), max_size=4), max_size=6)


@settings(max_examples=25, deadline=None)
@given(batches=BATCHES)
def test_replay_gives_every_record_in_order(tmp_path_factory, batches):
    path = tmp_path_factory.mktemp('journal') / 'deep' / 'j.db'
    with Journal(path) as journal:
        for k, batch in enumerate(batches):
            journal.append(float(k), batch)
    with Journal(path) as journal:
        records = list(journal.replay())
    assert [(r.kind, r.body) for r in records] == [row for batch in batches for row in batch]
    assert [r.seq for r in records] == sorted(r.seq for r in records)


def test_a_batch_is_written_whole_or_not_at_all(tmp_path):
    with Journal(tmp_path / 'j.db') as journal:
        journal.append(1.0, [('a', {'x': 1})])
        with pytest.raises(TypeError):
            journal.append(2.0, [('b', {}), ('c', {'x': object()})])
        journal._db.execute(
            'CREATE TRIGGER full BEFORE INSERT ON event '
            "WHEN NEW.kind = 'f' BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        with pytest.raises(JournalError, match='full'):
            journal.append(3.0, [('d', {}), ('f', {})])
        assert [r.kind for r in journal.replay()] == ['a']


def test_records_survive_the_death_of_the_process(tmp_path):
    path = tmp_path / 'j.db'
    code = (
        'import os, signal, sys; from pathlib import Path\n'
        'from linehaul_ros.journal import Journal\n'
        'j = Journal(Path(sys.argv[1]))\n'
        'for k in range(100): j.append(float(k), [("e", {"k": k})])\n'
        'os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    done = subprocess.run([sys.executable, '-c', code, str(path)], env=os.environ, check=False)
    assert done.returncode == -9
    with Journal(path) as journal:
        assert [r.body['k'] for r in journal.replay()] == list(range(100))


def test_a_torn_last_write_costs_only_that_write(tmp_path):
    path = tmp_path / 'j.db'
    with Journal(path) as journal:
        journal.append(0.0, [('e', {'k': 0})])
    journal = Journal(path)
    journal.append(1.0, [('e', {'k': 1})])
    wal = path.with_name('j.db-wal')
    torn = tmp_path / 'torn'
    torn.mkdir()
    (torn / 'j.db').write_bytes(path.read_bytes())
    (torn / 'j.db-wal').write_bytes(wal.read_bytes()[:-100])
    journal.close()
    with Journal(torn / 'j.db') as copy:
        assert [r.body['k'] for r in copy.replay()] == [0]
        copy.append(2.0, [('e', {'k': 2})])
        assert [r.body['k'] for r in copy.replay()] == [0, 2]


def test_kept_values_replace_each_other_and_go_with_their_batch(tmp_path):
    with Journal(tmp_path / 'j.db') as journal:
        journal.append(0.0, [], {'order': [1, 2], 'a': None})
        journal.append(1.0, [('e', {})], {'order': [3]})
        with pytest.raises(TypeError):
            journal.append(2.0, [('e', {})], {'order': object()})
        assert journal.kept() == {'order': [3], 'a': None}
        assert len(list(journal.replay())) == 1


def test_a_file_that_is_no_journal_is_refused_with_its_name(tmp_path):
    path = tmp_path / 'j.db'
    path.write_text('hello, this is not a database at all' * 50)
    with pytest.raises(JournalError, match=r'j\.db'):
        Journal(path)


def test_a_log_is_copied_aside_while_appends_go_on(tmp_path):
    path = tmp_path / 'j.db'
    with Journal(path, aside=True) as journal:
        size = 0
        while path.stat().st_size < 500_000:  # until the thread has copied
            journal.append(0.0, [('a', {'k': size, 'text': 'x' * 2000})])
            size += 1
            assert size < 100_000
        assert [r.body['k'] for r in journal.replay()] == list(range(size))
