"""Who executes Tasks: threads of this process, each of which waits for a process of its own; or a Dask cluster."""

from __future__ import annotations

import contextlib
import re
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

from tokenguard import __version__
from tokenguard.core.printable import printable
from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

_PATIENCE = 30
# So often it is asked whether there are workers, in seconds.
_EVERY = 5
_ADDRESS = re.compile(
    r"(?:(tcp|tls|wss?)://)?(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})/?",
    re.ASCII,
)
_NO_WORKERS = "the Dask cluster has no workers any more"


class Executors(NamedTuple):
    """An `executor`, and how many Tasks it is to have `at_once`.

    `trouble` says why nothing that it has will ever be done, nothing where that is not so; `notes` are for whoever
    asked.
    """

    executor: Executor
    at_once: int
    trouble: Callable[[], str] = str
    notes: tuple[str, ...] = ()


def check_scheduler(address: str) -> str:
    """`address`, if a scheduler may have it. Raises UsageError, and does not repeat it."""
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[2]) <= 65535:
        raise UsageError(
            "--dask takes the address of a scheduler, tcp://host:8786", "`dask scheduler` says its own"
        )
    return address


@contextlib.contextmanager
def opened(scheduler: str | None, jobs: int) -> Iterator[Executors]:
    """Executors of so many Tasks at a time (`jobs`), or of as many as a cluster has threads for.

    `scheduler` is the address of Dask's, None for this machine. What is still at work in the end is left behind.
    Raises UsageError where that is no address, or `distributed` is not there, and IncompleteError where no
    cluster is there, or no worker of any use.
    """
    if scheduler is None:
        # A Task is a process anyway, which can be ended; a pool of processes breaks as a whole with one of them.
        threads = ThreadPoolExecutor(jobs)
        try:
            yield Executors(threads, jobs)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        return
    check_scheduler(scheduler)
    with _client(scheduler) as client:
        try:
            threads_there = client.nthreads()
        except Exception as error:  # noqa: BLE001 -- as below
            raise _nobody(error) from None
        if not threads_there:
            raise IncompleteError("the Dask cluster has no workers")
        unfit, notes = _unfit(client)
        fit = {worker: number for worker, number in threads_there.items() if worker not in unfit}
        if not fit:
            raise IncompleteError(
                f"no worker of the Dask cluster has tokenguard {__version__}: {'; '.join(notes)}",
                f"pip install 'hf-tokenguard[dask]=={__version__}' there",
            )
        # Workers that come later are as good as any, unless there is a bad one.
        chosen = {"workers": list(fit), "allow_other_workers": False} if unfit else {}

        def are_there() -> bool:
            present = client.sync(client.scheduler.ncores, workers=None, callback_timeout=_PATIENCE)
            return bool(set(present) & set(fit) if unfit else present)

        # What died with a worker is for the sweep to try again, and not that often.
        executor = client.get_executor(pure=False, retries=0, **chosen)
        yield Executors(executor, max(1, sum(fit.values())), watch(are_there), notes)


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """A client of the scheduler. Raises UsageError without `distributed`, IncompleteError without a scheduler."""
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise UsageError("--dask needs distributed", "pip install 'hf-tokenguard[dask]'") from None
    try:
        if scheduler.startswith(("tls:", "wss:")) and not Security().get_connection_args("client").get(
            "ssl_context"
        ):
            raise IncompleteError(
                "there are no certificates for the Dask scheduler",
                "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, or distributed.comm.tls in its configuration, names them",
            )
        client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except IncompleteError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever it is: a cluster is not ours, and its words are its own
        raise _nobody(error) from None
    with client:
        yield client


def _nobody(error: Exception) -> IncompleteError:
    return IncompleteError(
        f"there is no Dask scheduler to talk to: {printable(str(error) or type(error).__name__)}"
    )


def _unfit(client: Any) -> tuple[set[str], tuple[str, ...]]:
    """The workers that cannot perform a Task of ours, and what to say of that."""
    import importlib.metadata

    try:
        # By reference to the standard library: what names tokenguard ends workers that do not have it.
        said: Mapping[str, object] = client.sync(
            client._run,  # noqa: SLF001 -- `run` itself waits for as long as the slowest worker likes
            importlib.metadata.version,
            "hf-tokenguard",
            on_error="return",
            callback_timeout=_PATIENCE,
        )
    except Exception as error:  # noqa: BLE001 -- nothing is lost: a Task asks again
        return set(), (f"the Dask workers did not say which tokenguard they have: {type(error).__name__}",)
    return judge_workers(said)


def judge_workers(said: Mapping[str, object]) -> tuple[set[str], tuple[str, ...]]:
    """The workers that are of no use by what they have `said`, a version or an error, and a note on each."""
    unfit = {worker: version for worker, version in said.items() if version != __version__}
    notes = (
        f"the worker {worker} has {f'tokenguard {version}' if isinstance(version, str) else 'no tokenguard'}, "
        f"and not {__version__}: it was given nothing"
        for worker, version in sorted(unfit.items())
    )
    return set(unfit), tuple(map(printable, notes))


def watch(are_there: Callable[[], bool], patience: float = _PATIENCE, every: float = _EVERY) -> Callable[[], str]:
    """Says what there is to say once there were no workers for so many seconds; asks now and then."""
    asked = seen = time.monotonic()

    def trouble() -> str:
        nonlocal asked, seen
        if time.monotonic() - asked >= every:
            try:
                if are_there():
                    seen = time.monotonic()
            except Exception:  # noqa: BLE001, S110 -- whoever does not answer has none
                pass
            asked = time.monotonic()
        return _NO_WORKERS if asked - seen >= patience else ""

    return trouble
