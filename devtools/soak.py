"""What a process holds, sampled while it works for long: memory, descriptors, threads, children.

Works on Linux, macOS and Windows; what a system does not tell is 0.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import subprocess
import sys
import threading
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """How much a process holds: MiB of memory, numbers of all else; `objects` are Python's."""

    memory_mib: float
    descriptors: int
    threads: int
    children: int
    objects: int

    @classmethod
    def take(cls) -> Sample:
        """Return what this process holds now, without what only waits for the collector."""
        gc.collect()
        return cls(
            memory_bytes() / (1 << 20),
            descriptors(),
            threading.active_count(),
            children(),
            len(gc.get_objects()),
        )


# By how much a figure of the end may be above one of the beginning: absolutely, and in parts of it.
TOLERANCE = {
    "memory_mib": (16.0, 0.03),
    "descriptors": (3, 0.0),
    "threads": (2, 0.0),
    "children": (1, 0.0),
    "objects": (2000, 0.01),
}


def growth(samples: list[Sample]) -> dict[str, tuple[float, float]]:
    """Return what has grown, with its figures of the beginning and the end.

    The first fifth warms up. The medians of the second and of the last fifth are compared, so that
    one sample more or less says nothing.
    """
    part = max(len(samples) // 5, 1)
    early, late = samples[part : 2 * part] or samples[:1], samples[-part:]
    grown = {}
    for name in (field.name for field in fields(Sample)):
        before, after = _median(early, name), _median(late, name)
        absolute, relative = TOLERANCE[name]
        if after > before + absolute + relative * before:
            grown[name] = (before, after)
    return grown


def _median(samples: list[Sample], name: str) -> float:
    values = sorted(getattr(sample, name) for sample in samples)
    return values[len(values) // 2]


HEADINGS = f"{'MiB':>8}{'descriptors':>13}{'threads':>9}{'children':>10}{'objects':>10}"


def row(sample: Sample) -> str:
    """Return a sample as a row under HEADINGS."""
    memory, *others = astuple(sample)
    return f"{memory:>8.1f}" + "".join(
        f"{value:>{width}}" for value, width in zip(others, (13, 9, 10, 10), strict=True)
    )


def memory_bytes(process: int | None = None) -> int:
    """Return the resident memory of a process, by default of this one."""
    status = Path(f"/proc/{process or 'self'}/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return _windows_memory_bytes()
    words = ("ps", "-o", "rss=", "-p", str(process or os.getpid()))
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return int(told or 0) * 1024


def _windows_memory_bytes() -> int:
    """Return the working set of this process."""

    class Counters(ctypes.Structure):
        _fields_ = [
            ("cb", ctypes.c_uint32),
            ("faults", ctypes.c_uint32),
            *((name, ctypes.c_size_t) for name in ("peak", "working_set", *"abcdef")),
        ]

    counters = Counters(cb=ctypes.sizeof(Counters))
    windows = getattr(ctypes, "windll").kernel32  # noqa: B009 - is on Windows alone
    handle = ctypes.c_void_p(windows.GetCurrentProcess())
    windows.K32GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.cb)
    return counters.working_set


def descriptors() -> int:
    """Return the open descriptors of this process; on Windows its handles."""
    for folder in (Path("/proc/self/fd"), Path("/dev/fd")):
        if folder.is_dir():
            return len(list(folder.iterdir()))
    if sys.platform == "win32":
        count = ctypes.c_uint32()
        windows = getattr(ctypes, "windll").kernel32  # noqa: B009 - is on Windows alone
        handle = ctypes.c_void_p(windows.GetCurrentProcess())
        windows.GetProcessHandleCount(handle, ctypes.byref(count))
        return count.value
    return 0


def children() -> int:
    """Return the processes that this one has started and that still are."""
    tasks = Path("/proc/self/task")
    if tasks.is_dir():
        found = 0
        for task in tasks.iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread has ended
                found += len((task / "children").read_text().split())
        return found
    if sys.platform == "win32":
        return 0
    told = subprocess.run(("ps", "-axo", "ppid="), capture_output=True, text=True, check=False)
    return told.stdout.split().count(str(os.getpid()))
