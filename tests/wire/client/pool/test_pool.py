"""Several servers make the pictures of one run: all of them, once each, whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from drawbridge import errors
from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.configuration.fields import Control, LoRA
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.generation.hints import Guide
from drawbridge.client.pool.events import Away, Back, Finished, LeftOut, Missing, News, PoolEvent
from drawbridge.client.pool.member import Member
from drawbridge.client.pool.pool import Pool
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Join = Callable[..., Member]
Wish = Callable[..., Wishes]
Run = Callable[..., Any]

MODEL_FILES = ("sd_v1.5_f16.ckpt", "vae_ft_mse_840000_f16.ckpt", "clip_vit_l14_f16.ckpt")


def generated(emulator: Emulator) -> int:
    return len(emulator.journal.events("call", rpc="GenerateImage"))


async def test_each_picture_is_made_once_by_one_of_the_servers(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    emulators = [serve(step_ms=30) for _ in range(3)]
    story = await run(Pool([member(one) for one in emulators]), wishes(runs=9))
    story.check(9)
    assert story.seeds == list(range(100, 109))
    assert len(story.shares) == 3
    assert sum(map(generated, emulators)) == 9


async def test_seed_gives_the_same_request_wherever_it_runs(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    def pictures(story: Any) -> list[np.ndarray]:
        finished = sorted(story.of(Finished), key=lambda one: one.item)
        return [one.pictures[0].array for one in finished]

    alone = await run(Pool([member(serve())]), wishes(runs=6))
    pool = Pool([member(serve(step_ms=30)), member(serve(step_ms=30, tls=True))])
    shared = await run(pool, wishes(runs=6))
    assert len(shared.shares) == 2
    for one, other in zip(pictures(alone), pictures(shared), strict=True):
        assert np.array_equal(one, other)


async def test_faster_server_does_more(serve: Serve, member: Join, wishes: Wish, run: Run) -> None:
    fast, slow = serve(step_ms=2), serve(step_ms=250)
    story = await run(Pool([member(slow, "slow"), member(fast, "fast")]), wishes(runs=6))
    story.check(6)
    assert story.shares["fast"] > story.shares.get("slow", 0)


async def test_slow_server_does_not_hold_up_the_end(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    """With what the pool knows from before, the slow one is not given what it would do last."""
    fast, slow = serve(step_ms=2), serve(step_ms=100)
    pool = Pool([member(slow, "slow"), member(fast, "fast")])
    await run(pool, wishes(runs=4))
    before = generated(slow)
    story = await run(pool, wishes(runs=2, seed=500))
    story.check(2)
    assert generated(slow) - before <= 1


@pytest.mark.parametrize(
    "fault",
    [
        *("internal-error:1", "cancel-status:1", "no-pictures:1", "nan-pixels:1"),
        *(
            f"generate[1]: status {code} after 2"
            for code in ("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED")
        ),
    ],
)
async def test_what_one_server_fails_at_another_makes(
    serve: Serve, member: Join, wishes: Wish, run: Run, fault: str
) -> None:
    broken, sound = serve(step_ms=5, faults=(fault,)), serve(step_ms=5)
    story = await run(Pool([member(broken), member(sound)]), wishes(runs=4))
    story.check(4)
    assert generated(broken) + generated(sound) == 5


async def test_server_that_fails_always_is_left_out_and_named(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    broken, sound = serve(faults=("internal-error",)), serve(step_ms=20)
    story = await run(Pool([member(broken, "broken"), member(sound)]), wishes(runs=8))
    story.check(8)
    assert list(story.left_out) == ["broken"]
    assert generated(broken) == 3


async def test_what_every_server_fails_at_is_missing_after_one_try_each(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    emulators = [serve(faults=("internal-error:1",)) for _ in range(2)]
    story = await run(Pool([member(one) for one in emulators]), wishes())
    [missing] = story.of(Missing)
    assert isinstance(missing.error, errors.GenerationFailed)
    assert missing.by_itself
    assert list(map(generated, emulators)) == [1, 1]


async def test_server_that_dies_gives_its_picture_to_another(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    doomed, other = serve(step_ms=30), serve(step_ms=30)
    killer = threading.Thread(target=doomed.stop)

    def watch(event: PoolEvent) -> None:
        if isinstance(event, News) and event.member.name == "doomed" and killer.ident is None:
            killer.start()

    story = await run(Pool([member(doomed, "doomed"), member(other)]), wishes(runs=4), watch)
    killer.join()
    story.check(4)
    assert [one.member.name for one in story.of(Away)] == ["doomed"]


async def test_server_that_comes_back_is_used_again(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    first, other = serve(step_ms=10), serve(step_ms=60)
    port = first.port
    restarted: list[Emulator] = []

    def restart() -> None:
        first.stop()
        restarted.append(serve(step_ms=10, port=port))

    killer = threading.Thread(target=restart)

    def watch(event: PoolEvent) -> None:
        if isinstance(event, News) and event.member.name == "first" and killer.ident is None:
            killer.start()

    pool = Pool([member(first, "first"), member(other)])
    story = await run(pool, wishes(runs=12), watch)
    killer.join()
    story.check(12)
    assert [one.member.name for one in story.of(Back)] == ["first"]
    assert generated(restarted[0]) >= 1


async def test_server_that_is_off_costs_no_picture_and_no_time(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    off, on = serve(), serve()
    off.stop()
    story = await run(Pool([member(off, "off"), member(on)]), wishes(runs=3))
    story.check(3)
    assert [one.member.name for one in story.of(Away)][:1] == ["off"]


async def test_pool_that_is_off_says_why_after_its_patience(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    members = []
    for _ in range(2):
        emulator = serve()
        members.append(member(emulator))
        emulator.stop()
    with pytest.raises(errors.ServerUnreachable, match="Nothing listens") as caught:
        await run(Pool(members, patience_seconds=0.05), wishes())
    for one in members:
        assert one.name in str(caught.value)


async def test_server_without_the_model_is_left_out_and_named(
    serve: Serve, member: Join, wishes: Wish, run: Run, tmp_path: Any
) -> None:
    full, empty = serve(), serve(models=tmp_path)
    for members in ([empty, full], [full, empty]):
        names = {full: "full", empty: "empty"}
        pool = Pool([member(one, names[one]) for one in members])
        slow = wishes(runs=3, model="z_image_turbo_1.0_q8p.ckpt")
        story = await run(pool, slow)
        story.check(3)
        assert story.shares == {"full": 3}
        assert set(story.left_out) <= {"empty"}
    assert generated(empty) == 0


@pytest.mark.parametrize("order", [1, -1])
async def test_server_without_a_lora_is_left_out(
    serve: Serve, member: Join, wishes: Wish, run: Run, tmp_path: Any, order: int
) -> None:
    plain = serve(step_ms=20)
    lora = next(
        str(spec["file"])
        for spec in plain_loras()
        if spec["version"] == "v1" and "modifier" not in spec
    )
    (tmp_path / "sd_v1.5_f16.ckpt").write_bytes(b"x")
    for name in MODEL_FILES[1:]:
        (tmp_path / name).write_bytes(b"x")
    without = serve(models=tmp_path, step_ms=20)
    pool = Pool([member(plain, "with"), member(without, "without")][::order])
    wanted = wishes(runs=3)
    story = await run(
        pool, Wishes(wanted.model, "a", settings=wanted.settings, runs=3, loras=(LoRA(lora, 0.5),))
    )
    story.check(3)
    assert story.shares == {"with": 3}
    assert lora in story.left_out["without"]


@pytest.mark.parametrize("order", [1, -1])
async def test_server_without_a_control_is_left_out(
    serve: Serve, member: Join, wishes: Wish, run: Run, tmp_path: Any, order: int
) -> None:
    control = "controlnet_canny_1.x_v1.1_f16.ckpt"
    for name in MODEL_FILES:
        (tmp_path / name).write_bytes(b"x")
    having, without = serve(step_ms=20), serve(models=tmp_path, step_ms=20)
    pool = Pool([member(having, "with"), member(without, "without")][::order])
    guide = Guide(Control(control), "canny", torch.zeros(1, 128, 128, 3), 1)
    small = wishes().settings
    wanted = Wishes("sd_v1.5_f16.ckpt", "a", settings=small, runs=3, guides=(guide,))
    story = await run(pool, wanted)
    story.check(3)
    assert story.shares == {"with": 3}
    assert control in story.left_out["without"]
    assert generated(without) == 0


def plain_loras() -> list[dict[str, Any]]:
    from drawbridge.emulator.stock.entries import LORAS

    return [dict(one) for one in LORAS]


async def test_wishes_that_no_server_takes_end_the_run(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    emulators = [serve(), serve()]
    with pytest.raises(errors.RequestRejected, match="steps"):
        await run(Pool([member(one) for one in emulators]), wishes(steps=0))
    assert list(map(generated, emulators)) == [0, 0]


async def test_servers_differ_in_transport_and_secret(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    plain = serve(step_ms=30)
    locked = serve(step_ms=30, tls=True, secret="open sesame")
    story = await run(Pool([member(plain), member(locked, secret="open sesame")]), wishes(runs=6))
    story.check(6)
    assert len(story.shares) == 2


async def test_wrong_secret_leaves_a_server_out(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    plain, locked = serve(step_ms=30), serve(secret="open sesame")
    story = await run(Pool([member(plain), member(locked, "locked")]), wishes(runs=3))
    story.check(3)
    assert "secret" in story.left_out["locked"]


async def test_server_whose_browser_is_off_takes_part(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    telling, silent = serve(step_ms=30), serve(step_ms=30, model_browser=False)
    story = await run(Pool([member(telling), member(silent)]), wishes(runs=6))
    story.check(6)
    assert len(story.shares) == 2


async def test_several_at_once_go_to_one_address(
    serve: Serve, member: Join, wishes: Wish, run: Run
) -> None:
    emulator = serve(step_ms=20)
    story = await run(Pool([member(emulator, at_once=3)]), wishes(runs=6))
    story.check(6)
    calls = emulator.journal.events("call", rpc="GenerateImage")
    assert len({str(call["peer"]) for call in calls}) == 3


@pytest.mark.parametrize("count", [2, 4])
async def test_cancel_stops_all_servers_within_half_a_second(
    serve: Serve, member: Join, wishes: Wish, run: Run, count: int
) -> None:
    emulators = [serve(step_ms=20) for _ in range(count)]
    running: set[str] = set()
    all_run = asyncio.Event()

    def watch(event: PoolEvent) -> None:
        if isinstance(event, News):
            running.add(event.member.name)
            if len(running) == count:
                all_run.set()

    pool = Pool([member(one) for one in emulators])
    task = asyncio.ensure_future(run(pool, wishes(runs=8, steps=150), watch))
    await all_run.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for one in emulators:
        one.journal.wait_for_event("cancelled")
        assert one.journal.events("finished") == []
        assert len(one.journal.events("started")) == 1  # and nothing new
    while asyncio.all_tasks() != {asyncio.current_task()}:  # noqa: ASYNC110 - gRPC has its own
        await asyncio.sleep(0.01)


async def test_person_s_model_file_is_looked_for_at_every_server(
    serve: Serve, member: Join, wishes: Wish, run: Run, tmp_path: Any
) -> None:
    """What Load Model has found on one server need not be on the others."""
    full, empty = serve(step_ms=10), serve(models=tmp_path)
    async with member(full).open() as client:
        catalog = await client.catalog()
    spec = catalog.model("fjord_1_dev_q8p.ckpt")
    assert spec is not None
    wanted = Wishes(ModelFile.of(spec), "a", settings=wishes().settings, runs=3)
    story = await run(Pool([member(empty, "empty"), member(full, "full")]), wanted)
    story.check(3)
    assert story.shares == {"full": 3}
    assert [type(one.error) for one in story.of(LeftOut)] == [errors.ModelUnavailable]
