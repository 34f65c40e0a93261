# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""The fleet's journal: a full disk, a torn write, events that wait, and what comes back."""

import shutil
import sqlite3

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from linehaul_fleet.acts import Mode, ModeSet
from linehaul_fleet.codes import Code
from linehaul_fleet.store import node as store_module
from linehaul_fleet.store.node import TRY_AGAIN, Store
from linehaul_ros.journal import Journal, JournalError, JournalFullError


def event(k):
    return ModeSet(Mode.PAUSED if k % 2 else Mode.RUNNING, 'anna', f'{k} ' + 'x' * 200)


class SmallDisk:
    """A disk that holds a number of records, and more once the reserve is given up."""

    def __init__(self, monkeypatch, folder, room, more):
        self.room, self.more, self.folder = room, more, folder
        append = Journal.append

        def small(journal, time, records, kept=None):
            size = len(list(records)) + len(kept or {})
            reserve = self.folder / 'fleet.reserve'
            if reserve.exists() and reserve.stat().st_size == 0:
                self.room, self.more = self.room + self.more, 0
            if size > self.room:
                raise JournalFullError('journal fleet.db: the disk is full')
            self.room -= size
            append(journal, time, records, kept)

        monkeypatch.setattr(Journal, 'append', small)


def texts(folder):
    store = Store(folder)
    try:
        return [e.reason.split()[0] for _, e in store.history()]
    finally:
        store.close()


def test_what_was_written_comes_back_with_what_is_kept(tmp_path):
    store = Store(tmp_path)
    for k in range(3):
        store.write(float(k), [event(k)], {'order': k})
    assert store.refusal() is None
    assert store.written
    store.close()
    again = Store(tmp_path)
    assert again.history() == [(float(k), event(k)) for k in range(3)]
    assert again.kept() == {'order': 2}
    again.close()


def test_on_a_full_disk_the_reserve_keeps_accepted_work_going_and_new_work_is_refused(
    tmp_path, monkeypatch
):
    disk = SmallDisk(monkeypatch, tmp_path, room=5, more=20)
    store = Store(tmp_path)
    for k in range(10):
        store.write(float(k), [event(k)], {})
        assert store.written
    refusal = store.refusal()
    assert refusal.code is Code.DISK_FULL
    assert 'full' in refusal.text
    disk.room = 10_000  # somebody has made room
    for _ in range(TRY_AGAIN + 1):
        store.write(11.0, [], {'order': 1})
    assert store.refusal() is None
    assert (tmp_path / 'fleet.reserve').stat().st_size >= store_module.RESERVE
    store.close()
    monkeypatch.undo()
    assert texts(tmp_path) == [str(k) for k in range(10)]


def test_events_that_have_no_room_wait_and_are_written_in_order(tmp_path, monkeypatch):
    disk = SmallDisk(monkeypatch, tmp_path, room=2, more=2)
    store = Store(tmp_path)
    for k in range(8):
        store.write(float(k), [event(k)], {'order': k})
    assert not store.written
    assert store.refusal().code is Code.DISK_FULL
    disk.room = 10_000
    store.write(9.0, [event(8)], {'order': 8})
    assert store.written
    assert store.kept() == {'order': 8}
    store.close()
    monkeypatch.undo()
    assert texts(tmp_path) == [str(k) for k in range(9)]


def test_sqlites_own_full_error_is_borne(tmp_path):
    store = Store(tmp_path)
    pages = store._journal._db.execute('PRAGMA page_count').fetchone()[0]
    store._journal._db.execute(f'PRAGMA max_page_count = {pages + 2}')
    k = 0
    while store.refusal() is None:
        store.write(float(k), [event(k)], {})
        k += 1
        assert k < 1000
    store.write(float(k), [event(k)], {})
    store._journal._db.execute('PRAGMA max_page_count = 100000')
    store.write(float(k + 1), [event(k + 1)], {})
    assert store.written
    store.close()
    assert texts(tmp_path) == [str(i) for i in range(k + 2)]


@pytest.mark.parametrize('lost', [1, 7, 100, 4096, 9000])
def test_a_torn_last_write_leaves_everything_before_it(tmp_path, lost):
    store = Store(tmp_path / 'whole')
    for k in range(40):
        store.write(float(k), [event(k)], {})
    torn = tmp_path / 'torn'
    torn.mkdir()
    for name in ('fleet.db', 'fleet.db-wal'):  # what a power cut leaves: no last pages
        shutil.copy(tmp_path / 'whole' / name, torn / name)
    store.close()
    with (torn / 'fleet.db-wal').open('r+b') as wal:
        wal.truncate(max((torn / 'fleet.db-wal').stat().st_size - lost, 0))
    left = texts(torn)
    assert left == [str(k) for k in range(len(left))]
    assert 40 > len(left) >= 40 - 1 - lost // 1000


def test_a_damaged_journal_is_told_and_not_guessed(tmp_path):
    (tmp_path / 'fleet.db').write_bytes(b'no journal' * 1000)
    with pytest.raises(JournalError, match=r'fleet\.db'):
        Store(tmp_path)


def test_an_unreadable_event_is_told(tmp_path):
    store = Store(tmp_path)
    store.write(1.0, [event(1)], {})
    store.close()
    with sqlite3.connect(tmp_path / 'fleet.db') as db:
        db.execute("UPDATE event SET body = x'00ff'")
    db.close()
    again = Store(tmp_path)
    with pytest.raises(JournalError, match='damaged'):
        again.history()
    again.close()


def test_without_a_folder_nothing_is_written_and_nothing_refused():
    store = Store(None)
    store.write(1.0, [event(1)], {'order': 1})
    assert (store.history(), store.kept(), store.refusal()) == ([], {}, None)
    store.close()
