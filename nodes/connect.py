"""Where is the server, and does it answer: the Connect node."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from comfy_api.latest import io

from ..client import credentials
from ..client.endpoint import DEFAULT_PORT, Endpoint, Transport
from ..errors import CredentialMissing, RequestRejected
from .sockets import Server, ServerSocket

PEM_MARK = "-----BEGIN CERTIFICATE-----"
MOST_CERTIFICATE_BYTES = 1 << 20
# Fingerprints of secrets are compared within one process only, so this key never leaves it.
_FINGERPRINT_KEY = secrets.token_bytes(32)


class Connect(io.ComfyNode):
    """Checks address, encryption and secret by greeting the server, then passes the address on."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_Connect",
            display_name="Draw Things Connect",
            category="Draw Things",
            description="Names a Draw Things server and checks that it answers.",
            inputs=[
                io.String.Input(
                    "host",
                    default="127.0.0.1",
                    tooltip="Name or IP address of the computer that runs Draw Things, such as "
                    "mac.local or 192.168.1.20. 127.0.0.1 is this computer.",
                ),
                io.Int.Input(
                    "port",
                    default=DEFAULT_PORT,
                    min=1,
                    max=65535,
                    tooltip=f"The port that the server shows; usually {DEFAULT_PORT}.",
                ),
                io.Combo.Input(
                    "transport",
                    options=Transport,
                    default=Transport.DRAW_THINGS,
                    tooltip="How the connection is protected. 'Draw Things certificate' fits a "
                    "server as it comes (TLS on); it keeps listeners out but does not prove who "
                    "answers. 'plaintext' is for servers with TLS off.",
                ),
                io.String.Input(
                    "certificate",
                    default="",
                    tooltip="Only for 'own certificate authority': the path of its PEM file, or "
                    "the PEM text itself.",
                ),
                io.String.Input(
                    "credential",
                    default="",
                    tooltip="Empty if the server has no shared secret. Otherwise the name of a "
                    f"credential, never the secret: 'studio' stands for the environment variable "
                    f"{credentials.PREFIX}STUDIO of the computer that runs ComfyUI.",
                ),
            ],
            outputs=[
                ServerSocket.Output(display_name="server", tooltip="For Load Model."),
            ],
        )

    @classmethod
    def validate_inputs(cls, host: str | None) -> bool | str:
        """Say at the field what is wrong with the host; a linked host arrives as None."""
        if host is not None:
            try:
                Endpoint(host, transport=Transport.PLAINTEXT)
            except RequestRejected as error:
                return f"{error.problem} {error.remedy}"
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Run again when the secret or the certificate's file has changed behind its name."""
        digest = hashlib.blake2b(key=_FINGERPRINT_KEY)
        if inputs.get("transport") == Transport.OWN_CA.value:
            digest.update(_certificate(inputs.get("certificate")) or b"")
        try:
            secret = credentials.find(inputs.get("credential") or "")
        except CredentialMissing:
            secret = None
        if secret is not None:
            digest.update(secret.reveal().encode())
        return digest.hexdigest()

    @classmethod
    async def execute(
        cls, host: str, port: int, transport: str, certificate: str, credential: str
    ) -> io.NodeOutput:
        from . import lookup
        from .host import interruptible

        chosen = _transport(transport)
        pem = _certificate(certificate) if chosen is Transport.OWN_CA else None
        server = Server(host.strip(), port, chosen, pem, credential.strip())
        await interruptible(lookup.greet(server))
        return io.NodeOutput(server)


def _transport(value: str) -> Transport:
    """ComfyUI lets any text through a Combo, so a workflow can hold one that nobody knows."""
    try:
        return Transport(value)
    except ValueError:
        known = ", ".join(member.value for member in Transport)
        raise RequestRejected(
            f"The transport {value!r} is not known.", f"Choose one of: {known}."
        ) from None


def _certificate(value: str | None) -> bytes | None:
    """Return PEM bytes from PEM text or from the file that is named; None for an empty value."""
    text = (value or "").strip()
    if not text:
        return None
    if PEM_MARK in text:
        return text.encode()
    remedy = "Give the path of a PEM file on the computer that runs ComfyUI, or paste its text."
    path = Path(text).expanduser()
    try:
        if not path.is_file():  # a device or a pipe would never end
            raise RequestRejected(f"There is no certificate file {text}.", remedy)
        if path.stat().st_size > MOST_CERTIFICATE_BYTES:
            raise RequestRejected(f"The file {text} is too large for a certificate.", remedy)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise RequestRejected(f"The certificate file {text} cannot be read.", remedy) from error
