"""How far a generation is, in words and as one number that never runs backwards."""

from __future__ import annotations

from .events import DownloadSize, Phase, Progress, Queued, Receiving, RemoteDownload

_MEGABYTE = 1_000_000
_AFTER = {
    Phase.TEXT_ENCODED: "Sampling",
    Phase.IMAGE_ENCODED: "Sampling",
    Phase.IMAGE_DECODED: "Finishing",
    Phase.SECOND_PASS_IMAGE_ENCODED: "Second pass",
    Phase.SECOND_PASS_IMAGE_DECODED: "Finishing",
    Phase.FACE_RESTORED: "Finishing",
    Phase.IMAGE_UPSCALED: "Finishing",
}

# Guesses of how long a milestone takes, in sampling steps (docs/protocol.md 9).
_WEIGHTS = {
    Phase.TEXT_ENCODED: 1.0,
    Phase.IMAGE_ENCODED: 1.0,
    Phase.SAMPLING: 1.0,
    Phase.SECOND_PASS_IMAGE_ENCODED: 1.0,
    Phase.SECOND_PASS_SAMPLING: 3.0,
    Phase.FACE_RESTORED: 2.0,
    Phase.IMAGE_UPSCALED: 4.0,
}
_DECODED = frozenset({Phase.IMAGE_DECODED, Phase.SECOND_PASS_IMAGE_DECODED})
_ORDER = tuple(Phase)


class Meter:
    """Turns milestones into a fraction, 0 to 1, which 1 is left for when the pictures are here."""

    def __init__(self, *, video: bool = False) -> None:
        self._decode_weight = 5.0 if video else 2.0
        self._highest = 0.0

    def update(self, progress: Progress) -> float:
        """Return the fraction done, never less than what was returned before, and less than 1."""
        plan = progress.plan
        phases = plan.phases | {progress.phase}
        total = sum(self._cost(phase, progress) for phase in phases) + 1  # 1: receiving
        place = _ORDER.index(progress.phase)
        done = sum(self._cost(phase, progress) for phase in phases if _ORDER.index(phase) < place)
        cost = self._cost(progress.phase, progress)
        if progress.phase in (Phase.SAMPLING, Phase.SECOND_PASS_SAMPLING):
            done += (
                cost * min(max(progress.step, 0) / progress.total, 1) if progress.total > 0 else 0
            )
        else:
            done += cost
        self._highest = max(self._highest, done / total)
        return self._highest

    def _cost(self, phase: Phase, progress: Progress) -> float:
        if phase in _DECODED:
            return self._decode_weight
        steps = {
            Phase.SAMPLING: progress.plan.steps,
            Phase.SECOND_PASS_SAMPLING: progress.plan.second_pass_steps,
        }.get(phase, 1)
        return _WEIGHTS[phase] * max(steps, 0)


News = Queued | Progress | RemoteDownload | DownloadSize | Receiving


def stage(event: News) -> object:
    """Return what stays equal as long as `words` tells of one thing with rising numbers."""
    if isinstance(event, Queued | RemoteDownload):
        return type(event)
    if isinstance(event, DownloadSize | Receiving):
        return Receiving
    return _AFTER.get(event.phase) or (event.phase, _is_last(event))


def words(event: News) -> str:
    """Return what happens now, as a person would say it."""
    if isinstance(event, Queued):
        return "Waiting in the server's queue"
    if isinstance(event, RemoteDownload):
        share = ""
        if event.expected_bytes > 0:
            share = f", {event.received_bytes / event.expected_bytes:.0%}"
        return f"The server downloads file {event.item} of {event.items}{share}"
    if isinstance(event, DownloadSize):
        return f"Receiving {event.total_bytes / _MEGABYTE:.1f} MB"
    if isinstance(event, Receiving):
        total = f" of {event.total_bytes / _MEGABYTE:.1f}" if event.total_bytes else ""
        return f"Receiving {event.received_bytes / _MEGABYTE:.1f}{total} MB"
    if event.phase not in (Phase.SAMPLING, Phase.SECOND_PASS_SAMPLING):
        return _AFTER[event.phase]
    if _is_last(event):
        return "Decoding"
    name = "Sampling" if event.phase is Phase.SAMPLING else "Second pass"
    return f"{name} {event.step} of {event.total}" if event.total else f"{name} {event.step}"


def _is_last(event: Progress) -> bool:
    return bool(event.total) and event.step >= event.total
