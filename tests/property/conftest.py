"""How Hypothesis runs here: as many examples as fit a suite that is run often, and none judged by the clock."""

from hypothesis import settings

settings.register_profile("tokenguard", deadline=None, max_examples=100, print_blob=True)
settings.load_profile("tokenguard")
