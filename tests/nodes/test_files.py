"""Files on their way from ComfyUI to a server, and questions about what is there."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import folder_paths
import pytest
from standin.executor import Outcome
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import RequestRejected
from drawbridge.nodes import host
from drawbridge.nodes.files import FilesExist, ServerInfo, Upload
from drawbridge.nodes.model import LoadModel
from drawbridge.nodes.servers import upload_sources

Serve = Callable[..., Emulator]
DATA = b"weights" * 300_000
SPECIFICATION = {
    "name": "Mine",
    "file": "mine.ckpt",
    "prefix": "",
    "version": "v1",
    "upcast_attention": False,
    "default_scale": 8,
    "text_encoder": "clip_vit_l14_f16.ckpt",
    "autoencoder": "vae_ft_mse_840000_f16.ckpt",
}


@pytest.fixture
def stage(stage: Stage) -> Stage:
    ours = (Upload, FilesExist, ServerInfo)
    stage.host.classes.update({node.GET_SCHEMA().node_id: node for node in ours})
    return stage


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of ComfyUI's checkpoints with two files, one of them deeper."""
    folder = tmp_path / "models" / "checkpoints"
    (folder / "deep").mkdir(parents=True)
    (folder / "mine.ckpt").write_bytes(DATA)
    (folder / "deep" / "other.safetensors").write_bytes(b"other")
    (folder / "notes.txt").write_text("not a model")
    entry = ([str(folder)], folder_paths.supported_pt_extensions)
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "checkpoints", entry)
    monkeypatch.delenv(upload_sources.VARIABLE, raising=False)
    return folder


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


def ask(emulator: Emulator, kind: str, **inputs: Any) -> dict[str, Any]:
    """Return Connect and one of our nodes, and what makes that one run."""
    return {
        "connect": graph(emulator.port)["connect"],
        "node": {"class_type": kind, "inputs": {"server": ["connect", 0], **inputs}},
    }


def upload(emulator: Emulator, source: str = "checkpoints/mine.ckpt", **inputs: Any) -> Any:
    return ask(emulator, "Drawbridge_Upload", source=source, **inputs)


def outputs(outcome: Outcome, node: str = "node") -> list[Any]:
    assert outcome.status == "success", (outcome.exception_message, vars(outcome))
    return [values[0] for values in outcome.outputs[node]]


def test_models_of_comfyui_are_listed_as_kind_and_file(checkpoints: Path) -> None:
    listed = ["checkpoints/deep/other.safetensors", "checkpoints/mine.ckpt"]
    assert host.model_files() == listed
    [source] = [entry for entry in Upload.GET_SCHEMA().inputs if entry.id == "source"]
    assert source.as_dict()["options"] == ["none", *listed]


def test_chosen_file_arrives_and_is_told(
    stage: Stage, serve: Serve, checkpoints: Path, there: Path
) -> None:
    emulator = serve(models=there, stock=True)
    name, report = outputs(stage.host.run(upload(emulator)))
    assert name == "mine.ckpt"
    assert (there / "mine.ckpt").read_bytes() == DATA
    assert "mine.ckpt is on the server" in report
    assert "specification" in report
    for node in ("Load Model", "LoRA Stack", "ControlNet Hint", "Moodboard"):
        assert node in report
    bars = [data for kind, data in stage.events if "progress" in kind]
    assert bars
    name, report = outputs(stage.host.run(upload(emulator, "checkpoints/deep/other.safetensors")))
    assert (name, (there / name).read_bytes()) == ("other.safetensors", b"other")
    assert "another kind has to be imported" in report


def test_file_that_is_there_is_not_sent_again(
    stage: Stage, serve: Serve, checkpoints: Path, there: Path
) -> None:
    (there / "renamed.ckpt").write_bytes(b"another")
    emulator = serve(models=there, stock=True)
    name, report = outputs(stage.host.run(upload(emulator, remote_name=" renamed.ckpt ")))
    assert name == "renamed.ckpt"
    assert "was not compared" in report
    prompt = upload(emulator, remote_name="renamed.ckpt", compare_hash=True)
    assert "is on the server" in outputs(stage.host.run(prompt))[1]
    assert (there / "renamed.ckpt").read_bytes() == DATA
    assert len(emulator.journal.events("uploaded")) == 1


def test_upload_runs_again_only_when_the_file_changes(
    stage: Stage, serve: Serve, checkpoints: Path
) -> None:
    emulator = serve()
    for _ in range(2):
        outputs(stage.host.run(upload(emulator)))
    assert len(emulator.journal.events("call", rpc="FilesExist")) == 1
    (checkpoints / "mine.ckpt").write_bytes(b"new")
    outputs(stage.host.run(upload(emulator)))
    assert len(emulator.journal.events("call", rpc="FilesExist")) == 2


