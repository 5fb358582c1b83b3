"""No secret and no key leaves by another way than the call to the server: a whole graph is run, and
everything that comes out of it is searched.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import pickle
import re
import traceback
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from standin.executor import Outcome
from standin.stage import Stage, graph

from drawbridge.client.address import Address
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.connection import Connection
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Credentials
from drawbridge.client.store.secret import Identity, Secret
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]
SECRET = "sésame-4711 / correct horse"


class Needles:
    """A secret in the forms in which it could lie about."""

    def __init__(self, *secrets: str) -> None:
        self._texts = {form for secret in secrets for form in _forms(secret.encode())}
        self._texts |= {form for secret in secrets for form in _spellings(secret)}
        self.searched = 0

    def check(self, found: object) -> None:
        """Fail if a text, bytes or the repr of anything else holds a needle."""
        if isinstance(found, bytes):
            texts = [found.decode("utf-8", "replace"), found.decode("latin-1")]
        else:
            texts = [found if isinstance(found, str) else repr(found)]
        for text in texts:
            self.searched += len(text)
            for needle in self._texts:
                assert needle not in text, f"{needle[:4]}... is in {type(found)}"


def _forms(secret: bytes) -> Iterator[str]:
    yield secret.hex()
    yield secret.hex().upper()
    for lead in range(3):  # base64 at any place within something longer
        coded = base64.b64encode(b"\0" * lead + secret).decode()
        inner = coded[-(-lead * 4 // 3) + (lead > 0) : -4]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield urllib.parse.quote(secret)
    yield urllib.parse.quote_plus(secret)
    yield ascii(secret)[1:-1]
    yield repr(secret.encode())[2:-1]
    yield secret.encode().decode("latin-1")


def test_needles_are_found_in_every_form() -> None:
    needles = Needles(SECRET)
    raw = SECRET.encode()
    hidden = [SECRET, raw, {"a": [SECRET]}, {"a": raw}, json.dumps([SECRET]), raw.hex()]
    hidden += [base64.b64encode(b"x" * lead + raw + b"y" * 5) for lead in range(6)]
    for found in hidden:
        with pytest.raises(AssertionError):
            needles.check(found)
    needles.check("sesame")


@pytest.fixture
def mutual(serve: Serve) -> tuple[Emulator, Identity]:
    """Start a server that wants a secret and a client's certificate; return that, too."""
    emulator = serve(
        **{"tls": True, "certificate_names": ("127.0.0.1",), "secret": SECRET},
        require_client_certificate=True,
    )
    pair = emulator.new_client()
    return emulator, Identity(pair.certificate, Secret(pair.key.decode()))


@pytest.fixture
def needles(mutual: tuple[Emulator, Identity]) -> Needles:
    lines = [one for one in mutual[1].key.reveal().splitlines() if one and "-" not in one]
    whole = base64.b64decode("".join(lines))
    return Needles(SECRET, *lines, whole[-32:].decode("latin-1"))


def prompt(emulator: Emulator, inputs: dict[str, Any] | None = None) -> Any:
    """Return the graph that reaches the server, but for these inputs."""
    right = {
        "transport": Transport.OWN_CA.value,
        "certificate": emulator.certificate.decode(),
        "credential": "studio",
    }
    return graph(emulator.port, **{**right, **(inputs or {})})


def locals_of(error: BaseException) -> Iterator[object]:
    """Yield what a traceback with local variables shows of an error and of its causes."""
    seen: BaseException | None = error
    while seen is not None:
        for frame, _ in traceback.walk_tb(seen.__traceback__):
            if Path(frame.f_code.co_filename) != Path(__file__):
                yield from frame.f_locals.values()
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def check_outcome(needles: Needles, stage: Stage, outcome: Outcome) -> None:
    needles.check(stage.events)
    needles.check(dataclasses.asdict(dataclasses.replace(outcome, outputs={}, exception=None)))
    for slots in outcome.outputs.values():
        for value in (one for slot in slots for one in slot):
            needles.check(value)
    if outcome.exception is not None:
        needles.check(outcome.exception)
        needles.check(outcome.exception.args)
        needles.check("".join(traceback.format_exception(outcome.exception)))
        shown = list(locals_of(outcome.exception))
        assert shown
        for value in shown:
            needles.check(value)


def check_files(needles: Needles, folder: Path) -> int:
    """Search every file below a folder but the one that keeps credentials; return how many."""
    count = 0
    for path in folder.rglob("*"):
        needles.check(str(path))
        if path.is_file() and path.name != "credentials.json":
            count += 1
            needles.check(path.read_bytes())
            if path.suffix == ".png":
                with Image.open(path) as picture:
                    needles.check(picture.info)
                    needles.check(picture.tobytes())
            for packed in re.findall(rb"IDAT(.*?)....IEND", path.read_bytes(), re.DOTALL):
                needles.check(zlib.decompressobj().decompress(packed))
    return count


@pytest.fixture
def kept(stage: Stage, mutual: tuple[Emulator, Identity]) -> Credentials:
    """Store the credential of the server in the host's folder, for this computer."""
    credentials = Credentials(host.user_folder(), {})
    credentials.put("studio", servers=["127.0.0.1"], secret=Secret(SECRET), identity=mutual[1])
    return credentials


