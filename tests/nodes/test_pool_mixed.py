"""A pool of servers that differ, and two nodes that share one of its servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from standin.outcomes import SECRET
from standin.stage import Stage, graph
from standin.validation import Prompt

from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]


def connect(emulator: Emulator, **inputs: Any) -> dict[str, Any]:
    """Return the inputs of a Connect for an emulator."""
    values = {**graph(emulator.port)["connect"]["inputs"], **inputs}
    if emulator.certificate:
        values |= {
            "transport": "own certificate authority",
            "certificate": emulator.certificate.decode(),
        }
    return values


def pooled(connects: list[dict[str, Any]], **inputs: Any) -> Prompt:
    """Return a graph whose Load Model has a pool of these servers."""
    prompt = graph(1, **{"steps": 3, "height": 128, **inputs})
    del prompt["connect"]
    pool: dict[str, Any] = {"saved": ""}
    for number, values in enumerate(connects, 1):
        prompt[f"connect{number}"] = {"class_type": "Drawbridge_Connect", "inputs": values}
        pool[f"server_{number}"] = [f"connect{number}", 0]
    prompt["pool"] = {"class_type": "Drawbridge_ServerPool", "inputs": pool}
    prompt["model"]["inputs"]["server"] = ["pool", 0]
    return prompt


def made(emulator: Emulator) -> int:
    return len(emulator.journal.events("finished"))


def most_at_once(emulator: Emulator) -> int:
    running = most = 0
    for entry in emulator.journal:
        running += entry["event"] == "queued"
        running -= entry["event"] in ("finished", "failed", "cancelled")
        most = max(most, running)
    return most


def test_servers_differ_in_transport_credential_and_what_they_tell(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", SECRET)
    plain = serve(step_ms=40)
    locked = serve(step_ms=40, tls=True, secret=SECRET)
    silent = serve(step_ms=40, tls=True, model_browser=False)
    connects = [connect(plain), connect(locked, credential="studio"), connect(silent)]
    outcome = stage.host.run(pooled(connects, batch_count=9, seed=40))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.outputs["generate"][5] == [*range(40, 49)]
    assert len(stage.pictures) == 9
    assert min(map(made, (plain, locked, silent))) >= 1
    assert sum(map(made, (plain, locked, silent))) == 9


def test_wrong_secret_of_one_server_is_said_at_its_connect(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no server that is merely away: the person is to mend it."""
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "not the secret")
    connects = [connect(serve()), connect(serve(secret=SECRET), credential="studio")]
    outcome = stage.host.run(pooled(connects))
    assert (outcome.status, outcome.node_id) == ("error", "connect2")


def test_two_nodes_that_share_a_server_of_a_pool_take_turns_there(
    serve: Serve, stage: Stage
) -> None:
    both, pools = serve(step_ms=10), serve(step_ms=10)
    prompt = pooled([connect(both), connect(pools)], batch_count=4)
    single = graph(both.port, seed=90, steps=3, height=128, batch_count=3)
    for name, node in single.items():
        inputs = {
            key: [f"{value[0]} alone", value[1]] if isinstance(value, list) else value
            for key, value in node["inputs"].items()
        }
        prompt[f"{name} alone"] = {**node, "inputs": inputs}
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert most_at_once(both) == most_at_once(pools) == 1
    assert made(both) + made(pools) == 7
    assert made(both) >= 3
