"""Uploads a file to a server that keeps nothing, and prints by how many bytes this process grew.

Arguments: the checkout, the port, the file. A process of its own, since its peak is what counts.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import checkout

checkout.register()


def peak_bytes() -> int:
    status = Path("/proc/self/status")  # getrusage would count the process that started this one
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def main(port: int, path: Path) -> int:
    home = importlib.import_module("drawbridge.client.connection.endpoint")
    library = importlib.import_module("drawbridge.client.client")
    fields = importlib.import_module("drawbridge.client.server_fields")
    endpoint = home.Endpoint("127.0.0.1", port, fields.Transport.PLAINTEXT)
    async with library.DrawThingsClient(endpoint) as client:
        small = path.with_name("small.ckpt")
        small.write_bytes(b"weights")
        async for _ in client.upload(small):
            pass
        before = peak_bytes()
        async for _ in client.upload(path):
            pass
        return peak_bytes() - before


sys.stdout.write(str(asyncio.run(main(int(sys.argv[2]), Path(sys.argv[3])))))
