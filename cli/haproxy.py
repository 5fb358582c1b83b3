"""The configuration of an HAProxy that gives each job to a Draw Things server that is free.

What each line is for was measured; docs/farm.md tells it to people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..client.address import ip_address
from ..client.server_fields import Transport
from ..client.store.server import Server
from ..errors import RequestRejected

_DRAW_THINGS_NAME = "localhost"  # docs/protocol.md 8

# A connection that fails says that a server is gone, before the next check does: until then it is
# the one with the fewest jobs, and would be given every job that comes.
_DEAD_AT_ONCE = "observe layer4 error-limit 1 on-error mark-down"

_TEMPLATE = """\
# Made by `drawbridge farm haproxy`: make it anew rather than change it by hand. For HAProxy 2.6
# and newer; docs/farm.md says what each part does. Try it with: haproxy -c -f {file}
global
    stats socket {socket} mode 600 level admin expose-fd listeners
    hard-stop-after 12h                     # after a reload the old process may finish its jobs
    tune.h2.max-concurrent-streams 1000     # default 100: the 101st open job blocks even Echo
    tune.h2.initial-window-size 16777216    # default 64 KiB: slow where the way is long
    tune.bufsize 1048576                    # a queued request that is larger stops its connection
defaults
    mode http
    option redispatch 1
    retries 3                               # of connections; retry-on would send a job again
    timeout connect 3s
    timeout client 1h
    timeout server {silence}                       # the longest silence that is taken for work
    timeout queue {silence}
    timeout check 5s
    default-server inter 2s fall 3 rise 2
    http-error status 502 hdr grpc-status 14 hdr grpc-message "farm: the server broke off"
    http-error status 503 hdr grpc-status 14 hdr grpc-message "farm: no server took the call"
    http-error status 504 hdr grpc-status 14 hdr grpc-message "farm: the server was silent for too long"
