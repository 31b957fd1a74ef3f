"""Which set is made by what. A builder's module is imported when the builder is called: few of them need torch."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from pathlib import Path

from seqlab.data.build.plain_text import plain_text
from seqlab.data.build.sources import Builder, Sources


def builder_at(place: str) -> Builder:
    """The builder at ``module:function`` of this folder, as a function that imports it when it is called."""

    def build(sources: Sources, folder: Path) -> None:
        found: Builder = pkgutil.resolve_name(f"seqlab.data.build.{place}")
        found(sources, folder)

    build.__name__ = place
    return build


BUILDERS: Mapping[str, Builder] = {
    # embedded
    "mnist5k": builder_at("mnist:build_mnist5k"),
    "plays": builder_at("plays:build_plays"),
    "latex": builder_at("latex:build_latex"),
    "c_source": builder_at("c_source:build_c_source"),
    "sentiment": builder_at("sentiment:build_sentiment"),
    "translation": builder_at("translation:build_translation"),
    "easy_vqa": builder_at("easy_vqa:build_easy_vqa"),
    "lite0": builder_at("lite0:build_lite0"),
    "icons": builder_at("icons:build_icons"),
    # full
    "mnist": builder_at("mnist:build_mnist"),
    "tinyshakespeare": plain_text("First Citizen:", least=1_000_000),
    "shakespeare": plain_text("HAMLET:", least=4_000_000),
    "war_and_peace": plain_text("Prince Andrew", least=3_000_000),
    "stacks": plain_text(r"\begin{lemma}", least=150_000),
    "linux": plain_text("EXPORT_SYMBOL", least=6_000_000),
    "imdb": builder_at("imdb:build_imdb"),
    "eng_fra": builder_at("eng_fra:build_eng_fra"),
    "ucf101": builder_at("ucf101:build_ucf101"),
    "moving_mnist": builder_at("raw:build_moving_mnist"),
    "coco": builder_at("coco:build_coco"),
    "coco_tensors": builder_at("coco_tensors:build_coco_tensors"),
    "coco2017": builder_at("coco2017:build_coco2017"),
    "coco2014_annotations": builder_at("raw:build_coco2014_annotations"),
    "coco_karpathy": builder_at("raw:build_coco_karpathy"),
    "flickr8k": builder_at("flickr8k:build_flickr8k"),
    "vqa2": builder_at("vqa2:build_vqa2"),
}
