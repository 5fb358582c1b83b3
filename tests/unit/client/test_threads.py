"""Work in a thread, for whoever waits for it, is cancelled, or goes down with its event loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading

import pytest

from drawbridge.client.threads import in_stoppable_thread, in_thread


async def test_what_work_returns_and_raises_arrives() -> None:
    assert await in_thread(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_work_hears_that_nobody_waits_any_longer() -> None:
    began, over = threading.Event(), threading.Event()

    def work(stop: object) -> None:
        began.set()
        while not stop():  # type: ignore[operator]
            pass
        over.set()

    task = asyncio.ensure_future(in_stoppable_thread(work))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    over.wait()


@pytest.mark.parametrize("cancellations", [1, 2, 3])
async def test_error_that_comes_after_the_cancellation_is_nobody_s(
    cancellations: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A loop that goes down cancels a task, and whoever waits for that task does so once more."""
    began, go_on = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        go_on.wait()
        raise ZeroDivisionError

    task = asyncio.ensure_future(in_thread(work))
    await asyncio.to_thread(began.wait)
    for _ in range(cancellations):
        task.cancel()
        await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    await in_thread(lambda: None)
    gc.collect()
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
