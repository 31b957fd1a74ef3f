"""IMDB, English and French sentences, and VQA v2, proved on miniatures of their archives."""

import gzip
import tarfile

import numpy as np
import pytest

from seqlab.data import load_pairs, load_questions, load_sentences
from seqlab.data.build import imdb, vqa2
from seqlab.data.build.eng_fra import build_eng_fra
from seqlab.data.build.imdb import build_imdb
from seqlab.data.build.vqa2 import build_vqa2
from seqlab.data.errors import WrongContents
from seqlab.data.questions import coco_rows
from tests.data.miniatures import built, sources_of, tar_of, zip_of

REVIEWS = {
    "aclImdb/README": "the paper",
    "aclImdb/test/neg/0_2.txt": "Dull,<br /><br />dull &amp; long.",
    "aclImdb/test/pos/0_10.txt": "Fine.",
    "aclImdb/train/neg/0_3.txt": "A bad film.",
    "aclImdb/train/neg/1_1.txt": "A bad\xa0 bad film&#39;s end. <br/>It&quot;s over",
    "aclImdb/train/pos/0_9.txt": "A fine film \x96 really.",
    "aclImdb/train/pos/1_7.txt": "A fine fine film.",
    "aclImdb/train/unsup/0_0.txt": "Unsupervised.",
    "aclImdb/train/labeledBow.feat": "9 0:9 1:1",
}


def reviews(tmp_path, **changes):
    members = REVIEWS | {f"aclImdb/{name.replace('__', '/')}.txt": text for name, text in changes.items()}
    return sources_of(tar_of(tmp_path / "aclImdb_v1.tar.gz", {k: v for k, v in members.items() if v is not None}))


@pytest.fixture
def every_word(monkeypatch):
    monkeypatch.setattr(imdb, "AT_LEAST", 2)


def test_reviews_become_words_stars_and_labels(places, tmp_path, every_word):
    built(places, "imdb", build_imdb, reviews(tmp_path))
    loaded = load_sentences("imdb", places=places)
    batch = loaded.train[:]
    assert batch.labels.tolist() == [0, 1, 0, 1]
    assert batch.ratings.tolist() == [3, 9, 1, 7]
    assert loaded.vocabulary.sentence(loaded.train.words[3]) == "a fine fine film ."
    assert set(loaded.vocabulary.tokens[4:]) == {"a", "bad", "fine", "film", "."}
    assert (loaded.val[:].labels.tolist(), loaded.val[:].ratings.tolist()) == ([0, 1], [2, 10])


def test_reviews_lose_the_traces_of_their_web_page(places, tmp_path, every_word):
    built(places, "imdb", build_imdb, reviews(tmp_path))
    loaded = load_sentences("imdb", places=places)
    assert loaded.val.texts.text(0) == "Dull, dull & long."
    assert loaded.train.texts.text(2) == "A bad bad film's end. It\"s over"


def test_reviews_need_to_be_seen_twenty_times_to_be_words(places, tmp_path):
    built(places, "imdb", build_imdb, reviews(tmp_path, train__pos__0_9="fine " * 19, train__pos__1_7="fine"))
    assert load_sentences("imdb", places=places).vocabulary.tokens[4:] == ("fine",)


IMDB_CHANGES = {
    "no favourable ones": ({"test__pos__0_10": None}, "favourable and unfavourable reviews for val in .*found 0 and 1"),
    "contradictory": ({"train__pos__2_3": "x"}, "7 to 10 stars in aclImdb/train/pos/2_3.txt of .*3 stars"),
    "not text": ({"train__pos__2_8": b"\xff\xfe"}, "UTF-8 in aclImdb/train/pos/2_8.txt of"),
}


@pytest.mark.parametrize("name", IMDB_CHANGES)
def test_reviews_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = IMDB_CHANGES[name]
    with pytest.raises(WrongContents, match=f"^expected .*{expected}.*") as caught:
        build_imdb(reviews(tmp_path, **changes), tmp_path)
    assert "aclImdb_v1.tar.gz" in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-4],
        lambda data: b"<html>",
        lambda data: gzip.compress(b"no tar" * 200),
    ],
)
def test_a_part_of_the_archive_of_reviews_is_refused(spoil, tmp_path):
    sources = reviews(tmp_path)
    sources.only.write_bytes(spoil(sources.only.read_bytes()))
    with pytest.raises(WrongContents, match=r"a whole tar.gz archive in .*aclImdb_v1.tar.gz"):
        build_imdb(sources, tmp_path)


def test_a_link_in_the_archive_of_reviews_is_not_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret " * 30)
    with tarfile.open(tmp_path / "aclImdb_v1.tar.gz", "w:gz") as file:
        info = tarfile.TarInfo("aclImdb/train/pos/5_9.txt")
        info.type, info.linkname = tarfile.SYMTYPE, str(secret)
        file.addfile(info)
    with pytest.raises(WrongContents, match="found 0 and 0"):
        build_imdb(sources_of(tmp_path / "aclImdb_v1.tar.gz"), tmp_path)


