"""The guard before every route: who may ask, how much they may say, what they hear of errors.

A page of another site can send forms and plain text to ComfyUI, but JSON only after a preflight,
which ComfyUI does not grant. So anything but JSON is refused, and so is what says that it comes
from elsewhere, unless ComfyUI was started to serve other sites (--enable-cors-header); then its
own rule decides.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from ...client import strict_json
from ...client.threads import in_thread
from ...errors import DrawbridgeError
from .. import host
from ..servers.page_error import explain

MOST_BYTES = 1 << 20
_OWN_SITE = (None, "same-origin")

Answer = dict[str, Any]
Route = Callable[["Body"], Awaitable[Answer]]


class BadRequest(Exception):
    """A request that no page of ours sends; `status` is HTTP's."""

    def __init__(self, problem: str, remedy: str, status: int = 400) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy
        self.status = status


class Body:
    """The JSON object that was sent: values by name, of the type that is asked for.

    Each raises BadRequest for a value of another type, and for one that is missing without a
    default. Names that nobody asks for are passed over.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text."""
        return self._of(name, str, "a text", default)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Return true or false."""
        return self._of(name, bool, "true or false", default)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self.number(name, default)
        if value != int(value):
            raise _wrong(name, "a whole number")
        return int(value)

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = default if self._values.get(name) is None else self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e18:
            raise _wrong(name, "a number")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; one that is missing is empty."""
        return [self._check(name, text, str, "a list of texts") for text in self._list(name)]

    def body(self, name: str) -> Body:
        """Return an object."""
        return Body(self._of(name, dict, "an object", None))

    def values(self, name: str) -> dict[str, Any]:
        """Return an object as it is; one that is missing is empty."""
        return self._of(name, dict, "an object", {})

    def bodies(self, name: str) -> list[Body]:
        """Return a list of objects; one that is missing is empty."""
        return [Body(self._check(name, one, dict, "a list of objects")) for one in self._list(name)]

    def _list(self, name: str) -> list[Any]:
        return self._of(name, list, "a list", [])

    def _of(self, name: str, kind: type[Any], words: str, default: Any) -> Any:
        value = self._values.get(name)
        return self._check(name, default if value is None else value, kind, words)

    def _check(self, name: str, value: Any, kind: type[Any], words: str) -> Any:
        if not isinstance(value, kind):
            raise _wrong(name, words)
        return value


def _wrong(name: str, words: str) -> BadRequest:
    return BadRequest(f"The value {name} is not {words}.", f"Send {words}.")


def guarded(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler for aiohttp that lets a route have what may pass."""

    async def handle(request: web.Request) -> web.Response:
        try:
            check_sender(request.headers, host.serves_other_sites())
            answer = await route(Body(await read_object(request)))
            return _response(await in_thread(lambda: json.dumps(answer)))
        except BadRequest as error:
            told = {"kind": "BadRequest", "problem": error.problem, "remedy": error.remedy}
            return _response(json.dumps({"error": told}), error.status)
        except DrawbridgeError as error:
            return _response(json.dumps({"error": explain(error)}))
        except ConnectionResetError:  # the page has left, and nobody reads the answer
            return _response("{}", 499)
        except Exception:
            logging.getLogger(__name__).exception("Drawbridge could not answer %s", request.path)
            told = {
                "kind": "Unexpected",
                "problem": "Drawbridge could not answer.",
                "remedy": "Report this, with what ComfyUI has printed.",
            }
            return _response(json.dumps({"error": told}), 500)

    return handle


def check_sender(headers: Mapping[str, str], serves_other_sites: bool) -> None:
    """Raise BadRequest for what is no JSON, and for what comes from a page of another site."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(
            "The request is not JSON.", "Send it with the content type application/json.", 415
        )
    if serves_other_sites:
        return
    remedy = (
        "Open ComfyUI by its own address; where a proxy stands before it, have the proxy pass the"
        " header Host, or start ComfyUI with --enable-cors-header and the address of that page."
    )
    if headers.get("Sec-Fetch-Site") not in _OWN_SITE:
        raise BadRequest("The request comes from a page of another site.", remedy, 403)
    origin, own = headers.get("Origin"), headers.get("Host", "")
    if origin is not None and not same_host(origin, own):
        raise BadRequest("The request comes from a page of another site.", remedy, 403)


def same_host(origin: str, own: str) -> bool:
    """Return whether an Origin names the server of a Host header.

    Ports count where both say one, as in ComfyUI's own check.
    """
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{own}")
        if theirs.port is not None and ours.port is not None and theirs.port != ours.port:
            return False
        return bool(theirs.hostname) and theirs.hostname == ours.hostname
    except ValueError:
        return False


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises BadRequest, also for one that is too large."""
    data = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > MOST_BYTES:
            raise BadRequest(
                f"The request is larger than {MOST_BYTES >> 20} MiB.", "Send less.", 413
            )
    try:
        value = strict_json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadRequest("The request is not JSON.", "Send a JSON object.") from None
    if not isinstance(value, dict):
        raise BadRequest("The request is not a JSON object.", "Send a JSON object.")
    return value


def _response(text: str, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.json_response(text=text, status=status, headers=headers)
