"""Has ComfyUI name our ready graphs in the order in which people start.

It names a pack's graphs as the file system happens to give them, and its page shows them so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiohttp import web

PATH = "/workflow_templates"
FOLDER = Path(__file__).resolve().parents[2] / "example_workflows"


def register() -> None:
    """Put our names in order in what ComfyUI answers; once is enough, and more does no harm."""
    try:
        from server import PromptServer
    except ImportError:
        return
    app = getattr(getattr(PromptServer, "instance", None), "app", None)
    if isinstance(app, web.Application) and not app.frozen and _in_order not in app.middlewares:
        app.middlewares.append(_in_order)


@web.middleware
async def _in_order(request: web.Request, handler: Any) -> web.StreamResponse:
    answer = await handler(request)
    if request.path.removeprefix("/api") == PATH and isinstance(answer, web.Response):
        _sort(answer)
    return answer


def _sort(answer: web.Response) -> None:
    """Sort the names of the pack that has ours; what anybody else names stays as it is."""
    ours = sorted(path.stem for path in FOLDER.glob("*.json"))
    try:
        told = json.loads(answer.text or "")
    except ValueError:
        return
    packs = told if isinstance(told, dict) else {}
    for pack, names in packs.items():
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            packs[pack] = ours if sorted(names) == ours else names
    if ours in packs.values():
        answer.text = json.dumps(told)
