"""What the tests of several parts share."""

import signal

import hypothesis
import pytest

pytest.register_assert_rewrite("tests.backends.conformance", "tests.backends.racing")

# no deadlines: how long an example takes depends on what else the computer does. `--hypothesis-profile=thorough` tries
# more of them, and that of scripts/faults mutants fewer.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.register_profile("mutants", deadline=None, max_examples=25, database=None)
hypothesis.settings.load_profile("default")


def pytest_configure() -> None:
    """Let Ctrl-C be tried also where the tests run with it ignored, as behind an ``&``: processes inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
