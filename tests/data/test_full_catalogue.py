"""Every set that is built has a builder that can be imported; calling it imports nothing that it does not need."""

import pkgutil
import subprocess
import sys

import pytest

from seqlab.data.build.catalogue import BUILDERS
from seqlab.data.build.sources import Sources
from seqlab.data.errors import WrongContents
from seqlab.data.places import Places
from tests.conftest import ROOT
from tests.data.miniatures import built

MIRROR = ROOT.parent / "shared" / "mirror"
TEXTS = ("tinyshakespeare", "shakespeare", "war_and_peace", "stacks", "linux")
BUILT = [name for name in BUILDERS if name not in TEXTS]


def test_the_sets_that_are_built_are_those_of_the_registry_that_have_files_and_no_seed(registry):
    expected = {one.name for one in registry.sets.values() if one.outputs and one.seed is None}
    assert set(BUILDERS) == expected


@pytest.mark.parametrize("name", BUILT)
def test_every_builder_is_where_the_catalogue_says(name):
    place = BUILDERS[name].__name__
    assert callable(pkgutil.resolve_name(f"seqlab.data.build.{place}"))
    assert place.endswith(f":build_{name}")


def test_torch_is_imported_by_no_builder_that_does_without():
    script = (
        "import sys; from pathlib import Path\n"
        "from seqlab.data.build.catalogue import BUILDERS; from seqlab.data.build.sources import Sources\n"
        "from seqlab.data.errors import DataError\n"
        "for name in ('plays', 'imdb', 'eng_fra', 'vqa2', 'coco', 'ucf101', 'tinyshakespeare'):\n"
        "    try: BUILDERS[name](Sources({'a': Path('/none')}, {}, str), Path('/none'))\n"
        "    except (DataError, OSError, KeyError): pass\n"
        "print(sorted({'torch', 'av'} & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("name", TEXTS)
def test_a_page_with_an_error_message_is_no_corpus(name, tmp_path):
    path = tmp_path / "input.txt"
    path.write_text("<html>404: not found</html>")
    with pytest.raises(WrongContents, match=r"input.txt; found 27 that begin '<html>"):
        BUILDERS[name](Sources({"input.txt": path}, {}, print), tmp_path)


@pytest.mark.skipif(not (MIRROR / "tinyshakespeare.txt").is_file(), reason="shared/mirror has no tinyshakespeare.txt")
def test_the_real_tinyshakespeare_is_accepted(places: Places):
    path = MIRROR / "tinyshakespeare.txt"
    assert (
        built(places, "tinyshakespeare", BUILDERS["tinyshakespeare"], Sources({path.name: path}, {}, print))
    ).is_dir()


@pytest.mark.skipif(not (MIRROR / "stacks-topology.tex").is_file(), reason="shared/mirror has no stacks-topology.tex")
def test_the_real_chapter_of_the_stacks_project_is_accepted(places: Places):
    path = MIRROR / "stacks-topology.tex"
    assert (built(places, "stacks", BUILDERS["stacks"], Sources({path.name: path}, {}, print)) / "text.h5").is_file()
