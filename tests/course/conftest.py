"""The stage that a test is about: the one it is parametrised by."""

import pytest

from tests.course.stages import SUBJECTS


@pytest.fixture
def subject(stage_id):
    """The stage called ``stage_id``, with all that was made of it so far in this process."""
    return SUBJECTS[stage_id]