NARROW, COMPOSED, APART = "\u202f", "\u00e9", "e\u0301"
SENTENCES = [("Go.", "Va !"), ("Go.", f"Va{NARROW}!"), ("Go.", "Marche."), ("  Wait  here.", f"J'ai {APART}t{APART}.")]


def sentences(tmp_path, lines=None, member="data/eng-fra.txt"):
    made = [*SENTENCES, *((f"I see {n}.", f"Je vois {n}.") for n in range(40))]
    text = "\r\n".join("\t".join(pair) for pair in made) + "\r\n" if lines is None else lines
    members = {"data/names/Arabic.txt": "Khoury", "__MACOSX/data/._eng-fra.txt": "x", member: text}
    return sources_of(zip_of(tmp_path / "pytorch-tutorial-data.zip", members))


def texts(split):
    return [split.texts(number) for number in range(len(split))]


def test_sentences_become_pairs_with_plain_spaces_and_composed_letters(places, tmp_path):
    built(places, "eng_fra", build_eng_fra, sentences(tmp_path))
    loaded = load_pairs("eng_fra", places=places)
    pairs = texts(loaded.train) + texts(loaded.val)
    assert ("Wait here.", f"J'ai {COMPOSED}t{COMPOSED}.") in pairs
    assert pairs.count(("Go.", "Va !")) == 1
    assert len(pairs) == 43
    assert load_pairs("eng_fra", "character", places=places).train.source[0].size == len(loaded.train.texts(0)[0])


def test_a_twentieth_of_the_sources_is_held_out_with_all_translations(places, tmp_path):
    built(places, "eng_fra", build_eng_fra, sentences(tmp_path))
    loaded = load_pairs("eng_fra", places=places)
    sides = [{source for source, _ in texts(split)} for split in (loaded.train, loaded.val)]
    assert (len(sides[0]), len(sides[1]), sides[0] & sides[1]) == (40, 2, set())


def test_an_odd_separator_inside_a_sentence_does_not_end_its_line(places, tmp_path):
    lines = "".join(f"I see {n}.\tJe\u2028vois\x85 {n}.\n" for n in range(20))
    built(places, "eng_fra", build_eng_fra, sentences(tmp_path, lines))
    assert load_pairs("eng_fra", places=places).train.texts(0)[1].startswith("Je vois ")


PAIR_CHANGES = {
    "no file": ({"member": "data/eng-deu.txt"}, "data/eng-fra.txt in .*"),
    "a third column": ({"lines": "Go.\tVa !\nGo.\tVa !\tCC-BY"}, "a tab between them in line 2 of data/eng-fra.txt of"),
    "no tab": ({"lines": "<html>"}, "a tab between them in line 1 of data/eng-fra.txt of"),
    "nothing": ({"lines": "\n"}, "thousands of pairs in data/eng-fra.txt of"),
    "not text": ({"lines": b"\xff\xff\t"}, "UTF-8 in data/eng-fra.txt of"),
}


@pytest.mark.parametrize("name", PAIR_CHANGES)
def test_sentences_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = PAIR_CHANGES[name]
    with pytest.raises(WrongContents, match=f"(?s)^expected .*{expected}.*pytorch-tutorial-data.zip"):
        build_eng_fra(sentences(tmp_path, **changes), tmp_path)


ASKED = {
    "train": [
        (458752000, 458752, "What is this?", "other", "cat"),
        (9001, 9, "Is it red?", "yes/no", "yes"),
        (9002, 9, "Is it a cat?", "yes/no", "yes"),
        (262148000, 262148, "How many?", "number", "2"),
    ],
    "val": [(42000, 42, "Is it red?", "yes/no", "no"), (42001, 42, "Is this a cat?", "yes/no", "yes")],
}
GIVEN = ["yes", " Yes ", "no", "cat", "yes", "yes", "submarine", "2", "yes", "yes"]


def vqa_archives(tmp_path, **changes):
    """The four archives; the answers stand in another order than the questions."""
    paths = []
    for split, year in (("train", "train2014"), ("val", "val2014")):
        questions = [{"question_id": q, "image_id": i, "question": text} for q, i, text, _, _ in ASKED[split]]
        annotations = [
            {
                "question_id": q,
                "image_id": i,
                "question_type": "what",
                "answer_type": kind,
                "multiple_choice_answer": answer,
                "answers": [{"answer": a, "answer_confidence": "yes", "answer_id": n} for n, a in enumerate(GIVEN, 1)],
            }
            for q, i, _, kind, answer in reversed(ASKED[split])
        ]
        tables = {
            f"Questions_{split.capitalize()}": (f"v2_OpenEnded_mscoco_{year}_questions.json", {"questions": questions}),
            f"Annotations_{split.capitalize()}": (f"v2_mscoco_{year}_annotations.json", {"annotations": annotations}),
        }
        for name, (member, table) in tables.items():
            changed = changes[name](table) if name in changes else table
            paths.append(zip_of(tmp_path / f"v2_{name}_mscoco.zip", {} if changed is None else {member: changed}))
    return sources_of(*paths)


