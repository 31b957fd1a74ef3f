"""Training a captioner in two processes (gloo, on the CPU) takes the course of training in one."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from tests.conftest import ROOT

SCRIPT = """
import json, sys
import torch
from pathlib import Path
from seqlab.captioning.icons import Task
from seqlab.captioning.train import averaged, names_of, processes
from seqlab.captioning.training import fit

torch.set_num_threads(1)
with processes() as (share, device):
    chance = torch.Generator().manual_seed(3)
    features = torch.randn(24, 6, generator=chance)
    captions = torch.randint(3, 9, (24, 5), generator=chance)
    captions[:, 0], captions[:, -1], captions[::3, 2:] = 1, 2, 0
    captions[::3, 1] = 2
    task = Task(features, captions)
    torch.manual_seed(0)
    model = names_of(Path(sys.argv[1]))["Captioner"](9, 6, 4, 5)
    wrapped = torch.nn.parallel.DistributedDataParallel(model) if share.processes > 1 else model
    losses, after = fit(wrapped, task, task, epochs=10, rate=5e-2, batch=8, share=share)
    curve = averaged(losses, share, device)
    if share.number == 0:
        found = {"losses": curve, "held_out": after, "processes": share.processes}
        Path(sys.argv[2]).write_text(json.dumps(found))
"""


@pytest.fixture
def notebook(tmp_path):
    """A notebook of stage 6 that defines Captioner, as the master does."""
    master = (ROOT / "solutions/s06_captioning.py").read_text(encoding="utf-8")
    imports = "import torch\nfrom torch import Tensor, nn\nfrom torch.nn import functional"
    captioner = master[master.index("class Captioner(nn.Module)") :]
    cells = [nbformat.v4.new_code_cell(one) for one in (imports, captioner[: captioner.index("\n\n\n# %%")])]
    made = nbformat.v4.new_notebook(cells=cells, metadata={"seqlab": {"stage": "s06_captioning"}})
    path = tmp_path / "mine.ipynb"
    nbformat.write(made, path)
    return path


def trained(tmp_path, notebook, start):
    """What training left when it was started by this command."""
    script, log = tmp_path / "script.py", tmp_path / "log.json"
    script.write_text(SCRIPT, encoding="utf-8")
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, *start, str(script), str(notebook), str(log)]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(log.read_text(encoding="utf-8"))


def test_two_processes_have_the_loss_curve_of_one(tmp_path, notebook):
    one = trained(tmp_path, notebook, [])
    two = trained(tmp_path, notebook, ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"])
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert two["held_out"] == pytest.approx(one["held_out"], rel=1e-4)
    assert one["held_out"][-1] < 0.9 * one["held_out"][0]
