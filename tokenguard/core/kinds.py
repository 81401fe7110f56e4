"""The kinds of Hugging Face credentials, each under its own name."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of credential.

    `name` is what reports call it, `prefix` what every credential of the kind begins with.
    """

    name: str
    prefix: str


# Shapes: https://huggingface.co/docs/hub/security-tokens, https://huggingface.co/docs/hub/oauth,
# https://huggingface.co/docs/hub/trusted-publishers, https://huggingface.co/docs/hub/storage-buckets-s3
# and the redaction rules of Hugging Face's own MCP server (evalstate/hf-mcp-server).
USER_ACCESS_TOKEN = Kind("user-access-token", "hf_")
ORGANIZATION_TOKEN = Kind("organization-token", "api_org_")
OAUTH_ACCESS_TOKEN = Kind("oauth-access-token", "hf_oauth_")
OAUTH_REFRESH_TOKEN = Kind("oauth-refresh-token", "hf_oauth__refresh_")
JWT_ACCESS_TOKEN = Kind("jwt-access-token", "hf_jwt_")
S3_SESSION_TOKEN = Kind("s3-session-token", "hf_s3_")
S3_ACCESS_KEY = Kind("s3-access-key", "HFAK")
APP_TOKEN = Kind("app-token", "hf_app_")
OAUTH_APP_SECRET = Kind("oauth-app-secret", "oauth_app_secret_")

KINDS = (
    USER_ACCESS_TOKEN,
    ORGANIZATION_TOKEN,
    OAUTH_ACCESS_TOKEN,
    OAUTH_REFRESH_TOKEN,
    JWT_ACCESS_TOKEN,
    S3_SESSION_TOKEN,
    S3_ACCESS_KEY,
    APP_TOKEN,
    OAUTH_APP_SECRET,
)

ASKED_OF_THE_HUB = (USER_ACCESS_TOKEN, ORGANIZATION_TOKEN, OAUTH_ACCESS_TOKEN, JWT_ACCESS_TOKEN, APP_TOKEN)
"""Those that go with a question to the Hub as a Bearer token, so that whoami can tell whether they are live."""
