# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
import os

import pytest
from linehaul_bringup.errors import RunRefused
from linehaul_bringup.lock import hold, hold_domain, hold_run_dir


def test_a_lock_is_held_once_and_free_again_after_its_holder(tmp_path):
    held = hold_run_dir(tmp_path)
    with pytest.raises(RunRefused, match=rf'already runs in .* \(pid {os.getpid()}\)'):
        hold_run_dir(tmp_path)
    os.close(held)
    os.close(hold_run_dir(tmp_path))


def test_two_domains_do_not_mind_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    held = [hold_domain({}), hold_domain({'ROS_DOMAIN_ID': '7'})]
    with pytest.raises(RunRefused, match='ROS domain 0'):
        hold_domain({'ROS_DOMAIN_ID': ''})
    for lock in held:
        os.close(lock)


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    (tmp_path / 'a').symlink_to(tmp_path / 'b')
    with pytest.raises(RunRefused, match='cannot be opened'):
        hold(tmp_path / 'a', 'x', 'y')
    assert not (tmp_path / 'b').exists()