@pytest.fixture
def few_answers(monkeypatch):
    monkeypatch.setattr(vqa2, "ANSWERS", 2)
    monkeypatch.setattr(vqa2, "SEEN_AT_LEAST", 1)


def test_questions_are_paired_with_their_answers(places, tmp_path, few_answers):
    built(places, "vqa2", build_vqa2, vqa_archives(tmp_path))
    loaded = load_questions("vqa2", places=places)
    assert loaded.answers == ("yes", "2")  # yes twice, then 2 and cat once each
    batch = loaded.train[:]
    assert batch.answers.tolist() == [-1, 0, 0, 1]
    assert [loaded.kinds[kind] for kind in batch.kinds] == ["other", "yes/no", "yes/no", "number"]
    assert loaded.vocabulary.sentence(batch.questions[0]) == "what is this ?"
    assert batch.all_answers.tolist() == [[0, 0, -1, -1, 0, 0, -1, 1, 0, 0]] * 4
    assert loaded.val[:].answers.tolist() == [-1, 0]


def test_questions_know_their_photographs(places, tmp_path, few_answers):
    built(places, "vqa2", build_vqa2, vqa_archives(tmp_path))
    loaded = load_questions("vqa2", places=places)
    assert loaded.train.image_ids[:].tolist() == [9, 262148, 458752]
    assert loaded.train.image_ids.dtype == np.int64
    assert loaded.train[:].image_idxs.tolist() == [2, 0, 0, 1]
    assert loaded.val.image_ids[:].tolist() == [42]


def test_questions_join_with_the_rows_of_coco():
    files = ["train2014/COCO_train2014_000000262148.jpg", "COCO_train2014_000000000009.jpg", "000000000042.jpg\n"]
    rows = coco_rows(np.array([9, 458752, 262148, 42]), files)
    assert (rows.tolist(), rows.dtype) == ([1, -1, 0, 2], np.int64)
    with pytest.raises(ValueError, match=r"COCO_train2014_000000000009.jpg; found 'cat.jpg'"):
        coco_rows(np.array([9]), ["cat.jpg"])


def test_a_set_of_questions_without_ids_of_images_says_so(stocked):
    assert load_questions("easy_vqa", places=stocked).train.image_ids is None


def test_equally_common_answers_are_taken_in_the_order_of_the_alphabet():
    asked = [vqa2.Asked("", answer, 0, "") for answer in ("cat", "2", "no", "no", "ant")]
    assert vqa2.most_common(asked, 3) == ["no", "2", "ant"]


def without_last(key):
    return lambda table: {key: table[key][:-1]}


def with_entry(key, **changes):
    return lambda table: {key: [table[key][0] | changes, *table[key][1:]]}


VQA_CHANGES = {
    "no member": (
        {"Questions_Val": lambda table: None},
        "v2_OpenEnded_mscoco_val2014_questions.json in .*Questions_Val",
    ),
    "not json": ({"Annotations_Val": lambda table: "<html>"}, "JSON in v2_mscoco_val2014_annotations.json of .*_Val"),
    "another table": ({"Questions_Train": lambda table: {"images": []}}, "a list of questions, each .*Questions_Train"),
    "nothing": ({"Questions_Train": lambda table: {"questions": []}}, "a list of questions, each .*Questions_Train"),
    "twice": (
        {"Questions_Train": lambda table: {"questions": table["questions"][:1] * 2}},
        "list of questions.*Questions_Train.*2 entries with 1 different",
    ),
    "no answer": ({"Annotations_Train": without_last("annotations")}, "answer for every .*found 1 .*458752000"),
    "no question": ({"Questions_Val": without_last("questions")}, "an answer for every question .*42001"),
    "nine answers": (
        {"Annotations_Train": with_entry("annotations", answers=[{"answer": "a", "answer_confidence": "no"}] * 9)},
        r"answers \(10 of them\).*Annotations_Train",
    ),
    "another image": ({"Annotations_Val": with_entry("annotations", image_id=7)}, "the same image_id in .*_Val"),
    "no type": ({"Annotations_Val": with_entry("annotations", answer_type=None)}, "answer_type.*_Val"),
}


@pytest.mark.parametrize("name", VQA_CHANGES)
def test_questions_that_are_not_what_they_should_be_are_refused(name, tmp_path):
    changes, expected = VQA_CHANGES[name]
    with pytest.raises(WrongContents, match=f"(?s)^expected .*{expected}"):
        build_vqa2(vqa_archives(tmp_path, **changes), tmp_path)
