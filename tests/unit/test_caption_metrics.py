"""Exact agreement and CIDEr-D against values worked out by hand."""

import math

import pytest

from seqlab.caption_metrics import cider, exact_match

CAT, DOG = ["the", "cat", "sits", "here"], ["a", "dog", "runs", "away"]


def test_exact_match_counts_whole_captions():
    assert exact_match([CAT, DOG], [[DOG, CAT], [CAT]]) == 0.5


def test_perfect_captions_of_four_words_get_ten():
    assert cider([CAT, DOG], [[CAT], [DOG]]) == pytest.approx(10)


def test_perfect_captions_of_two_words_get_half_of_it():
    """They have no runs of three or four words."""
    assert cider([CAT[:2], DOG[:2]], [[CAT[:2]], [DOG[:2]]]) == pytest.approx(5)


def test_captions_with_nothing_in_common_get_nothing():
    assert cider([CAT, DOG], [[DOG], [CAT]]) == 0


def test_a_word_that_every_image_has_weighs_nothing():
    assert cider([["the"], ["the"]], [[["the", "cat"]], [["the", "dog"]]]) == 0


def test_half_right_by_hand():
    """Both words of "cat sits" weigh ln 2; one is right, so the cosine for n = 1 is 1 / 2, for n = 2 it is 0."""
    assert cider([["cat", "runs"], ["x", "y"]], [[["cat", "sits"]], [["dog", "barks"]]]) == pytest.approx(
        10 / 2 / 4 / 2
    )


def test_length_is_penalised_and_repeats_are_cut():
    """ "cat cat" against "cat": min(2, 1) * 1 / (2 * 1) = 1 / 2 for n = 1, times exp(-1 / 72)."""
    found = cider([["cat", "cat"], ["dog"]], [[["cat"]], [["dog"]]])
    assert found == pytest.approx(10 * (math.exp(-1 / 72) / 2 + 1) / 4 / 2)


def test_the_mean_over_references_counts():
    alone, with_another = cider([CAT, DOG], [[CAT], [DOG]]), cider([CAT, DOG], [[CAT, ["x"] * 4], [DOG]])
    assert with_another == pytest.approx(alone * 0.75)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="as many candidates as images"):
        cider([CAT], [])
    with pytest.raises(ValueError, match="found 0 and 0"):
        exact_match([], [])
