"""Times the commands about tokens beside Hugging Face's own, whole processes in turn, with a live Secret Service.

    python -m benchmarks.tokens [--runs 21]

gnome-keyring and dbus (Debian's packages) must be there. The commands timed are those of the interpreter that runs
this, which needs `hf-tokenguard[test]`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.speed import PYTHON, SCRIPTS, table
from tests.support.credentials import user_token
from tests.support.secret_service import SecretService


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {runs} runs in turn\n")
    with tempfile.TemporaryDirectory() as folder, SecretService() as service:
        # What `table` starts inherits it.
        os.environ.update(service.environment, HF_HOME=folder, XDG_DATA_HOME=folder)
        for number in range(3):
            add(f"token-{number}", user_token(number))
        (Path(folder) / "token").write_text(user_token(0))
        start(runs)
        hand_over(runs)
        from_the_file(runs, folder)


def start(runs: int) -> None:
    commands = {
        "python -c pass": PYTHON,
        "tokenguard list": [tokenguard(), "list"],
        "hf auth list": [str(SCRIPTS / "hf"), "auth", "list"],
        "tokenguard token, to a pipe": ["sh", "-c", f"{tokenguard()} token token-1 | cat"],
    }
    table("Starting", commands, runs)


def hand_over(runs: int) -> None:
    commands = {
        "true": ["true"],
        "tokenguard run -- true": [tokenguard(), "run", "token-1", "--", "true"],
        "tokenguard run --via file -- true": [tokenguard(), "run", "token-1", "--via", "file", "--", "true"],
        "hf env": [str(SCRIPTS / "hf"), "env"],
    }
    table("Handing over", commands, runs)


def from_the_file(runs: int, folder: str) -> None:
    vault = ["env", "TOKENGUARD_VAULT=file", f"XDG_DATA_HOME={folder}/file"]
    passphrase = "TOKENGUARD_PASSPHRASE=a passphrase"
    add("token-1", user_token(1), *vault, passphrase)
    quietly(*vault, passphrase, tokenguard(), "vault", "unlock")
    run = [*vault, tokenguard(), "run", "--", "true"]
    commands = {
        "tokenguard list": [*vault, tokenguard(), "list"],
        "tokenguard run -- true, its key kept by the kernel": run,
        "tokenguard run -- true, from the Secret Service": [tokenguard(), "run", "token-1", "--", "true"],
    }
    table("From the vault file, unlocked", commands, runs)
    quietly(*vault, tokenguard(), "vault", "lock")
    table("Locked", {"tokenguard run -- true, with the passphrase": [*vault, passphrase, *run[3:]]}, runs)


def quietly(*command: str) -> None:
    subprocess.run(command, stderr=subprocess.DEVNULL, check=True)


def add(name: str, token: str, *through: str) -> None:
    subprocess.run(
        [*through, tokenguard(), "add", name, "--stdin", "--no-validate", "--default"],
        input=token.encode(),
        stderr=subprocess.DEVNULL,
        check=True,
    )


def tokenguard() -> str:
    return str(SCRIPTS / "tokenguard")


if __name__ == "__main__":
    main()
