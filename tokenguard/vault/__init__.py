"""Where named Tokens are kept: the secrets in the OS keyring, all else in an index."""
