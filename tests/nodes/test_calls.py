"""How often a run speaks to its server: what is known is not asked for again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from standin.stage import Stage, graph

from drawbridge.client.address import Address
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.servers import catalogs

Serve = Callable[..., Emulator]


def calls(emulator: Emulator) -> Counter[str]:
    return Counter(str(entry["rpc"]) for entry in emulator.journal.events("call"))


def run(stage: Stage, emulator: Emulator, **inputs: object) -> Counter[str]:
    """Return the calls of a run that succeeds."""
    before = calls(emulator)
    outcome = stage.host.run(graph(emulator.port, **inputs))
    assert outcome.status == "success", outcome.exception_message
    return calls(emulator) - before


@pytest.mark.parametrize("model_browser", [True, False])
def test_a_graph_that_is_cached_makes_no_call(
    serve: Serve, stage: Stage, model_browser: bool
) -> None:
    emulator = serve(model_browser=model_browser)
    assert run(stage, emulator)["GenerateImage"] == 1
    assert run(stage, emulator) == {}


@pytest.mark.parametrize("model_browser", [True, False])
@pytest.mark.parametrize("secret", [None, "sesame"])
def test_a_second_run_only_generates(
    serve: Serve,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    model_browser: bool,
    secret: str | None,
) -> None:
    if secret is not None:
        monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", secret)
    emulator = serve(model_browser=model_browser, secret=secret)
    credential = "studio" if secret else ""
    run(stage, emulator, seed=1, credential=credential)
    assert run(stage, emulator, seed=2, credential=credential) == {"GenerateImage": 1}
    assert run(stage, emulator, seed=3, width=192, credential=credential) == {"GenerateImage": 1}


def test_what_is_no_longer_fresh_is_asked_for_once(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve()
    run(stage, emulator, seed=1)
    monkeypatch.setattr(catalogs, "FRESH_SECONDS", 0.0)
    assert run(stage, emulator, seed=2) == {"Echo": 1, "GenerateImage": 1}


def test_a_file_that_has_come_since_is_found(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    run(stage, emulator, seed=1)
    server = Server(Address("127.0.0.1", emulator.port), Transport.PLAINTEXT)
    cache = catalogs.SHELF.cache()
    told = cache.fresh(server, 60)
    assert told is not None
    assert told.usable is not None
    cache.remember(server, replace(told, usable=replace(told.usable, loras=())))
    lora = next(one for one in told.usable.loras if one.version == "z_image")
    prompt = graph(emulator.port, seed=2)
    prompt["stack"] = {"class_type": "Drawbridge_LoRAStack", "inputs": {"lora_1": lora.name}}
    prompt["generate"]["inputs"]["loras"] = ["stack", 0]
    before = calls(emulator)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert calls(emulator) - before == {"Echo": 1, "GenerateImage": 1}
