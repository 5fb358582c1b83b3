"""The question of Prompt to a server: which embeddings a model can be given."""

from __future__ import annotations

from ...client.catalog.embeddings import called, usable
from ...client.catalog.names import nearest
from ...client.store.server import Server
from ...errors import RequestRejected
from ..records import Model
from .any_server import first_of
from .client import open_client
from .lookup import PATIENCE_SECONDS


async def checked(prompt: str, model: Model) -> list[str]:
    """Return the keywords that the server has for the model; none where it does not tell.

    Raises RequestRejected for one in the prompt that it has not: to a server it would be a word
    that nobody knows.
    """

    async def ask(server: Server) -> list[str] | None:
        async with open_client(server) as client:
            catalog = (await client.echo(PATIENCE_SECONDS)).catalog
        if catalog is None:
            return None
        return [spec.keyword for spec in usable(catalog, model.version)]

    known = await first_of(model.server, ask)
    if known is None:
        return []
    for keyword in called(prompt):
        if keyword not in known:
            alike = " or ".join(f"<{one}>" for one in nearest(keyword, known))
            remedy = f"Did you mean {alike}?" if alike else "Take it out of the prompt."
            raise RequestRejected(
                f"The server has no embedding <{keyword}> for {model.file} ({model.version}).",
                remedy,
            )
    return list(dict.fromkeys(known))
