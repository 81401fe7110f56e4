"""The Report's exit code: what is not known outranks what is found."""

import pytest

from tests.support.credentials import user_token
from tokenguard.core.blob import Origin, Unreadable
from tokenguard.core.finding import Allowance, Allowed
from tokenguard.core.report import Report, Tally
from tokenguard.core.scan import scan_bytes
from tokenguard.errors import ExitCode

FINDINGS = tuple(scan_bytes(user_token().encode()))
ALLOWED = tuple(Allowed(finding, Allowance("allowed fingerprint", "pyproject.toml")) for finding in FINDINGS)
UNREADABLE = (Unreadable(Origin("a"), "is gone"),)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        pytest.param(Report(), ExitCode.CLEAN, id="nothing"),
        pytest.param(Report(tally=Tally(files=3)), ExitCode.CLEAN, id="files"),
        pytest.param(Report(notes=("a note",)), ExitCode.CLEAN, id="note"),
        pytest.param(Report(allowed=ALLOWED), ExitCode.CLEAN, id="allowed"),
        pytest.param(Report(findings=FINDINGS), ExitCode.FOUND, id="found"),
        pytest.param(Report(findings=FINDINGS, allowed=ALLOWED), ExitCode.FOUND, id="found and allowed"),
        pytest.param(Report(unreadable=UNREADABLE), ExitCode.INCOMPLETE, id="unreadable"),
        pytest.param(
            Report(findings=FINDINGS, unreadable=UNREADABLE), ExitCode.INCOMPLETE, id="found, unreadable"
        ),
    ],
)
def test_the_exit_code_is(report: Report, code: ExitCode) -> None:
    assert report.exit_code is code
