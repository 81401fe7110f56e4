"""A machine with a Secret Service and a Hub: where named tokens are added, checked and handed over."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from tests.e2e.machine import Machine, Result
from tests.support.credentials import user_token
from tests.support.hub import Hub, ok, whoami_user
from tests.support.secret_service import SecretService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


SERVICE = "tokenguard"
DEFAULT, WORK, OLD_TOKEN = user_token(81), user_token(82), user_token(83)


class Desk(Machine):
    """`environment` is that of a session with `service` on its bus, and `hub` for HF_ENDPOINT."""

    def __init__(self, top: Path, hub: Hub, service: SecretService) -> None:
        super().__init__(top)
        self.hub = hub
        self.service = service
        self.environment |= service.environment | {"HF_ENDPOINT": hub.endpoint}
        self._handed = top / "handed over"
        self._added = 0

    def tokenguard(
        self,
        *arguments: str | bytes | Path,
        stdin: str | bytes | None = None,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Runs `tokenguard`, which must not show a secret."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return self.run("tokenguard", *arguments, stdin=given, cwd=cwd, environment=environment)

    def hand_over(
        self,
        *command: str | bytes | Path,
        stdin: str | bytes | None = None,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Runs any command whose standard output may show secrets; standard error still must not."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        through = ("sh", "-c", 'exec "$@" >"$0"', self._handed)
        result = self.run(*through, *command, stdin=given, cwd=cwd, environment=environment)
        return result._replace(stdout=self._handed.read_bytes())

    def add(
        self,
        name: str,
        token: str | None = None,
        whoami: Mapping[str, Any] | None = None,
        *options: str,
    ) -> str:
        """Has the Hub know a token, a new one if it is not said which, and adds it under `name`; gives it back."""
        if token is None:
            self._added += 1
            token = self.token(1000 + self._added)
        self.hub.answer(token, ok(whoami or whoami_user()))
        self.prepare("add", name, "--stdin", *options, stdin=token)
        return token

    def kept(self) -> dict[str, str]:
        """What the Secret Service itself says that it has for tokenguard, by user name."""
        return {user: secret for (service, user), secret in self.service.items().items() if service == SERVICE}

    def listed(self, *command: str) -> dict[str, dict[str, Any]]:
        """What `tokenguard list --json` says, or another such command, by the names of the tokens."""
        result = self.prepare(*(command or ("list",)), "--json")
        document = json.loads(result.stdout.decode("ascii"))
        assert document["schema"] == 1
        return {row["name"]: row for row in document["tokens"]}

    @property
    def index(self) -> Path:
        """The document in which everything is that is not secret."""
        return self.home / "tokenguard" / "index.json"


@contextlib.contextmanager
def furnished(top: Path) -> Iterator[Desk]:
    """One with DEFAULT in its vault, as `home`, and WORK, as `work`; OLD_TOKEN is a secret that is not there."""
    with Hub() as hub, SecretService() as service:
        desk = Desk(top, hub, service)
        desk.add("home", desk.secret(DEFAULT), None, "--default")
        desk.add("work", desk.secret(WORK))
        desk.secret(OLD_TOKEN)
        yield desk
