# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Work that swallows cancellations ends all the same, and who waits for it hears of it."""

import asyncio
import contextlib

import pytest
from linehaul_ros.stopping import stoppable

from linehaul_ros import stopping


async def ended(task):
    """Wait for a task that must end by itself."""
    done, _ = await asyncio.wait([task], timeout=5.0)
    assert done, 'it goes on'


async def swallow(times, then):
    """Go on although cancelled, so many times; then wait (True) or return."""
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60.0)
    if then:
        await asyncio.sleep(60.0)
    return 'swallowed'


@pytest.mark.parametrize(('times', 'then'), [(0, True), (1, False), (1, True), (3, True)])
def test_a_cancellation_gets_through(times, then, monkeypatch):
    monkeypatch.setattr(stopping, 'AGAIN', 0.01)

    async def play():
        task = asyncio.ensure_future(stoppable(swallow(times, then)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await ended(task)
        assert task.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing is left behind

    asyncio.run(play())


def test_one_that_is_cancelled_again_and_again_ends():
    """As when a loop ends with all its tasks: the caller is told several times."""

    async def play():
        task = asyncio.ensure_future(stoppable(swallow(4, then=True)))
        for _ in range(12):
            await asyncio.sleep(0)
            task.cancel()
        await ended(task)
        assert task.cancelled()

    asyncio.run(play())


def test_what_work_returns_and_raises_comes_out():
    async def fail():
        raise ConnectionError('gone')

    async def cancel_itself():
        asyncio.current_task().cancel()
        await asyncio.sleep(60.0)

    assert asyncio.run(stoppable(swallow(0, then=False))) == 'swallowed'
    with pytest.raises(ConnectionError, match='gone'):
        asyncio.run(stoppable(fail()))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stoppable(cancel_itself()))


def test_a_defect_on_the_way_out_is_no_reason_to_stay():
    async def fail():
        try:
            await asyncio.sleep(60.0)
        finally:
            raise ConnectionError('gone while leaving')

    async def play():
        task = asyncio.ensure_future(stoppable(fail()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await ended(task)
        assert task.cancelled()

    asyncio.run(play())