def test_path_below_an_allowed_folder_is_sent(
    stage: Stage,
    serve: Serve,
    checkpoints: Path,
    there: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "allowed" / "deep"
    folder.mkdir(parents=True)
    (folder / "mine.ckpt").write_bytes(b"allowed")
    prompt = upload(serve(models=there, stock=True), "none", path=str(folder / "mine.ckpt"))
    outcome = stage.host.run(prompt)
    assert outcome.status == "invalid"
    assert "lies in no folder" in json.dumps(outcome.node_errors)
    names = os.pathsep.join(["", "relative", str(tmp_path / "gone"), str(folder.parent)])
    monkeypatch.setenv(upload_sources.VARIABLE, names)
    assert outputs(stage.host.run(prompt))[0] == "mine.ckpt"
    assert (there / "mine.ckpt").read_bytes() == b"allowed"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "checkpoints/gone.ckpt",
        "checkpoints/notes.txt",
        "checkpoints/../../secret.ckpt",
        "checkpoints/../checkpoints/mine.ckpt",
        "checkpoints",
        "checkpoints/",
        "checkpoints/deep",
        "custom_nodes/mine.ckpt",
        "../secret.ckpt",
        "mine.ckpt",
        "~/secret.ckpt",
        "check\0points/x",
        "\udc80",
    ],
)
def test_other_names_are_refused(checkpoints: Path, source: str) -> None:
    (checkpoints.parent.parent / "secret.ckpt").write_bytes(b"secret")
    with pytest.raises(RequestRejected):
        upload_sources.find(source)


