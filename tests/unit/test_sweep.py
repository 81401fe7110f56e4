"""What a sweep makes of the Outcomes that it is given: nothing is lost, asked twice, or taken for clean."""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

import click
import pytest

from tokenguard.cli.sweep import _lines_of_progress
from tokenguard.cli.sweep import sweep as command
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Finding, Verification
from tokenguard.core.identity import Identity
from tokenguard.core.report import Report
from tokenguard.core.target import Target, read_target
from tokenguard.errors import UsageError, VaultError
from tokenguard.sweep import Limits, sweep
from tokenguard.task import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GIT, OTHER = "https://git.example.com/a", "https://git.example.com/b"
LIVE = Verification("live", "2024-01-01T00:00:00+00:00", Identity("alice", "user", "write"))
CLEAN = Outcome(Report())


class Script(Executor):
    """Gives what is written for each target, one after the other, and notes what it was asked."""

    def __init__(self, **outcomes: Outcome | list[Outcome]) -> None:
        self._outcomes = {name: list(said) if type(said) is list else [said] for name, said in outcomes.items()}
        self.tasks: list[Task] = []

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
        (task,) = arguments
        self.tasks.append(task)
        said = self._outcomes[task.target.name]
        future: Future[Any] = Future()
        future.set_result(said.pop(0) if len(said) > 1 else said[0])
        return future

    @property
    def asked(self) -> list[str]:
        return [task.target.name for task in self.tasks]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKENGUARD_HOME", str(tmp_path))
    return tmp_path


def run(script: Script, *names: str, **options: Any) -> Report:
    options.setdefault("limits", Limits(pause=0))
    return sweep(map(read_target, names), script, at_once=1, **options)


def found(path: str = "leak.py", said: Verification | None = None) -> Report:
    finding = Finding("app-token", Origin(path), 1, 1, 9, f"sha256:{1:064}", "hf_app_…")
    return Report((finding._replace(verification=said or Verification()),))


def unread(path: str, reason: str) -> Report:
    return Report(unreadable=(Unreadable(Origin(path), reason),))


def paths(report: Report) -> list[str]:
    return [finding.origin.path for finding in report.findings]


def test_an_account_is_a_target_each() -> None:
    listed = Outcome(Report(notes=("a note",)), names=("hf://acme/x", "hf://datasets/acme/y", "hf://ACME/z"))
    script = Script(**{
        "hf://acme": listed,
        "hf://acme/x": Outcome(found(path="hf://acme/x/run.py")),
        "hf://datasets/acme/y": CLEAN,
        "hf://ACME/z": CLEAN,
    })  # fmt: skip
    report = run(script, "hf://acme/x/", "hf://acme")
    assert sorted(script.asked) == sorted(set(script.asked))
    assert len(script.asked) == 4
    assert paths(report) == ["hf://acme/x/run.py"]
    assert report.notes == ("a note", "swept 4 targets")


@pytest.mark.parametrize(
    "name",
    ["hf://other/x", "hf://acme", "hf://other", "https://git.example.com/a", "/etc", "--x", "hf://acme/../x", ""],
)
def test_an_account_does_not_lead_elsewhere(name: str) -> None:
    script = Script(**{"hf://acme": Outcome(Report(), names=(name,))})
    report = run(script, "hf://acme")
    assert script.asked == ["hf://acme"]
    assert [item.origin.path for item in report.unreadable] == ["hf://acme"]


def test_no_other_target_is_an_account() -> None:
    script = Script(**{"hf://acme/x": Outcome(Report(), names=("hf://acme/y",))})
    assert run(script, "hf://acme/x").exit_code == 3
    assert script.asked == ["hf://acme/x"]


def test_what_of_an_account_is_not_listed_is_not_clean() -> None:
    partial = Outcome(unread("hf://acme (spaces)", "the Hub lies"), names=("hf://acme/x",))
    report = run(Script(**{"hf://acme": partial, "hf://acme/x": CLEAN}), "hf://acme")
    assert [item.origin.path for item in report.unreadable] == ["hf://acme (spaces)"]


def test_what_passes_is_tried_again_and_what_was_found_before_stays() -> None:
    first = Outcome(
        found()._replace(unreadable=unread("x", "the rate limit is spent").unreadable), is_passing=True
    )
    for last, unreadable in (
        (CLEAN, []),
        (first, [f"{GIT}/x"]),
        (Outcome(failure="not done within 3 seconds"), [GIT, f"{GIT}/x"]),
    ):
        script = Script(**{GIT: [first, last]})
        report = run(script, GIT, limits=Limits(tries=2, pause=0), afresh=True)
        assert [item.origin.path for item in report.unreadable] == unreadable
        assert paths(report) == ([f"{GIT}/leak.py"] if unreadable else [])
        assert len(script.asked) == 2


def test_a_credential_is_asked_about_once_and_what_was_said_holds_everywhere() -> None:
    script = Script(**{GIT: Outcome(found(said=LIVE)), OTHER: Outcome(found())})
    report = run(script, GIT, OTHER, verify=True, token="audit")
    assert [task.asked for task in script.tasks] == [(), (found().findings[0].fingerprint,)]
    assert [finding.verification for finding in report.findings] == [LIVE, LIVE]
    assert {(task.verify, task.token) for task in script.tasks} == {(True, "audit")}


