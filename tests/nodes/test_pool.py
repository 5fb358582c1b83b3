"""Several servers behind one Generate: wired, saved, switched off, and stopped together."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from server import PromptServer
from standin.outcomes import assert_failed
from standin.stage import Stage, graph

from drawbridge.client.address import Address
from drawbridge.client.configuration.fields import LoRA
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.generating.contact_sheet import Tile, sheet
from drawbridge.nodes.generating.server_queue import QUEUE
from drawbridge.nodes.host import user_folder

Serve = Callable[..., Emulator]
# A second address of this computer; macOS has 127.0.0.1 alone.
SECOND_WAY = "::1" if sys.platform == "darwin" else "127.0.0.2"


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    QUEUE.close()
    yield
    QUEUE.close()


def pooled(*ports: int, saved: str = "", **inputs: Any) -> dict[str, Any]:
    """Return a graph whose servers come from a Server Pool."""
    prompt = graph(ports[0] if ports else 1, **inputs)
    connect = prompt.pop("connect")
    pool: dict[str, Any] = {"saved": saved}
    for number, port in enumerate(ports, 1):
        values = {**connect["inputs"], "port": port}
        prompt[f"connect{number}"] = {"class_type": "Drawbridge_Connect", "inputs": values}
        pool[f"server_{number}"] = [f"connect{number}", 0]
    prompt["pool"] = {"class_type": "Drawbridge_ServerPool", "inputs": pool}
    prompt["model"]["inputs"]["server"] = ["pool", 0]
    return prompt


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let farm.test be the addresses that are given."""
    look_up = socket.getaddrinfo

    def tell(*ways: str) -> None:
        def told(host: Any, *rest: Any, **more: Any) -> Any:
            if host != "farm.test":
                return look_up(host, *rest, **more)
            return [row for way in ways for row in look_up(way, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", told)

    return tell


def save(emulator: Emulator, name: str) -> None:
    address = Address("127.0.0.1", emulator.port)
    SavedServers(user_folder()).put(Server(address, Transport.PLAINTEXT, name=name))


def generated(emulator: Emulator) -> int:
    return len(emulator.journal.events("finished"))


def texts() -> list[str]:
    return [text for _, text in PromptServer.instance.texts]


def test_batch_is_shared_and_comes_in_order(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=40), serve(step_ms=40)
    outcome = stage.host.run(pooled(one.port, other.port, batch_count=6, seed=40))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.outputs["generate"][5] == [40, 41, 42, 43, 44, 45]
    assert generated(one) + generated(other) == 6
    assert min(generated(one), generated(other)) >= 1
    assert len(stage.pictures) == 6


def test_what_runs_is_told_with_its_server(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=40), serve(step_ms=40)
    PromptServer.instance.texts.clear()
    prompt = pooled(one.port, other.port, batch_count=2, model="sd_v1.5_f16.ckpt")
    assert stage.host.run(prompt).status == "success"
    both = [text for text in texts() if "\N{MIDDLE DOT}" in text]
    assert any(f"{one.address}: " in text and f"{other.address}: " in text for text in both)
    assert any("(1 of 2)" in text and "(2 of 2)" in text for text in both)
    step = r"127\.0\.0\.1:[0-9]+: Sampling [0-9]+ of [0-9]+"
    assert any(len(re.findall(step, text)) == 2 for text in both), both
    sizes = [told["size"] for told in stage.told("preview", node="generate")]
    assert any((2 * columns, rows) in sizes for columns, rows in sizes), sizes  # side by side


def test_saved_servers_are_named(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=40), serve(step_ms=40)
    save(one, "Studio")
    save(other, "Mini")
    prompt = pooled(saved="studio\n\n Mini ", batch_count=4)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert min(generated(one), generated(other)) >= 1
    save(serve(), "Mini")  # somewhere else by now
    assert "pool" in stage.host.run(prompt).executed


def test_name_that_is_not_saved_is_said_at_the_field(stage: Stage) -> None:
    outcome = stage.host.run(pooled(saved="Nowhere"))
    assert outcome.status == "invalid"
    [error] = outcome.node_errors["pool"]
    assert error["extra_info"]["input_name"] == "saved"
    assert "'Nowhere'" in error["details"]


def test_pool_without_a_server_is_said_at_the_pool(stage: Stage) -> None:
    assert_failed(stage.host.run(pooled()), "pool", "RequestRejected", "has no server")


def test_server_that_is_off_stops_nothing(serve: Serve, stage: Stage) -> None:
    off, on = serve(), serve()
    off.stop()
    prompt = pooled(off.port, on.port, batch_count=2)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert generated(on) == 2
    assert any("The pool does without it" in text for text in texts())


def test_server_that_is_off_is_said_where_it_is_wanted_alone(serve: Serve, stage: Stage) -> None:
    off, on = serve(), serve()
    off.stop()
    prompt = pooled(off.port, on.port)
    prompt["model"]["inputs"]["server"] = ["connect1", 0]
    assert_failed(stage.host.run(prompt), "connect1", "ServerUnreachable", "Nothing listens")


def test_server_without_the_model_is_left_out_and_named(
    serve: Serve, stage: Stage, tmp_path: Any
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    full, empty = serve(step_ms=20), serve(models=models)
    outcome = stage.host.run(pooled(empty.port, full.port, batch_count=3))
    assert outcome.status == "success", outcome.exception_message
    assert generated(full) == 3
    assert generated(empty) == 0
    assert any(f"Left out: {empty.address}" in text for text in texts())


def test_file_that_no_server_has_is_left_out_with_a_note(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=20), serve(step_ms=20)
    PromptServer.instance.texts.clear()
    prompt = pooled(one.port, other.port, batch_count=2, loras=(LoRA("ink wash"),))
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert generated(one) + generated(other) == 2
    assert "has no LoRA ink wash. The picture is made without." in texts()[-1]
    assert not any("Left out" in text for text in texts())


def test_stack_goes_by_the_server_that_has_all(serve: Serve, stage: Stage, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    ink = {"name": "Ink", "file": "ink.ckpt", "prefix": "", "version": "z_image"}
    (models / "custom_lora.json").write_text(json.dumps([ink]), encoding="utf-8")
    (models / "ink.ckpt").write_bytes(b"weights")
    lacks, has = serve(), serve(models=models, stock=True)
    prompt = pooled(lacks.port, has.port)
    rows = {"model": ["model", 0], "lora_1": "Ink", "weight_1": 1.0, "mode_1": "all"}
    prompt["stack"] = {"class_type": "Drawbridge_LoRAStack", "inputs": rows}
    prompt["generate"]["inputs"]["loras"] = ["stack", 0]
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert (generated(lacks), generated(has)) == (0, 1)
    rows["lora_1"] = "Ink wash"
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    [note] = [text for node, text in PromptServer.instance.texts if node == "stack"]
    assert "has no LoRA Ink wash. The picture is made without." in note


def test_lost_server_s_picture_is_made_by_the_other(serve: Serve, stage: Stage) -> None:
    doomed, other = serve(step_ms=30), serve(step_ms=30)

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "progress" and doomed.journal.events("step"):
            stage.watch = lambda name, data: None
            threading.Thread(target=doomed.stop).start()

    stage.watch = watch
    outcome = stage.host.run(pooled(doomed.port, other.port, batch_count=3))
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 3


def named(port: int, **inputs: Any) -> dict[str, Any]:
    """Return a graph with one Connect, whose name may stand for several servers."""
    prompt = pooled(port, batch_count=4, **inputs)
    prompt["connect1"]["inputs"]["host"] = "farm.test"
    prompt["pool"]["inputs"]["each_address"] = True
    return prompt


def test_each_address_of_a_name_is_a_server(
    serve: Serve, stage: Stage, name_server: Callable[..., None]
) -> None:
    first = serve(step_ms=40)
    second = serve(step_ms=40, host=SECOND_WAY, port=first.port)
    name_server("127.0.0.1", SECOND_WAY)
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(named(first.port))
    assert outcome.status == "success", outcome.exception_message
    assert min(generated(first), generated(second)) >= 1
    assert generated(first) + generated(second) == 4
    where = f"farm.test:{first.port} at "
    assert any(f"{where}127.0.0.1: " in text and where + SECOND_WAY in text for text in texts())
    second.stop()  # the name is looked up at each run, and no answer costs no picture
    assert stage.host.run(named(first.port, seed=77)).status == "success"


def test_computer_with_two_addresses_is_used_once(
    serve: Serve, stage: Stage, name_server: Callable[..., None]
) -> None:
    emulator = serve(step_ms=10, host="0.0.0.0")
    name_server("127.0.0.1", "127.0.0.2" if SECOND_WAY != "::1" else "127.0.0.1")
    assert stage.host.run(named(emulator.port)).status == "success"
    kinds = ("queued", "finished")
    told = [entry["event"] for entry in emulator.journal if entry["event"] in kinds]
    assert told == ["queued", "finished"] * 4


def test_list_of_prompts_is_shared(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=40), serve(step_ms=40)
    prompt = pooled(one.port, other.port, prompt=["batch", 0], seed=["batch", 2])
    given = {"prompts": "a\nb\nc\nd\ne", "prefix": "", "suffix": "", "seed": 7}
    prompt["batch"] = {"class_type": "Drawbridge_PromptBatch", "inputs": given}
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert min(generated(one), generated(other)) >= 1
    assert generated(one) + generated(other) == 5
    assert len(stage.pictures) == 5


def test_cancel_stops_every_server(serve: Serve, stage: Stage) -> None:
    emulators = [serve(step_ms=30) for _ in range(3)]

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "progress" and all(one.journal.events("step") for one in emulators):
            stage.host.interrupt()

    stage.watch = watch
    prompt = pooled(*(one.port for one in emulators), batch_count=6, steps=100)
    assert stage.host.run(prompt).status == "interrupted"
    for one in emulators:
        one.journal.wait_for_event("cancelled")
    stage.watch = lambda name, data: None
    assert stage.host.run(pooled(emulators[0].port, seed=9)).status == "success"


def twice(first: int, second: int) -> dict[str, Any]:
    """Return two graphs in one, each with a Generate of its own."""
    prompt = graph(first)
    for name, node in graph(second, seed=8).items():
        inputs = {
            key: [f"{value[0]}2", value[1]] if isinstance(value, list) else value
            for key, value in node["inputs"].items()
        }
        prompt[f"{name}2"] = {**node, "inputs": inputs}
    return prompt


def test_two_nodes_with_different_servers_run_at_the_same_time(serve: Serve, stage: Stage) -> None:
    one, other = serve(step_ms=60), serve(step_ms=60)
    ran: list[bool] = []

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "progress":
            begun = all(each.journal.events("started") for each in (one, other))
            ran.append(begun and not any(each.journal.events("finished") for each in (one, other)))

    stage.watch = watch
    assert stage.host.run(twice(one.port, other.port)).status == "success"
    assert any(ran)


def test_two_nodes_with_one_server_take_turns(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=10)
    assert stage.host.run(twice(emulator.port, emulator.port)).status == "success"
    kinds = ("queued", "finished")
    told = [entry["event"] for entry in emulator.journal if entry["event"] in kinds]
    assert told == ["queued", "finished", "queued", "finished"]


def test_at_once_opens_several_requests_at_one_address(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=60)
    prompt = graph(emulator.port, batch_count=4)
    prompt["connect"]["inputs"]["at_once"] = 2
    assert stage.host.run(prompt).status == "success"
    calls = emulator.journal.events("call", rpc="GenerateImage")
    assert len({str(call["peer"]) for call in calls}) == 2


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_sheet_has_a_place_for_each_picture(count: int) -> None:
    colours = [(number * 20, 100, 200) for number in range(count)]
    tiles = [Tile(Image.new("RGB", (64, 32), colour), "Zu Hause ü") for colour in colours]
    whole = sheet(tiles)
    assert whole is not None
    seen = {colour for _, colour in whole.getcolors(1 << 20) or ()}
    assert set(colours) <= seen
    assert sheet([]) is None


def asking(node: str, *ports: int, **inputs: Any) -> dict[str, Any]:
    """Return a graph in which one node asks a pool."""
    prompt = pooled(*ports)
    kept = {name: node for name, node in prompt.items() if name.startswith(("connect", "pool"))}
    values = {"server": ["pool", 0], **inputs}
    kept["asks"] = {"class_type": f"Drawbridge_{node}", "inputs": values}
    kept["shown"] = {"class_type": "PreviewAny", "inputs": {"source": ["asks", 0]}}
    return kept


def test_upload_goes_to_every_server_that_lacks_the_file(
    serve: Serve, stage: Stage, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_UPLOAD_FOLDERS", str(tmp_path))
    (tmp_path / "new.ckpt").write_bytes(b"weights")
    models = tmp_path / "models"
    models.mkdir()
    (models / "new.ckpt").write_bytes(b"weights")
    has, lacks, off = serve(models=models), serve(), serve()
    off.stop()
    ports = (has.port, lacks.port, off.port)
    upload = asking("Upload", *ports, source="none", path=str(tmp_path / "new.ckpt"))
    outcome = stage.host.run(upload)
    assert outcome.status == "success", outcome.exception_message
    assert outcome.outputs["asks"][0] == ["new.ckpt"]
    [report] = outcome.outputs["asks"][1]
    assert [len(one.journal.events("call", rpc="UploadFile")) for one in (has, lacks)] == [0, 1]
    assert f"{off.address}: nothing was sent. Nothing listens" in report
    exist = asking("FilesExist", *ports[:2], names="new.ckpt")
    outcome = stage.host.run(exist)
    assert outcome.outputs["asks"][2] == [True]


def test_files_of_a_server_that_is_away_are_not_known(serve: Serve, stage: Stage) -> None:
    on, off = serve(), serve()
    off.stop()
    outcome = stage.host.run(
        asking("FilesExist", on.port, off.port, names="z_image_turbo_1.0_q8p.ckpt")
    )
    assert outcome.status == "success", outcome.exception_message
    text, told, everything = (values[0] for values in outcome.outputs["asks"])
    assert f"{off.address}: not known. Nothing listens" in text
    assert [(one["server"], one["exists"]) for one in json.loads(told)] == [
        (on.address, True),
        (off.address, None),
    ]
    assert everything is False


def test_pool_that_is_away_is_said_by_files_exist(serve: Serve, stage: Stage) -> None:
    off = serve()
    off.stop()
    asked = asking("FilesExist", off.port, names="a.ckpt")
    assert_failed(stage.host.run(asked), "asks", "ServerUnreachable", "Nothing listens")
