"""A Secret Service of a test's own: gnome-keyring on a bus where nobody else is, with nobody at the screen."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, Literal

import secretstorage
from jeepney import (  # type: ignore[import-untyped] # it has no py.typed
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_method_call,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection  # type: ignore[import-untyped] # as above

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

Prompts = Literal["dismissed", "unanswered"]

_PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon", "setpriv")
_START_TIMEOUT = 30
# The session's own configuration also names folders of activation files. Without them nothing starts by itself:
# what was killed stays dead, and no prompt comes up on a developer's screen.
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    """Runs while it is entered, unlocked at first; `prompts` is what becomes of a request to unlock it."""

    def __init__(self, prompts: Prompts = "dismissed") -> None:
        self.prompts: Prompts = prompts
        self.prompted = 0
        """How often somebody was asked for a password."""

    def __enter__(self) -> SecretService:  # noqa: PYI034 -- nothing derives from it, and Self is not in Python 3.10
        _require_programs()
        with ExitStack() as stack:
            # Not below TMPDIR, or in the folder of the test: the path of a socket has at most 107 characters.
            self._top = stack.enter_context(tempfile.TemporaryDirectory(prefix="keyring-", dir="/tmp"))
            self._own = {"PATH": os.environ["PATH"], "HOME": self._top, "XDG_RUNTIME_DIR": self._top}
            self._address = self._own["DBUS_SESSION_BUS_ADDRESS"] = self._start_bus(stack)
            self._daemon = self._start_daemon(stack)
            try:
                self._await_service()
            except RuntimeError:
                # On a busy machine it ends, or does not come up, now and then; a second one is another daemon.
                _end(self._daemon)
                self._daemon = self._start_daemon(stack)
                self._await_service()
            prompter = _Prompter(self, open_dbus_connection(self._address))
            stack.callback(prompter.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to find the service."""
        return {"DBUS_SESSION_BUS_ADDRESS": self._address, "XDG_RUNTIME_DIR": self._top}

    def lock(self) -> None:
        with self._connection() as connection:
            secretstorage.get_default_collection(connection).lock()

    def items(self) -> dict[tuple[str, str], str]:
        """The secrets there are, by service and user name."""
        with self._connection() as connection:
            return {
                (attributes["service"], attributes["username"]): item.get_secret().decode()
                for collection in secretstorage.get_all_collections(connection)
                for item in collection.get_all_items()
                for attributes in [item.get_attributes()]
            }

    def runs(self) -> bool:
        """Whether the service has not ended."""
        return self._daemon.poll() is None

    def restart(self) -> None:
        """Starts the service anew, unlocked and with what it has kept, once it has ended."""
        self._daemon = self._start_daemon(self._stack)
        self._await_service()

    def kill(self) -> None:
        """Ends the service; the bus stays."""
        _end(self._daemon)

    def freeze(self) -> None:
        """From now on the service is there, and does not answer."""
        self._daemon.send_signal(signal.SIGSTOP)

    def _start_bus(self, stack: ExitStack) -> str:
        configuration = os.path.join(self._top, "bus.conf")
        with open(configuration, "w") as file:
            file.write(_BUS.format(socket=os.path.join(self._top, "bus")))
        # Should the tests be killed, so is the bus; and the service ends where it loses the bus.
        command = ("setpriv", "--pdeathsig", "KILL", "dbus-daemon", "--nofork", "--print-address")
        bus = self._start(stack, *command, f"--config-file={configuration}", stdout=subprocess.PIPE)
        assert bus.stdout is not None
        with bus.stdout:
            address = bus.stdout.readline().decode().strip()
        if not address:
            raise RuntimeError(f"dbus-daemon does not start: {self._log()}")
        return address

    def _start_daemon(self, stack: ExitStack) -> subprocess.Popen[bytes]:
        options = ("--foreground", "--components=secrets", "--unlock")
        try:
            daemon = self._start(stack, "gnome-keyring-daemon", *options, stdin=subprocess.PIPE)
        except PermissionError:
            # The file may come with a capability, CAP_IPC_LOCK. A container without it cannot run the file, but it
            # can run a copy.
            copy = shutil.copy(shutil.which("gnome-keyring-daemon") or "", self._top)
            daemon = self._start(stack, copy, *options, stdin=subprocess.PIPE)
        assert daemon.stdin is not None
        with daemon.stdin:
            daemon.stdin.write(b"\n")
        return daemon

    def _start(
        self, stack: ExitStack, *command: str, stdin: int | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        """In a session of its own: a Ctrl-C at the terminal is for the tests, and they end it."""
        with open(os.path.join(self._top, "log"), "ab") as log:
            process = subprocess.Popen(
                command,
                env=self._own,
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
            )
        stack.callback(_end, process)
        return process

    def _await_service(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        with self._connection() as connection:
            while not secretstorage.check_service_availability(connection):
                if self._daemon.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"gnome-keyring-daemon does not start: {self._log()}")
                time.sleep(0.002)
            while not self._has_open_collection(connection):
                if self._daemon.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"gnome-keyring-daemon made no open collection: {self._log()}")
                time.sleep(0.01)

    def _has_open_collection(self, connection: DBusConnection) -> bool:
        try:
            return not secretstorage.get_default_collection(connection).is_locked()
        except (secretstorage.ItemNotFoundException, secretstorage.PromptDismissedException):
            return False  # on a busy machine it can be asked before it has made one

    @contextmanager
    def _connection(self) -> Iterator[DBusConnection]:
        with closing(open_dbus_connection(self._address)) as connection:
            yield connection

    def _log(self) -> str:
        with open(os.path.join(self._top, "log"), errors="replace") as log:
            return log.read()


class _Prompter:
    """Stands in for the program that asks for passwords on the screen, in a thread.

    gnome-keyring has it begin, is told when it is ready, and has it ask: which is answered with "no", or never.
    """

    _NAME = "org.gnome.keyring.SystemPrompter"
    _CALLBACK = "org.gnome.keyring.internal.Prompter.Callback"

    def __init__(self, service: SecretService, connection: DBusConnection) -> None:
        self._service = service
        self._connection = connection
        connection.send_and_get_reply(message_bus.RequestName(self._NAME))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()

    def _serve(self) -> None:
        try:
            while True:
                message = self._connection.receive()
                if message.header.message_type is MessageType.method_call:
                    self._obey(message)
        except ConnectionError:
            return  # closed

    def _obey(self, call: Message) -> None:
        self._connection.send(new_method_return(call))
        match call.header.fields[HeaderFields.member]:
            case "BeginPrompting":
                self._call_back(call, "PromptReady", "sa{sv}s", ("", {}, ""))
            case "PerformPrompt":
                self._service.prompted += 1
                if self._service.prompts == "dismissed":
                    self._call_back(call, "PromptReady", "sa{sv}s", ("no", {}, ""))
            case "StopPrompting":
                self._call_back(call, "PromptDone", "", ())

    def _call_back(self, call: Message, method: str, signature: str, body: tuple[Any, ...]) -> None:
        caller = call.header.fields[HeaderFields.sender]
        callback = DBusAddress(call.body[0], bus_name=caller, interface=self._CALLBACK)
        self._connection.send(new_method_call(callback, method, signature, body))


def _require_programs() -> None:
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        raise RuntimeError(
            f"No {', '.join(missing)} here: install the Debian packages gnome-keyring, dbus and util-linux"
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends what `process` started too; SIGKILL also ends what is frozen."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