frontend farm
    bind {bind}:{port} {listening}
    http-after-response set-header content-type application/grpc
    acl gen    path /ImageGenerationService/GenerateImage
    acl upload path /ImageGenerationService/UploadFile
    http-request return status 200 hdr grpc-status 12 hdr grpc-message "farm: bring files to each server, at its own port" if upload
    http-request return status 200 hdr grpc-status 14 hdr grpc-message "farm: no server is up" if gen {{ nbsrv(gen) eq 0 }}
    http-request return status 200 hdr grpc-status 8 hdr grpc-message "farm: the queue is full" if gen {{ queue(gen) ge {queue} }}
    use_backend gen if gen
    default_backend ask
{each}\
backend gen                                 # one job at a time for each server, and one queue
    balance leastconn
    http-reuse never
    option tcp-check                        # HTTP/2's preface and SETTINGS: as a client begins
    tcp-check connect default
    tcp-check send-binary 505249202a20485454502f322e300d0a0d0a534d0d0a0d0a000000040000000000
    tcp-check expect rbinary ^0000..0400
{jobs}\
backend ask
    balance roundrobin
{questions}\
{only}"""  # noqa: E501 - a line of HAProxy's is a line


@dataclass(frozen=True)
class Farm:
    """What the configuration is made for.

    `folder` is where it and the certificates of authorities will lie; `certificate` is the path of
    the PEM file with certificate and key that clients see, "" for plaintext; `each_port` is the
    first of the ports of single servers.
    """

    servers: Sequence[Server]
    folder: str = "/etc/haproxy"
    bind: str = ""
    port: int = 7859
    each_port: int = 7861
    certificate: str = ""
    socket: str = "/run/haproxy/admin.sock"
    queue: int = 200
    silence: str = "6h"


def configuration(farm: Farm) -> dict[str, str]:
    """Return the files that HAProxy needs, by name: haproxy.cfg, and certificates of authorities.

    May block where a certificate is a file. Raises RequestRejected for what HAProxy cannot do.
    """
    names = _names(farm.servers)
    files: dict[str, str] = {}
    lines = [
        f"    server {name} {_address(server)} {_protection(server, name, farm, files)}"
        for name, server in zip(names, farm.servers, strict=True)
    ]
    tls = f"ssl crt {farm.certificate} alpn h2" if farm.certificate else "proto h2"
    ports = range(farm.each_port, farm.each_port + len(names))
    if farm.port in ports or ports[-1] > 65535:
        raise RequestRejected(
            f"The ports {ports[0]} to {ports[-1]} of single servers include the farm's own, or are"
            " beyond 65535.",
            "Choose another first one with --each-port.",
        )
    files["haproxy.cfg"] = _TEMPLATE.format(
        file=f"{farm.folder}/haproxy.cfg",
        socket=farm.socket,
        silence=farm.silence,
        bind=farm.bind,
        port=farm.port,
        listening=tls,
        queue=farm.queue,
        each=_each(names, ports, farm.bind, tls),
        jobs="".join(
            f"{line} {_checked(s)} maxconn 1\n" for line, s in zip(lines, farm.servers, strict=True)
        ),
        questions="".join(
            f"{line} track gen/{name}\n" for line, name in zip(lines, names, strict=True)
        ),
        only="".join(
            f"backend only_{name}\n{line}\n" for line, name in zip(lines, names, strict=True)
        ),
    )
    return files


def _each(names: Sequence[str], ports: range, bind: str, tls: str) -> str:
    """Return the frontend with a port for each server: uploads, doctor, catalogues."""
    rows = [
        "frontend each                               # a port a server: uploads, doctor, lists",
        f"    bind {bind}:{ports[0]}-{ports[-1]} {tls}",
        *(
            f"    use_backend only_{name} if {{ dst_port {port} }}"
            for name, port in zip(names, ports, strict=True)
        ),
    ]
    return "\n".join(rows) + "\n"


def _names(servers: Sequence[Server]) -> list[str]:
    """Return names as HAProxy takes them, no two alike."""
    names: list[str] = []
    for number, server in enumerate(servers, 1):
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", server.name).strip("_.") or f"s{number}"
        names.append(name if name not in names else f"{name}_{number}")
    return names


def _address(server: Server) -> str:
    """Return where HAProxy finds a server; a name that is not known yet does not stop its start."""
    host, port = server.address.host, server.address.port
    if ip_address(host) is not None:
        return f"ipv6@[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{host}:{port} init-addr last,libc,none"


def _protection(server: Server, name: str, farm: Farm, files: dict[str, str]) -> str:
    """Return how a server is spoken to; the certificate of its authority goes into `files`."""
    transport, host = server.transport, server.address.host
    if transport is Transport.PLAINTEXT:
        return "proto h2"
    if transport is Transport.PINNED:
        raise RequestRejected(
            f"HAProxy cannot compare the pinned certificate of {server.name or host}.",
            "Save the server with its own authority (own-ca), or as one with Draw Things'"
            " certificate.",
        )
    if transport is Transport.DRAW_THINGS:
        from ..client.connection.channel import draw_things_root  # gRPC is loaded with it

        authority, host = f"{farm.folder}/draw-things-ca.pem", _DRAW_THINGS_NAME
        files["draw-things-ca.pem"] = draw_things_root().decode()
    elif ip_address(host) is not None:
        raise RequestRejected(
            f"HAProxy checks no certificate for an address such as {host}.",
            "Save the server by the name in its certificate.",
        )
    elif transport is Transport.OWN_CA:
        authority = f"{farm.folder}/{name}-ca.pem"
        files[f"{name}-ca.pem"] = server.with_certificate_text().certificate
    else:
        authority = "@system-ca"
    return f"ssl alpn h2 verify required ca-file {authority} sni str({host})"


def _checked(server: Server) -> str:
    """Return how a server is looked at while it works, in the words of its line."""
    if server.transport is Transport.PLAINTEXT:
        return f"check {_DEAD_AT_ONCE}"
    host = server.address.host
    name = _DRAW_THINGS_NAME if server.transport is Transport.DRAW_THINGS else host
    return f"check check-sni {name} check-alpn h2 {_DEAD_AT_ONCE}"
