# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given, settings
from hypothesis import strategies as st
from linehaul_bringup.restart import CANNOT_RUN, Health, Respawn, after_exit

POLICY = Respawn(delay=0.5, max_delay=3.0, healthy_after=30.0, attempts=4)


def test_the_wait_doubles_up_to_its_cap_and_then_the_node_is_given_up():
    health, delays = Health(), []
    for _ in range(5):
        health, delay = after_exit(health, POLICY, 1.0, -9)
        delays.append(delay)
    assert delays == [0.5, 1.0, 2.0, 3.0, None]


def test_a_healthy_run_forgives():
    health, delay = after_exit(Health(4), POLICY, 30.0, 1)
    assert (health, delay) == (Health(1), 0.5)


def test_a_node_that_says_it_cannot_run_is_not_started_again():
    assert after_exit(Health(), POLICY, 100.0, CANNOT_RUN)[1] is None


def test_without_a_policy_there_is_no_restart():
    assert after_exit(Health(), None, 100.0, 0)[1] is None


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(0.0, 1e3),
    st.floats(0.0, 1e3),
    st.integers(0, 100_000),
    st.floats(0.0, 1e4),
)
def test_waits_stay_within_the_policy(failures, delay, more, attempts, ran_for):
    policy = Respawn(delay, delay + more, 30.0, attempts)
    health, wait = after_exit(Health(failures), policy, ran_for, 1)
    assert wait is None or delay <= wait <= delay + more
    assert (wait is None) == (health.failures > attempts)
