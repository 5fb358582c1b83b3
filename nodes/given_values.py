"""What a node's widgets hold when it runs: a link or the API can bring anything to them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from numbers import Integral, Real
from typing import Any

from comfy_api.latest import io

from ..errors import RequestRejected

_LONGEST_SHOWN = 40


def checked(node: type[io.ComfyNode]) -> type[io.ComfyNode]:
    """Let a node refuse what its widgets cannot hold, in a sentence, before it runs; return it.

    None for an optional input is as if it were not given: other nodes write it for nothing.
    """
    kind: Any = node
    run: Callable[..., Any] = kind.execute.__func__

    if inspect.iscoroutinefunction(run):

        @wraps(run)
        async def later(cls: type[io.ComfyNode], **given: Any) -> Any:
            return await run(cls, **fitting(cls, given))

        setattr(node, "execute", classmethod(later))  # noqa: B010
        return node

    @wraps(run)
    def at_once(cls: type[io.ComfyNode], **given: Any) -> Any:
        return run(cls, **fitting(cls, given))

    setattr(node, "execute", classmethod(at_once))  # noqa: B010
    return node


def fitting(node: type[io.ComfyNode], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a node's execute can be called with. Raises RequestRejected, naming the input.

    None for an optional input is left out.
    """
    # Not GET_SCHEMA: it writes to the class, and ComfyUI runs a locked clone.
    declared = {entry.id: entry for entry in node.define_schema().inputs}
    return {
        name: _value(declared[name], value) if name in declared else value
        for name, value in given.items()
        if value is not None or name not in declared or not declared[name].optional
    }


def _value(entry: Any, value: Any) -> Any:
    """Return a widget's value as its kind has it. Raises RequestRejected; passes what is no widget
    by.
    """
    kind = type(entry)
    if issubclass(kind, io.String.Input | io.Combo.Input):
        return _demand(entry, value, isinstance(value, str), "a text")
    if issubclass(kind, io.Boolean.Input):
        return bool(_demand(entry, value, isinstance(value, Integral), "true or false"))
    if not issubclass(kind, io.Int.Input | io.Float.Input):
        return value
    finite = isinstance(value, Real) and math.isfinite(float(value))
    if issubclass(kind, io.Float.Input):
        return _demand(entry, value, finite, "a number")
    return int(_demand(entry, value, finite and float(value).is_integer(), "a whole number"))


def _demand(entry: Any, value: Any, fits: bool, wanted: str) -> Any:
    if fits:
        return value
    shown = repr(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"a value of the kind {type(value).__name__}"
    raise RequestRejected(
        f"The input {entry.id} is {shown}, and {wanted} is needed.",
        f"Connect {wanted} to {entry.id}, or take the link off and fill the field in.",
    )