def test_paths_outside_are_refused_and_so_are_links(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.ckpt"
    secret.write_bytes(b"secret")
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (tmp_path / "allowed too").mkdir()
    (tmp_path / "allowed too" / "x.ckpt").write_bytes(b"x")
    monkeypatch.setenv(upload_sources.VARIABLE, str(allowed))
    for path in (
        secret,
        allowed,
        allowed / ".." / "secret.ckpt",
        allowed / "gone.ckpt",
        tmp_path / "allowed too" / "x.ckpt",
        checkpoints / "notes.txt",
    ):
        with pytest.raises(RequestRejected, match=r"lies in no folder|There is no file"):
            upload_sources.find(str(path))
    try:
        (allowed / "link.ckpt").symlink_to(secret)
        (checkpoints / "link.ckpt").symlink_to(secret)
        (checkpoints / "inside.ckpt").symlink_to(checkpoints / "mine.ckpt")
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(RequestRejected, match="lies in no folder"):
        upload_sources.find(str(allowed / "link.ckpt"))
    with pytest.raises(RequestRejected, match="leads out of ComfyUI's model folders"):
        upload_sources.find("checkpoints/link.ckpt")
    assert upload_sources.find("checkpoints/inside.ckpt") == (checkpoints / "mine.ckpt").resolve()
    monkeypatch.setenv(upload_sources.VARIABLE, str(tmp_path))
    assert upload_sources.find("checkpoints/link.ckpt") == secret.resolve()


def test_nothing_outside_is_as_much_as_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look is enough for Windows to log in at the computer that a path names."""
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "x.ckpt").write_bytes(b"x")
    monkeypatch.setenv(upload_sources.VARIABLE, str(allowed))
    looked: list[str] = []
    resolve = os.path.realpath

    def note(path: str | Path, **options: Any) -> str:
        looked.append(str(path))
        return resolve(path, **options)

    monkeypatch.setattr(os.path, "realpath", note)
    for path in ("//computer/share/x.ckpt", "/net/computer/x.ckpt", f"{allowed}/../x.ckpt"):
        with pytest.raises(RequestRejected, match="lies in no folder"):
            upload_sources.find(path)
    assert set(looked) == {str(allowed)}
    assert upload_sources.find(f"{allowed}/./x.ckpt").name == "x.ckpt"


def test_folder_of_models_may_be_a_link(
    checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        (tmp_path / "linked").symlink_to(checkpoints)
    except OSError:
        pytest.skip("no links here")
    entry = ([str(tmp_path / "linked")], folder_paths.supported_pt_extensions)
    monkeypatch.setitem(folder_paths.folder_names_and_paths, "checkpoints", entry)
    assert upload_sources.find("checkpoints/mine.ckpt") == (checkpoints / "mine.ckpt").resolve()


def test_bad_choices_are_said_at_the_fields(checkpoints: Path) -> None:
    assert Upload.validate_inputs("checkpoints/mine.ckpt", "", "") is True
    assert Upload.validate_inputs(None, None, None) is True
    assert "No file is chosen" in str(Upload.validate_inputs("none"))
    assert "no model file" in str(Upload.validate_inputs("checkpoints/gone.ckpt"))
    assert "folder" in str(Upload.validate_inputs("checkpoints/mine.ckpt", "", "a/b"))
    assert "No file is named" in str(FilesExist.validate_inputs(" \n"))
    assert "No model" in str(LoadModel.validate_inputs(""))
    assert LoadModel.validate_inputs("", None) is True
    assert LoadModel.validate_inputs("", json.dumps(SPECIFICATION)) is True
    assert "lacks" in str(LoadModel.validate_inputs("", '{"name": "x"}'))


def test_interruption_ends_the_upload_and_leaves_nothing(
    stage: Stage, serve: Serve, checkpoints: Path, there: Path
) -> None:
    with (checkpoints / "mine.ckpt").open("ab") as file:
        file.truncate(4 << 30)  # hashing it takes longer than it takes to stop
    emulator = serve(models=there, stock=True)
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(stage.host.run(upload(emulator))))
    thread.start()
    emulator.journal.wait_for(lambda e: (e["event"], e.get("rpc")) == ("call", "FilesExist"))
    stage.host.interrupt()
    thread.join(30)
    assert [(one.status, one.node_id) for one in outcomes] == [("interrupted", "node")]
    assert list(there.iterdir()) == []


def test_uploaded_model_generates_with_its_specification(
    stage: Stage, serve: Serve, checkpoints: Path, there: Path
) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    prompt = graph(emulator.port, model="")
    prompt["upload"] = upload(emulator)["node"]
    prompt["model"]["inputs"] |= {
        "model": ["upload", 0],
        "specification": json.dumps(SPECIFICATION),
    }
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 1
    [call] = emulator.journal.events("call", rpc="GenerateImage")
    # strict: without the specification in the override it would have been refused
    assert '"mine.ckpt"' in json.dumps(call["request"])
    del prompt["upload"]
    prompt["model"]["inputs"] |= {"model": "mine.ckpt", "version": "v1", "specification": ""}
    outcome = stage.host.run(prompt)
    assert (outcome.node_id, outcome.exception_type) == ("model", "drawbridge.ModelUnavailable")


@pytest.mark.parametrize(
    ("change", "inputs", "kind", "words"),
    [
        ({}, {"model": "other.ckpt"}, "RequestRejected", "that of mine.ckpt, not of other.ckpt"),
        ({}, {"version": "flux1"}, "RequestRejected", "says version v1, not flux1"),
        ({"file": "gone.ckpt"}, {}, "ModelUnavailable", "lacks gone.ckpt"),
        ({"t5_encoder": "t5.ckpt"}, {}, "ModelUnavailable", "lacks t5.ckpt"),
    ],
)
def test_specification_that_does_not_fit_is_said_at_load_model(
    stage: Stage,
    serve: Serve,
    there: Path,
    change: dict[str, Any],
    inputs: dict[str, Any],
    kind: str,
    words: str,
) -> None:
    (there / "mine.ckpt").write_bytes(DATA)
    prompt = graph(serve(models=there, stock=True, model_browser=False).port, model="")
    prompt["model"]["inputs"] |= {
        "specification": json.dumps({**SPECIFICATION, **change}),
        **inputs,
    }
    outcome = stage.host.run(prompt)
    assert (outcome.node_id, outcome.exception_type) == ("model", f"drawbridge.{kind}")
    assert re.search(words, str(outcome.exception_message))


def keep(prompt: dict[str, Any]) -> dict[str, Any]:
    """Return the prompt with an end that keeps the node's text."""
    show = {"class_type": "Tests_Show", "inputs": {"value": ["node", 0]}}
    return {**prompt, "show": show}


@pytest.fixture
def showing(stage: Stage) -> Stage:
    from comfy_api.latest import io

    class Show(io.ComfyNode):
        @classmethod
        def define_schema(cls) -> io.Schema:
            return io.Schema("Tests_Show", inputs=[io.String.Input("value")], is_output_node=True)

        @classmethod
        def execute(cls, value: str) -> io.NodeOutput:
            return io.NodeOutput()

    stage.host.classes["Tests_Show"] = Show
    return stage


def test_files_are_asked_for_every_time(showing: Stage, serve: Serve, there: Path) -> None:
    (there / "mine.ckpt").write_bytes(DATA)
    emulator = serve(models=there, stock=True, model_browser=False)
    inputs = {"names": "mine.ckpt\n\n gone.ckpt \nmine.ckpt", "with_hashes": True}
    prompt = keep(ask(emulator, "Drawbridge_FilesExist", **inputs))
    text, told, everything = outputs(showing.host.run(prompt))
    assert [line.split()[:2] for line in text.splitlines()] == [
        ["mine.ckpt:", "there"],
        ["gone.ckpt:", "missing"],
    ]
    first, second = json.loads(told)
    assert (first["exists"], len(first["sha256"])) == (True, 64)
    assert second == {"name": "gone.ckpt", "exists": False, "sha256": None}
    assert everything is False
    (there / "gone.ckpt").write_bytes(DATA)
    assert outputs(showing.host.run(prompt))[2] is True


@pytest.mark.parametrize("model_browser", [True, False])
def test_server_tells_about_itself(showing: Stage, serve: Serve, model_browser: bool) -> None:
    emulator = serve(model_browser=model_browser)
    text, told = outputs(showing.host.run(keep(ask(emulator, "Drawbridge_ServerInfo"))))
    values = json.loads(told)
    assert values["message"] == "HELLO Drawbridge"
    assert int(values["identifier"]) > 0
    assert values["model_browser"] is model_browser
    assert values["thresholds"] is None
    assert ("models" in values["counts"]) is model_browser
    assert f"Model browser: {'on' if model_browser else 'off'}" in text
    assert values["identifier"] in text
