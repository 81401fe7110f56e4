"""Who executes Tasks: threads of this process, each of which waits for a process of its own; or a Dask cluster."""

from __future__ import annotations

import contextlib
from concurrent.futures import Executor, ThreadPoolExecutor

from tokenguard.errors import IncompleteError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 30


@contextlib.contextmanager
def opened(scheduler: str | None, jobs: int) -> Iterator[tuple[Executor, int]]:
    """An Executor, and how many Tasks it is to have at a time: `jobs`, or as many as a cluster has threads for.

    `scheduler` is the address of Dask's, None for this machine. What is still at work in the end is left behind.
    Raises UsageError where `distributed` is not there, and IncompleteError where the cluster is not.
    """
    if scheduler is None:
        # A Task is a process anyway, which can be ended; a pool of processes breaks as a whole with one of them.
        threads = ThreadPoolExecutor(jobs)
        try:
            yield threads, jobs
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        return
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--dask needs distributed", "pip install 'hf-tokenguard[dask]'") from None
    try:
        client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise IncompleteError(f"there is no Dask scheduler to talk to: {error}") from None
    with client:
        threads_there = sum(client.nthreads().values())
        if not threads_there:
            raise IncompleteError("the Dask cluster has no workers")
        # What died with a worker is for the sweep to try again, and not that often.
        yield client.get_executor(pure=False, retries=0), max(1, threads_there)
