"""The stages of the course, what belongs to each, and a session in which our own answers stand for a student's."""

import importlib
from collections.abc import Mapping
from functools import cached_property

from autograder.authoring.checks import public_checks
from autograder.authoring.master import read_master
from autograder.course import load_course
from autograder.judge import Judge
from autograder.proving.local import LocalSession
from autograder.reference import reference_namespace
from autograder.secret import CourseSecret
from autograder.suite import load_suite
from autograder.truth import Truth
from tests.conftest import ROOT

COURSE = load_course(ROOT)
SECRET = CourseSecret(bytes(32))
SEED = 20260101


class Subject:
    """One stage with its master, truth, public checks and judge, each made when first needed."""

    def __init__(self, stage):
        self.stage = stage

    @cached_property
    def suite(self):
        return load_suite(self.stage)

    @cached_property
    def master(self):
        return read_master(COURSE.master_path(self.stage.id), self.stage)

    @cached_property
    def truth(self):
        return Truth(self.master, self.suite)

    @cached_property
    def checks(self):
        return public_checks(self.suite, self.truth)

    @cached_property
    def judge(self):
        return self.judge_of(SEED)

    @cached_property
    def variants(self):
        """Right answers in other clothes; a stage that has none is an error."""
        return importlib.import_module(f"tests.course.variants_{self.stage.id}").VARIANTS

    def judge_of(self, seed, stage=None):
        return Judge(stage or self.stage, self.truth, seed, SECRET)

    def judged(self, namespace: Mapping[str, object]):
        """The verdicts on some functions."""
        return self.judge.judge(LocalSession(namespace))

    def reference(self, mistake=None):
        return reference_namespace(self.master, mistake)


SUBJECTS = {stage.id: Subject(stage) for stage in COURSE.stages.values()}
