"""Measures which branches the tests take, in all processes, by the tracer of coverage.py without the rest of it.

The tests start thousands of processes that live for a tenth of a second, which is what coverage.py takes to start.

    python measure.py install VENV PACKAGE
        From then on, processes of this virtual environment that find MEASURE_INTO in their environment, a folder,
        leave there which branches of the files in PACKAGE they took. It need not have coverage.py itself.
    python measure.py gather FOLDER PACKAGE
        Makes of all that was left in FOLDER the data file of coverage.py, which reports on it. What was measured
        in other copies of PACKAGE counts as taken in this one.

How the tracer is set up, and how it packs what it saw, is documented nowhere: pyproject.toml keeps to the releases
of coverage.py that this is known to go with.
"""

from __future__ import annotations

import atexit
import marshal
import os
import sys
import threading
from importlib.machinery import ExtensionFileLoader, ModuleSpec

TYPE_CHECKING = False  # importing `typing` would take longer than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

# `site` runs such a line of a .pth file before all else.
START = 'import os; "MEASURE_INTO" in os.environ and __import__("measure").start({!r}, {!r})\n'
UNFINISHED = ".unfinished"

_started: list[str] = []


def start(package: str, extension: str) -> None:
    """Has this process leave which branches of `package` it took, and those that it forks or becomes.

    The tracer is loaded from its file, `extension`: importing the package around it is what takes so long.
    """
    if _started:  # `site` reads a folder twice that it knows by two names
        return
    if any("pip" in os.path.basename(word) for word in sys.orig_argv[1:3]):
        return  # its installing runs no line of the package, and takes long enough
    _started.append(package)
    folder = os.environ["MEASURE_INTO"]
    loader = ExtensionFileLoader("coverage.tracer", extension)
    tracer: Any = loader.create_module(ModuleSpec("coverage.tracer", loader, origin=extension))
    loader.exec_module(tracer)
    taken: dict[str, set[int]] = {}
    of_files: dict[str, Any] = {}
    kept: list[Any] = []
    # Tests put others in their place.
    create, write, close, rename, unlink = os.open, os.write, os.close, os.rename, os.unlink

    def trace() -> Any:
        tracing = tracer.CTracer()
        tracing.data = taken
        tracing.trace_arcs = True
        tracing.should_trace = should_trace
        tracing.should_trace_cache = of_files
        tracing.file_tracers = {}
        tracing.warn = print
        # Nothing to wait for: what is saved is a copy, which no other thread can come between.
        tracing.lock_data = tracing.unlock_data = lambda: None
        tracing.concur_id_func = tracing.should_start_context = tracing.switch_context = None
        # One that goes away takes the trace function of the thread that happens to clear it away with it.
        kept.append(tracing)
        return tracing.start()

    def should_trace(name: str, _: FrameType) -> Any:
        of_file = tracer.CFileDisposition()
        of_file.original_filename = of_file.canonical_filename = of_file.source_filename = name
        of_file.trace = name.startswith(package)
        of_file.reason = ""
        of_file.file_tracer = None
        of_file.has_dynamic_filename = False
        return of_file

    def trace_thread(frame: FrameType, event: str, argument: object) -> Any:
        sys.settrace(None)
        traced = trace()
        return traced and traced(frame, event, argument)

    def save() -> None:
        path = os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}")
        # A file's branches are packed by themselves: most processes take those that another has taken.
        packed = marshal.dumps(
            {name[len(package) :]: marshal.dumps(branches.copy()) for name, branches in taken.copy().items()}
        )
        # Some tests are about full disks, too many open files, or users who may not write here.
        try:
            descriptor = create(path + UNFINISHED, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except OSError:
            return
        try:
            whole = write(descriptor, packed) == len(packed)
        except OSError:
            whole = False
        close(descriptor)
        if whole:
            rename(path + UNFINISHED, path)
        else:
            unlink(path + UNFINISHED)

    def after_saving(function: Callable[..., Any]) -> Callable[..., Any]:
        def saved(*arguments: Any) -> Any:
            save()
            return function(*arguments)

        return saved

    for name in ("_exit", "execv", "execve"):
        setattr(os, name, after_saving(getattr(os, name)))
    atexit.register(save)
    threading.settrace(trace_thread)
    trace()


def install(venv: str, package: str) -> None:
    """Copies this file to where the interpreter finds it, beside a .pth file that calls it."""
    import shutil
    import sysconfig

    import coverage.tracer

    packages = sysconfig.get_path("purelib", vars={"base": os.path.abspath(venv)})
    shutil.copy(__file__, os.path.join(packages, "measure.py"))
    with open(os.path.join(packages, "measure.pth"), "w", encoding="utf-8") as file:
        file.write(START.format(os.path.join(os.path.abspath(package), ""), coverage.tracer.__file__))


def gather(folder: str, package: str) -> None:
    """Writes the data file."""
    import coverage

    package = os.path.abspath(package)
    packed: dict[str, set[bytes]] = {}
    for saved in os.listdir(folder):
        if not saved.endswith(UNFINISHED):
            with open(os.path.join(folder, saved), "rb") as file:
                for name, branches in marshal.load(file).items():  # noqa: S302 -- our own
                    packed.setdefault(os.path.join(package, name), set()).add(branches)
    taken = {path: set().union(*map(marshal.loads, different)) for path, different in packed.items()}
    data = coverage.CoverageData()
    data.add_arcs({path: [_lines(branch) for branch in branches] for path, branches in taken.items()})
    # What no process has imported counts as well.
    files = [os.path.join(at, name) for at, _, names in os.walk(package) for name in names]
    data.touch_files([path for path in files if path.endswith(".py")])
    data.write()


def _lines(branch: int) -> tuple[int, int]:
    """From where to where: the tracer puts both into one number, 28 bits each and then the signs."""
    start, end = branch & 0xFFFFFFF, branch >> 28 & 0xFFFFFFF
    return -start if branch >> 56 & 1 else start, -end if branch >> 57 & 1 else end


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["install", venv, package]:
            install(venv, package)
        case ["gather", folder, package]:
            gather(folder, package)
        case _:
            sys.exit(__doc__)
