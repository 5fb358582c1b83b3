"""The child processes that decode fpzip: killed, stopped, shared, replaced, ended."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from drawbridge.codec import fpzip, fpzip_process, fpzip_worker
from drawbridge.codec.fpzip_process import Job, Pool
from drawbridge.errors import BadTensor, Cancelled, DecoderUnavailable

package = importlib.import_module("fpzip")
ROOT = Path(fpzip.__file__).parents[1]

# Stands in for the package: `decompress` runs the given line, then gives zeros of the job's grid.
STAND_IN = """
import os, sys, time
import numpy as np
print("noise from a library")
os.write(1, b"noise from another")
{on_import}
def decompress(data, order):
    {on_decode}
    return np.zeros((1, 2, 3, 4), np.float32)
"""


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(max_processes=2)
    yield pool
    pool.close()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch) -> Callable[..., None]:
    def install(on_decode: str = "pass", on_import: str = "pass") -> None:
        text = STAND_IN.format(on_decode=on_decode, on_import=on_import)
        (tmp_path / "fpzip.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)

    return install


def job_of(values: np.ndarray) -> Job:
    grid = fpzip.grid(values.shape)
    wide = values.astype(np.float32).reshape(grid)
    payload = memoryview(package.compress(wide, precision=19, order="C"))
    return Job(payload, values.dtype, values.shape, grid, fpzip_worker.FLOAT16)


SMALL = np.arange(24, dtype=np.float16).reshape(2, 3, 4)
SMALL_JOB = job_of(SMALL)


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    """Takes long enough to decode that something can happen meanwhile."""
    rng = np.random.default_rng(3)
    return rng.standard_normal((1, 1024, 1024, 3)).astype(np.float16)


def processes(pool: Pool) -> list[subprocess.Popen]:
    return [worker._process for worker in (*pool._idle, *pool._busy)]


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.005)


def test_process_is_kept_between_decodes(pool: Pool) -> None:
    assert np.array_equal(pool.decode(SMALL_JOB, None), SMALL)
    (first,) = processes(pool)
    assert np.array_equal(pool.decode(SMALL_JOB, lambda: False), SMALL)
    assert processes(pool) == [first]


def test_process_killed_while_idle_is_replaced(pool: Pool) -> None:
    pool.decode(SMALL_JOB, None)
    (first,) = processes(pool)
    os.kill(first.pid, 9)
    assert np.array_equal(pool.decode(SMALL_JOB, None), SMALL)
    assert first.returncode is not None
    assert first not in processes(pool)


def test_decode_whose_process_is_killed_is_done_again(pool: Pool, large: np.ndarray) -> None:
    killed: list[subprocess.Popen] = []

    def kill_the_first() -> bool:
        if not killed:
            killed.extend(processes(pool))
            killed[0].kill()
        return False

    assert np.array_equal(pool.decode(job_of(large), kill_the_first), large)
    assert len(killed) == 1
    assert killed[0].returncode is not None
    assert np.array_equal(pool.decode(SMALL_JOB, None), SMALL)


def test_decode_whose_process_dies_twice_is_a_bad_tensor(pool: Pool, stand_in) -> None:
    stand_in("os._exit(3)")
    with pytest.raises(BadTensor, match=r"crashed the decoder twice \(it ended with status 3\)"):
        pool.decode(SMALL_JOB, None)
    assert processes(pool) == []


def test_damaged_stream_does_not_spoil_the_next_decode(pool: Pool, large: np.ndarray) -> None:
    job = job_of(large[:, :64, :64])
    damaged = bytearray(job.payload)
    damaged[len(damaged) // 2 :] = b"\xff" * (len(damaged) - len(damaged) // 2)
    with pytest.raises(BadTensor):
        pool.decode(Job(memoryview(damaged), job.dtype, job.dims, job.grid, job.kind), None)
    assert np.array_equal(pool.decode(job, None), large[:, :64, :64])


def test_cut_stream_is_noticed_though_it_decodes(pool: Pool, large: np.ndarray) -> None:
    job = job_of(large[:, :64, :64])
    cut = Job(job.payload[:-4], job.dtype, job.dims, job.grid, job.kind)
    with pytest.raises(BadTensor, match="cut"):
        pool.decode(cut, None)


def test_stop_ends_a_decode_that_hangs_and_its_process(pool: Pool, stand_in) -> None:
    stand_in("time.sleep(1000)")
    started: list[subprocess.Popen] = []

    def stop() -> bool:
        started[:] = processes(pool)
        return len(started) == 1

    with pytest.raises(Cancelled):
        pool.decode(SMALL_JOB, stop)
    assert started[0].returncode is not None
    assert processes(pool) == []


def test_stop_ends_a_long_decode_and_the_next_one_works(pool: Pool, large: np.ndarray) -> None:
    pool.decode(SMALL_JOB, None)
    (first,) = processes(pool)
    with pytest.raises(Cancelled):
        pool.decode(job_of(large), lambda: True)
    assert first.returncode is not None
    assert np.array_equal(pool.decode(SMALL_JOB, None), SMALL)


def test_error_out_of_stop_leaves_nothing_running(pool: Pool, stand_in) -> None:
    stand_in("time.sleep(1000)")

    def stop() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.decode(SMALL_JOB, stop)
    assert processes(pool) == []


def test_decode_past_its_deadline_is_a_bad_tensor(pool: Pool, stand_in, monkeypatch) -> None:
    stand_in("time.sleep(1000)")
    monkeypatch.setattr(fpzip_process, "_START_SECONDS", 0.0)
    monkeypatch.setattr(fpzip_process, "_BASE_SECONDS", 0.0)
    with pytest.raises(BadTensor, match="gave no answer in 0 seconds, twice"):
        pool.decode(SMALL_JOB, None)
    assert processes(pool) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_process_that_is_killed_twice_is_not_blamed_on_the_data(pool: Pool, stand_in) -> None:
    stand_in("os.kill(os.getpid(), 9)")
    with pytest.raises(BadTensor, match="was ended by SIGKILL, twice") as caught:
        pool.decode(SMALL_JOB, None)
    assert "memory" in caught.value.remedy
    assert "damaged" not in str(caught.value)
    assert processes(pool) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_decode_whose_process_is_stopped_is_done_again(
    pool: Pool, stand_in, monkeypatch, tmp_path: Path
) -> None:
    flag = tmp_path / "stop"
    stop = "os.kill(os.getpid(), __import__('signal').SIGSTOP)"
    stand_in(f"os.path.exists({str(flag)!r}) and (os.remove({str(flag)!r}), {stop})")
    pool.decode(SMALL_JOB, None)
    flag.touch()
    monkeypatch.setattr(fpzip_process, "_BASE_SECONDS", 0.2)
    [before] = processes(pool)
    assert not pool.decode(SMALL_JOB, None).any()
    assert processes(pool) != [before]
    assert not flag.exists()


def test_threads_decode_at_once_and_wait_their_turn(pool: Pool) -> None:
    rng = np.random.default_rng(4)
    pictures = [rng.random((1, 40, 40 + n, 3)).astype(np.float16) for n in range(12)]
    jobs = [job_of(picture) for picture in pictures]
    with ThreadPoolExecutor(6) as threads:
        results = list(threads.map(lambda job: pool.decode(job, lambda: False), jobs))
    assert all(map(np.array_equal, results, pictures))
    assert 1 <= len(processes(pool)) <= 2


def test_stop_ends_waiting_for_a_process_too(stand_in) -> None:
    stand_in("time.sleep(1000)")
    pool = Pool(max_processes=1)
    busy, finish = threading.Event(), threading.Event()

    def first_stop() -> bool:
        busy.set()
        return finish.is_set()

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(pool.decode, SMALL_JOB, first_stop)
        try:
            assert busy.wait(30)
            (process,) = processes(pool)
            with pytest.raises(Cancelled):
                pool.decode(SMALL_JOB, lambda: True)
            assert process.poll() is None  # the other one's
        finally:
            finish.set()
        with pytest.raises(Cancelled):
            first.result()
    assert process.returncode is not None


def test_close_ends_idle_processes_and_a_later_decode_works(pool: Pool) -> None:
    pool.decode(SMALL_JOB, None)
    (first,) = processes(pool)
    pool.close()
    assert first.returncode == 0
    assert processes(pool) == []
    assert np.array_equal(pool.decode(SMALL_JOB, None), SMALL)


def test_close_cancels_whoever_is_waiting(pool: Pool, stand_in) -> None:
    stand_in("time.sleep(1000)")
    busy = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.decode, SMALL_JOB, lambda: busy.set() is not None)
        assert busy.wait(30)
        pool.close()
        with pytest.raises(Cancelled):
            waiting.result()
    assert processes(pool) == []


def test_what_libraries_print_does_not_come_between_answers(pool: Pool, stand_in) -> None:
    stand_in("print('more'); os.write(1, b'more'); sys.stdout.flush()")
    assert not pool.decode(SMALL_JOB, None).any()
    assert not pool.decode(SMALL_JOB, None).any()
    assert len(processes(pool)) == 1


def test_answer_of_another_shape_is_a_bad_tensor(pool: Pool, stand_in) -> None:
    stand_in("return np.zeros((1, 4, 3, 2), np.float32)")
    with pytest.raises(BadTensor, match="read in two ways"):
        pool.decode(SMALL_JOB, None)


def test_package_that_does_not_load_says_why(pool: Pool, stand_in) -> None:
    stand_in(on_import="raise ImportError('no such symbol: PyFoo')")
    with pytest.raises(DecoderUnavailable) as caught:
        pool.decode(SMALL_JOB, None)
    assert "does not load (ImportError: no such symbol: PyFoo)" in caught.value.problem
    assert processes(pool) == []


def test_package_that_crashes_when_loaded_says_so(pool: Pool, stand_in) -> None:
    stand_in(on_import="os._exit(5)")
    with pytest.raises(DecoderUnavailable, match=r"does not start \(it ended with status 5\)"):
        pool.decode(SMALL_JOB, None)


@pytest.mark.parametrize("executable", ["", None, "no-such-program"])
def test_python_that_cannot_be_started_is_an_error(pool: Pool, monkeypatch, executable) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(DecoderUnavailable, match="does not start"):
        pool.decode(SMALL_JOB, None)


def test_both_ways_of_decoding_agree() -> None:
    wide = np.random.default_rng(5).random((2, 3, 4, 5)).astype(np.float32)
    payload = package.compress(wide, precision=32, order="C")
    padded = payload + fpzip_worker.PADDING
    ways = (fpzip_worker.find_decoder(package), fpzip_worker.package_decoder(package))
    for decode in ways:
        values = decode(padded, len(payload), wide.shape, False)
        assert np.array_equal(values.reshape(wide.shape), wide)


def test_build_without_exported_functions_uses_the_package(monkeypatch) -> None:
    def refuse(_: str) -> ctypes.CDLL:
        raise OSError("cannot load")

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    decode = fpzip_worker.find_decoder(package)
    assert decode.__qualname__.startswith("package_decoder")


def test_worker_ends_when_its_input_does() -> None:
    command = [sys.executable, "-I", str(fpzip_worker.__file__)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert ended.stdout == b""


DECODES_ONCE = """
import os, sys
sys.path.insert(0, sys.argv[1])
import checkout
checkout.register()
import numpy as np
from drawbridge.codec import fpzip, tensor
data = tensor.encode(np.ones((32, 32), np.float16), tensor.Codec.FPZIP)
assert tensor.decode(data).all()
os.write(1, str(fpzip._pool._idle[0].pid).encode())
sys.stdin.read(1)
if sys.argv[2] == "die":
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("ending", ["die", "return"])
def test_child_goes_with_its_parent(ending: str) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", DECODES_ONCE, str(ROOT), ending]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(os.read(parent.stdout.fileno(), 20))
        assert is_running(pid)
        _, errors = parent.communicate(b"x", timeout=60)
    assert errors == b""
    assert (parent.returncode == 0) == (ending == "return")
    wait_until(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    if sys.platform == "linux":  # a process that nobody reaped yet has ended all the same
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state != "Z"
    listing = ["tasklist", "/FI", f"PID eq {pid}"] if os.name == "nt" else ["ps", "-p", str(pid)]
    return str(pid) in subprocess.run(listing, capture_output=True, text=True).stdout


def test_package_found_under_any_folder_name(tmp_path: Path) -> None:
    """ComfyUI loads the pack by path, under the path as its name, from wherever it was cloned."""
    code = (
        "import sys, importlib.util as u; folder = sys.argv[1]; name = folder.replace('.', '_x_')\n"
        "s = u.spec_from_file_location(name, folder + '/__init__.py')\n"
        "m = u.module_from_spec(s); sys.modules[name] = m; s.loader.exec_module(m)\n"
        "import importlib, numpy as np\n"
        "t = importlib.import_module(name + '.codec.tensor')\n"
        "a = np.ones((32, 32), np.float16)\n"
        "b = t.encode(a, t.Codec.FPZIP); assert len(b) < 1000 and np.array_equal(t.decode(b), a)\n"
    )
    folder = tmp_path / "draw bridge-1.0"
    shutil.copytree(ROOT / "codec", folder / "codec", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "errors.py"):
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(folder)], check=True, cwd="/")
