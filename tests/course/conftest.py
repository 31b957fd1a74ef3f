"""The stage that a test is about: the one it is parametrised by."""

import pytest

from seqlab.language.threads import one_thread
from tests.course.stages import SUBJECTS


@pytest.fixture
def subject(stage_id):
    """The stage called ``stage_id``, with all that was made of it so far in this process."""
    return SUBJECTS[stage_id]


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """The products of cases are tiny; with two threads the tests of stage 5 took six times the processor time."""
    with one_thread():
        yield
