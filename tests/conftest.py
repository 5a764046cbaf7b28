"""What the tests of several parts share."""

import hypothesis
import pytest

pytest.register_assert_rewrite("tests.backends.conformance", "tests.backends.racing")

# no deadlines: how long an example takes depends on what else the computer does. `--hypothesis-profile=thorough` tries
# more of them, and that of scripts/faults mutants fewer.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.register_profile("mutants", deadline=None, max_examples=25, database=None)
hypothesis.settings.load_profile("default")
