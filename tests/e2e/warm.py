"""Commands that prepare a test, or look at what has become of it, and scans: most of what each takes is its start.

Each is a process of its own still: a fork of one that has loaded what they take, and has done nothing.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from tests.support.repository import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# huggingface_hub is not among what is loaded: it reads the environment as it comes.
_SERVING = """
import json, os, socket, sys, time
import cryptography.hazmat.primitives.ciphers.aead, cryptography.hazmat.primitives.kdf.hkdf, filelock, httpx2
import keyring.backends.SecretService, keyring.core, secretstorage
import tokenguard.cli.add, tokenguard.cli.hook, tokenguard.cli.list, tokenguard.cli.scan, tokenguard.cli.use
import tokenguard.cli.vault, tokenguard.githooks, tokenguard.history, tokenguard.hub, tokenguard.render.tokens
import tokenguard.reporting, tokenguard.scanning, tokenguard.tokens, tokenguard.vault.file, tokenguard.vault.index
import tokenguard.vault.vault, tokenguard.vaults
from tokenguard import process
from tokenguard.cli import run
with socket.socket(fileno=int(sys.argv[1])) as asked:
    while True:
        request, streams, _, _ = socket.recv_fds(asked, 1 << 18, 3)
        if not request:
            break
        child = os.fork()
        if child == 0:
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            os.closerange(3, max(*streams, asked.fileno()) + 1)
            given = json.loads(request)
            os.environ.clear()
            os.environ.update(given["environment"])
            time.tzset()
            os.chdir(given["cwd"])
            process.end(process.run(lambda: run(given["arguments"])))
        for stream in streams:
            os.close(stream)
        asked.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run_warm(
    arguments: Sequence[str], stdin: bytes, cwd: Path, environment: Mapping[str, str]
) -> tuple[int, bytes, bytes]:
    """How `tokenguard` ends with these arguments, and what it writes to either stream."""
    if os.environ.get("TOKENGUARD_SCRIPTS"):  # those of another build, which is what is to be tried
        real = subprocess.run(
            ("tokenguard", *arguments),
            cwd=cwd,
            env=dict(environment),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
        return real.returncode, real.stdout, real.stderr
    asking = _start(environment.get("MEASURE_INTO"))
    request = {"arguments": arguments, "cwd": os.fsdecode(cwd), "environment": dict(environment)}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk:
        given.write(stdin)
        given.seek(0)
        socket.send_fds(asking, [json.dumps(request).encode()], [stream.fileno() for stream in (given, out, talk)])
        status = int(asking.recv(64))
        out.seek(0)
        talk.seek(0)
        return status, out.read(), talk.read()


@functools.cache
def _start(measured: str | None) -> socket.socket:
    """It ends with these tests: nobody else holds the other side."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(TIMEOUT)
    own = {name: value for name, value in os.environ.items() if name != "MEASURE_INTO"}
    if measured is not None:
        own["MEASURE_INTO"] = measured
    with theirs:
        process = subprocess.Popen(
            (sys.executable, "-c", _SERVING, str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            env=own,
            stdin=subprocess.DEVNULL,
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours
