"""How far an upload is and what came of it, as a person would say it."""

from __future__ import annotations

from .transfer import Done, Hashing, Sending, UploadEvent, Verifying

_MEGABYTE = 1_000_000
_HASHING_SHARE = 0.1  # of the bar
_SENDING_SHARE = 0.88
_VERIFYING = 0.99  # how far it is while the server reads everything once more


def share(event: UploadEvent) -> float:
    """Return how much of an upload is done, 0 to 1; only a new start after a cut falls back."""
    match event:
        case Hashing():
            return _HASHING_SHARE * event.done_bytes / event.total_bytes
        case Sending():
            return _HASHING_SHARE + _SENDING_SHARE * event.acknowledged_bytes / event.total_bytes
        case Verifying():
            return _VERIFYING
        case Done():
            return 1.0


def words(event: UploadEvent) -> str:
    """Return what happens now; what is sent counts once the server has confirmed it."""
    match event:
        case Hashing():
            return _of("Reading", event.done_bytes, event.total_bytes)
        case Sending():
            return _of("Sending", event.acknowledged_bytes, event.total_bytes)
        case Verifying():
            return "The server checks the file"
        case Done():
            return "Already there" if event.skipped else "Done"


def result(address: str, done: Done, compared: bool) -> list[str]:
    """Return what happened; `compared` is whether contents were (docs/protocol.md 1.7)."""
    if done.skipped:
        same = "with the same content" if compared else "by that name; its content was not compared"
        lines = [f"The server at {address} has {done.name} already, {same}."]
    else:
        lines = [f"{done.name} is on the server at {address} now."]
    if done.sha256:
        lines.append(f"SHA-256: {done.sha256}")
    if not is_checkpoint(done.name):
        lines.append(
            "Draw Things lists and reads its own .ckpt files: another kind has to be imported in"
            " the app first."
        )
    return lines


def is_checkpoint(name: str) -> bool:
    """Return whether a server takes a file of that name for one to read (docs/protocol.md 1.3)."""
    return name.lower().endswith(".ckpt")


def _of(word: str, done_bytes: int, total_bytes: int) -> str:
    return f"{word} {done_bytes / _MEGABYTE:.0f} of {total_bytes / _MEGABYTE:.0f} MB"
