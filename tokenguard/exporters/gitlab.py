"""A dotenv report of GitLab CI, which hands variables to later jobs.

Whoever may see the pipeline can read the report, unless `artifacts:access` says otherwise:
https://docs.gitlab.com/ci/variables/dotenv_variables
"""

from __future__ import annotations

from tokenguard.exporters._assignments import assignments, unset
from tokenguard.exporters._checks import check_value, unsayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["export", "unset"]


def export(variables: Sequence[str], value: str) -> str:
    """A line `NAME=value` for each name. Raises UsageError for a bad name or value.

    Quotes are part of the value, and blanks at either end are not
    (https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/services/ci/parse_dotenv_artifact_service.rb).
    The variable is not a raw one, so that `$NAME` and `%NAME%` in it are expanded
    (https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/expand_variables.rb).
    """
    if not set(check_value(value)).isdisjoint("$%"):
        raise unsayable("gitlab", "that has a $ or % in it")
    if value.strip(" ") != value:
        raise unsayable("gitlab", "that begins or ends with a blank")
    return assignments(variables, value)