def test_what_the_hub_does_not_say_is_asked_again_elsewhere() -> None:
    unknown = Verification("unknown", reason="the rate limit is spent")
    script = Script(**{GIT: Outcome(found(said=unknown)), OTHER: Outcome(found(said=LIVE))})
    report = run(script, GIT, OTHER, verify=True)
    assert [task.asked for task in script.tasks] == [(), ()]
    assert [finding.verification for finding in report.findings] == [LIVE, LIVE]


def test_what_was_said_of_it_once_is_not_said_again() -> None:
    script = Script(**{GIT: [Outcome(found(said=LIVE), "tips"), Outcome(is_as_before=True)]})
    assert run(script, GIT, verify=True).findings[0].verification == LIVE
    assert run(script, GIT).findings[0].verification == Verification()


def test_to_ask_about_it_what_is_known_is_read_again() -> None:
    script = Script(**{GIT: Outcome(found(), "tips"), OTHER: Outcome(Report(), "tips")})
    for verify in (False, False, True):
        run(script, GIT, OTHER, verify=verify)
    assert [task.tips for task in script.tasks] == ["", "", "tips", "tips", "", "tips"]


@pytest.mark.parametrize("options", [{"verify": True}, {"token": "other"}])
def test_what_was_read_in_another_way_is_read_again(options: dict[str, Any]) -> None:
    class Ended(Script):
        def submit(self, call: Callable[..., Any], /, *arguments: Any, **_: Any) -> Future[Any]:
            if arguments[0].target.name == OTHER:
                raise KeyboardInterrupt
            return super().submit(call, *arguments)

    with pytest.raises(KeyboardInterrupt):
        run(Ended(**{GIT: CLEAN}), GIT, OTHER)
    script = Script(**{GIT: CLEAN, OTHER: CLEAN})
    run(script, GIT, OTHER, **options)
    assert script.asked == [GIT, OTHER]


def test_names_of_elsewhere_stay_as_they_are_and_others_stand_below_the_target() -> None:
    names = {"s3://bucket/x": "s3://bucket/x/a.txt", "hf://acme/x": "hf://acme/x/a.txt", GIT: "a.txt"}
    script = Script(**{name: Outcome(found(path=path)) for name, path in names.items()})
    assert set(paths(run(script, *names))) == {"s3://bucket/x/a.txt", "hf://acme/x/a.txt", f"{GIT}/a.txt"}
    assert Target(GIT, "https").is_account is False


def test_without_a_terminal_there_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    tell = _lines_of_progress(0)
    tell(3, 9, [("hf://acme/\x1b[2Jx", 61.2), (GIT, 2.0)])
    tell(9, 9, [])
    _lines_of_progress(60)(3, 9, [(GIT, 2.0)])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tokenguard: 3 of 9 targets are done; slowest now: hf://acme/")
    assert line.endswith("x 61 s")
    assert line.isprintable()


def test_progress_counts_what_is_still_to_come() -> None:
    listed = Outcome(Report(), names=("hf://acme/x", "hf://acme/y"))
    script = Script(**{"hf://acme": listed, "hf://acme/x": CLEAN, "hf://acme/y": CLEAN})
    told: list[tuple[int, int]] = []
    run(script, "hf://acme", progress=lambda done, total, _: told.append((done, total)))
    assert told == [(0, 1), (1, 3), (2, 3), (3, 3)]


def test_where_nothing_more_will_be_done_the_rest_is_not_read() -> None:
    class Silent(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            return Future()

    said = iter(["", "the cluster has no workers any more"])
    report = sweep(map(read_target, (GIT, OTHER)), Silent(), at_once=1, trouble=lambda: next(said))
    assert [(item.origin.path, item.reason) for item in report.unreadable] == [
        (name, "the cluster has no workers any more") for name in (GIT, OTHER)
    ]


def test_a_folder_has_many_names() -> None:
    script = Script(**{os.path.abspath("repo"): Outcome(found())})
    report = run(script, "./repo", "repo", "repo/", os.path.abspath("repo"))
    assert len(script.asked) == 1
    assert paths(report) == ["./repo/leak.py"]


@pytest.mark.parametrize(
    ("arguments", "wrong", "said"),
    [
        (["--from", "empty"], click.UsageError, "names no target"),
        (["x", "--token", "audit"], click.UsageError, "hf://"),
        (["hf://acme", "--token", "audit"], VaultError, "no token called audit"),
        (["x", "--dask", "nonsense"], UsageError, "tcp://host:8786"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(
    arguments: list[str], wrong: type[Exception], said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / "empty").touch()
    monkeypatch.setattr("tokenguard.process.forbid_dumps", lambda: None)
    monkeypatch.setattr("tokenguard.cli._shared.forbid_dumps", lambda: None)
    with pytest.raises(wrong, match=said):
        command.main(arguments, standalone_mode=False)
