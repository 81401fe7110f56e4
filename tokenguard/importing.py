"""Taking tokens that lie in the clear into the vault, and out of where they lie."""
