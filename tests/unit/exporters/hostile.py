"""Values that some consumer would misread if they were written without care."""

from __future__ import annotations

from hypothesis import strategies as st

CHARACTERS = "'\"\\$`!#%^&*?[](){}<>|;~=:,-+@ azAZ09_\u2018\u2019\u201a\u201b\u00a0\u3000é鍵🔑"

KNOWN = (
    *("it's", "'", "''", "'\\''", "\u2018\u2019", '"', '""', "\\", "\\\\", "\\'", "a\\", "\\n", "\\x41"),
    *(
        "$",
        "$HOME",
        "${HOME}",
        "$(id)",
        "`id`",
        "%",
        "%HOME%",
        "%25",
        "%0A",
        "%1",
        "!",
        "!!",
        "a!b",
        "a\\!b",
        "^a^b",
    ),
    *("#", "a #b", "a#b", " ", " a", "a ", "  a  b  ", "\u00a0", "-n", "--", "-e", "=", "=ls", "a=b", "<<EOF"),
    *("*", "?", "[a-z]", "~", "~root", "a:~root", "a=~", "{", "}", "{}", "a{b,c}d", "{a..c}"),
    *(";id", "a;b", "&", "a&&b", "|", "<a", ">a", "(a)", "null", "true", "0", "é", "🔑"),
)


def values(without: str = "") -> st.SearchStrategy[str]:
    """Any value that can be one line of text, with none of the characters in `without`."""
    hostile = st.sampled_from([char for char in CHARACTERS if char not in without])
    any_other = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=without)
    return st.text(st.one_of(hostile, any_other), min_size=1, max_size=20)