def test_nothing_that_a_graph_leaves_holds_a_secret(
    mutual: tuple[Emulator, Identity],
    stage: Stage,
    kept: Credentials,
    needles: Needles,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.NOTSET)
    emulator, _ = mutual
    asked = prompt(emulator)
    outcome = stage.host.run(asked)
    assert outcome.status == "success", outcome
    assert any("configuration" in str(one) for one in outcome.outputs["generate"])
    check_outcome(needles, stage, outcome)
    assert check_files(needles, tmp_path) >= 1
    assert stage.pictures
    for entry in emulator.journal.entries:
        needles.check(entry)
        needles.check(json.dumps(entry, default=repr))
    assert any(entry.get("secret_present") for entry in emulator.journal.entries)
    needles.check(stage.host.cache)
    needles.check(json.dumps(asked, default=repr))
    needles.check("".join(capfd.readouterr()))
    for record in caplog.records:
        needles.check(vars(record))
    needles.check(caplog.text)
    assert needles.searched > 10_000


def break_nothing(credentials: Credentials) -> None: ...


def forget(credentials: Credentials) -> None:
    credentials.remove("studio")


def aim_elsewhere(credentials: Credentials) -> None:
    credentials.put("studio", servers=["mac.local"])


def damage(credentials: Credentials) -> None:
    assert credentials.path is not None
    credentials.path.write_text(credentials.path.read_text()[:-3])


def strange(credentials: Credentials) -> None:
    assert credentials.path is not None
    credentials.path.write_text(credentials.path.read_text().replace('"servers"', '"hosts"'))


@pytest.mark.parametrize(
    ("change", "inputs", "node", "kind"),
    [
        (forget, {}, "connect", "CredentialMissing"),
        (aim_elsewhere, {}, "connect", "CredentialMissing"),
        (damage, {}, "connect", "StoreUnusable"),
        (strange, {}, "connect", "StoreUnusable"),
        (break_nothing, {"credential": SECRET}, "connect", "CredentialMissing"),
        (break_nothing, {"transport": "plaintext"}, "connect", "TlsMismatch"),
        (break_nothing, {"model": "absent.ckpt"}, "model", "ModelUnavailable"),
    ],
)
def test_no_failure_of_a_graph_holds_a_secret(
    mutual: tuple[Emulator, Identity],
    stage: Stage,
    kept: Credentials,
    needles: Needles,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[Credentials], None],
    inputs: dict[str, Any],
    node: str,
    kind: str,
) -> None:
    caplog.set_level(logging.NOTSET)
    change(kept)
    outcome = stage.host.run(prompt(mutual[0], inputs))
    assert (outcome.node_id, outcome.exception_type) == (node, f"drawbridge.{kind}")
    if inputs.get("credential") == SECRET:  # the graph itself holds it, and what it is called with
        needles.check(outcome.exception)
        return
    check_outcome(needles, stage, outcome)
    needles.check(caplog.text)


@pytest.mark.parametrize("fault", ["internal-error", "damaged-picture", "no-pictures"])
def test_no_failure_of_a_server_holds_a_secret(
    serve: Serve,
    stage: Stage,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    caplog.set_level(logging.NOTSET)
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", SECRET)
    needles = Needles(SECRET)
    emulator = serve(secret=SECRET, faults=(fault,))
    outcome = stage.host.run(graph(emulator.port, credential="studio"))
    assert (outcome.status, outcome.node_id) == ("error", "generate")
    check_outcome(needles, stage, outcome)
    needles.check(emulator.journal.entries)
    needles.check(caplog.text)


def test_wrong_secret_is_not_shown(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", SECRET)
    outcome = stage.host.run(graph(serve(secret="another").port, credential="studio"))
    assert outcome.exception_type == "drawbridge.SecretRejected"
    check_outcome(Needles(SECRET), stage, outcome)


def test_no_object_of_ours_shows_a_secret(
    mutual: tuple[Emulator, Identity], kept: Credentials, needles: Needles
) -> None:
    emulator, identity = mutual
    server = Server(Address("127.0.0.1", emulator.port), Transport.PLAINTEXT, credential="studio")
    endpoint = Endpoint.of(server, kept)
    assert endpoint.secret == Secret(SECRET)
    assert endpoint.identity == identity
    found = kept.find("studio", "127.0.0.1", 1)
    assert found is not None
    hidden = [endpoint.secret, identity, found, endpoint, DrawThingsClient(endpoint), kept]
    for one in [*hidden, kept.listed(), server]:
        for shown in (repr(one), str(one), f"{one}", f"{one!r:>200}", f"{[one]}"):
            needles.check(shown)
        needles.check(json.dumps([one], default=repr))
        logging.getLogger("drawbridge.test").debug("%s %r", one, one)
        if dataclasses.is_dataclass(one) and not isinstance(one, type):
            needles.check(dataclasses.asdict(one))
    needles.check(emulator.options)
    for one in hidden:
        with pytest.raises((TypeError, AttributeError)):
            pickle.dumps(one)
    with pytest.raises(TypeError):
        json.dumps(endpoint.secret)


async def test_requests_hold_the_secret_only_while_they_are_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    needles = Needles(SECRET)
    emulator = serve(secret=SECRET)
    endpoint = Endpoint("127.0.0.1", emulator.port, Transport.PLAINTEXT, secret=Secret(SECRET))
    seen: list[object] = []
    ask = Connection.ask

    async def look(self: Any, method: str, request: object, seconds: float) -> Any:
        seen.append(request)
        needles.check(str(request))
        try:
            return await ask(self, method, request, seconds)
        finally:
            needles.check(str(request))

    monkeypatch.setattr(Connection, "ask", look)
    async with DrawThingsClient(endpoint) as client:
        await client.echo()
        await client.files_exist(["a.ckpt"])
    assert len(seen) == 2
