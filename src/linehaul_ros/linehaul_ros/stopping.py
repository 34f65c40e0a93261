# SPDX-FileCopyrightText: 2026 The linehaul authors
# SPDX-License-Identifier: Apache-2.0
"""Stopping work of a library that swallows cancellations. Imports no ROS.

asyncua takes a cancellation that comes while it disconnects for the end of its own tasks;
`asyncio.wait_for` before Python 3.12 loses one that comes in the same turn as the answer, and
pymodbus waits by it. Work that goes on for ever could then never be stopped.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar('T')
AGAIN = 1.0
"""[s] until work that goes on is cancelled again; disconnecting in good order may take this."""


async def stoppable(work: Coroutine[Any, Any, T]) -> T:
    """Await work so that a cancellation always gets through.

    The work runs in a task of its own. A cancellation is given on until that task has ended, and
    then raised, whatever the task made of it.

    Returns:
        What the work returns; what it raises is raised.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        await _end(task)
        raise
    return task.result()


async def _end(task: asyncio.Task[Any]) -> None:
    while not task.done():
        task.cancel()
        try:
            await asyncio.wait([task], timeout=AGAIN)
        except asyncio.CancelledError:
            continue  # the caller is already on its way out, and hurries
    if not task.cancelled():
        task.exception()  # taken: a defect on the way out changes nothing
