"""Starts ComfyUI in a process of its own and ends it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .interpreter import HostError, check_python, find_python

SHIM = Path(__file__).resolve().parent / "site"
FOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
STARTS = 4  # with a new port each
STOP_SECONDS = 10.0
LOG_LINES = 40
# ComfyUI 0.33's own words, those of aiohttp, and the system's.
PORT_TAKEN = re.compile(
    r"is already in use on address|while attempting to bind on address|Errno (48|98|10048)\]"
)


class ComfyUIProcess:
    """The process of a ComfyUI, and the base folder with everything it writes.

    `checkout` is ComfyUI's folder, `base` is made if it is missing, `packs` are folders by the name
    to load them under, and `environment` extends ours.
    """

    def __init__(
        self,
        checkout: Path,
        base: Path,
        python: Path | None,
        packs: Mapping[str, Path],
        environment: Mapping[str, str],
        arguments: Sequence[str],
    ) -> None:
        self.base = base.absolute()
        self.port = 0
        self._checkout = checkout.absolute()
        self._python = python or find_python(checkout)
        self._packs = dict(packs)
        self._environment = dict(environment)
        self._arguments = tuple(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything ComfyUI has printed since it was started."""
        path = self.base / "comfyui.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def failure(self, problem: str) -> HostError:
        """Return an error that shows the end of the log."""
        tail = "\n".join(self.log.splitlines()[-LOG_LINES:])
        return HostError(f"{problem}. The end of its log:\n{tail}")

    def start(self, answers: Callable[[], bool], timeout_seconds: float) -> None:
        """Start on a free port and wait until `answers()`; raise HostError if it never does."""
        check_python(self._python)
        for name in FOLDERS:
            (self.base / name).mkdir(parents=True, exist_ok=True)
        for name, pack in self._packs.items():
            link_folder(pack.absolute(), self.base / "custom_nodes" / name)
        deadline = time.monotonic() + timeout_seconds
        for _ in range(STARTS):
            self.port = free_port()
            self._launch()
            if self._is_ready(answers, deadline):
                return
        raise self.failure(f"ComfyUI found its port taken {STARTS} times")

    def stop(self) -> None:
        """End the process. May be called more than once."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _launch(self) -> None:
        command = [
            *(str(self._python), "main.py", "--cpu", "--listen", "127.0.0.1"),
            *("--port", str(self.port), "--disable-auto-launch"),
            *("--base-directory", str(self.base)),
            *("--database-url", f"sqlite:///{(self.base / 'user' / 'comfyui.db').as_posix()}"),
            *self._arguments,
        ]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
        environment.update(self._environment)
        paths = [str(SHIM), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        with (self.base / "comfyui.log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _is_ready(self, answers: Callable[[], bool], deadline: float) -> bool:
        """Wait until ComfyUI answers; False where it ended because the port was taken."""
        assert self._process is not None
        while True:
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
            else:
                if PORT_TAKEN.search(self.log):
                    return False
                raise self.failure(f"ComfyUI ended with {self._process.returncode} at its start")
            if answers():
                return True
            if time.monotonic() > deadline:
                raise self.failure("ComfyUI did not answer in time")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def link_folder(folder: Path, link: Path) -> None:
    """Make `link` lead to a folder; on Windows by a junction where a link needs rights."""
    if link.is_symlink() or link.exists():
        return
    try:
        link.symlink_to(folder, target_is_directory=True)
    except OSError:
        if os.name != "nt":
            raise
        subprocess.run(
            ["cmd", "/c", "mklink", "/J", str(link), str(folder)], check=True, capture_output=True
        )
