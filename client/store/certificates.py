"""PEM text of certificates: from itself or from a file, and whether it can be used."""

from __future__ import annotations

import ssl
from pathlib import Path

from ...errors import RequestRejected
from ..safe_text import LONGEST_NAME
from . import pem_file

PEM_MARK = "-----BEGIN CERTIFICATE-----"


def check_certificate(pem: str | bytes | None) -> bytes:
    """Return the PEM text of one or more certificates; RequestRejected where it holds none."""
    remedy = "Give the PEM text of your authority, from BEGIN CERTIFICATE to END CERTIFICATE."
    try:
        text = pem.decode("ascii") if isinstance(pem, bytes) else pem or ""
    except UnicodeDecodeError:
        raise RequestRejected("The certificate is not PEM text.", remedy) from None
    if not text.strip():
        raise RequestRejected("No certificate of your own authority is given.", remedy)
    if PEM_MARK not in text:
        raise RequestRejected("The certificate is not PEM text.", remedy)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
        return text.encode("ascii")
    except (ssl.SSLError, ValueError):
        raise RequestRejected("The certificate cannot be read.", remedy) from None


def read_certificate(value: str | None, patience_seconds: float | None = None) -> str:
    """Return PEM text from itself or from the file that is named, "" for an empty value.

    May block for `patience_seconds`, or for pem_file.PATIENCE_SECONDS. Raises RequestRejected, with
    the same words for a file that is missing and for one that holds something else: a graph may
    come from anybody, and shall not tell them what is here.
    """
    text = (value or "").strip()
    if not text or PEM_MARK in text:
        return text
    remedy = "Give the path of a PEM file on the computer that runs Drawbridge, or paste its text."
    # Windows would log in at another computer; /??/UNC/ is one of its own spellings.
    if text.replace("\\", "/").startswith(("//", "/??/")):
        raise RequestRejected(
            "The certificate file is on another computer.",
            "Copy it to the computer that runs Drawbridge, or paste its text.",
        )
    unusable = RequestRejected(
        f"There is no certificate file {text[:LONGEST_NAME]} with PEM text in it.", remedy
    )
    path = Path(text)
    try:
        path = path.expanduser()
        data = pem_file.read(path, patience_seconds)
    except (OSError, ValueError, RuntimeError):  # the last where there is no home
        raise unusable from None
    if PEM_MARK.encode() not in data:
        raise unusable
    return data.decode("utf-8", "replace")
