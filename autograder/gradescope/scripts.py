"""The two scripts that Gradescope asks for. See https://gradescope-autograders.readthedocs.io/en/latest/specs/"""

from __future__ import annotations

PYTHON = "/opt/seqlab-venv/bin/python"
ROOT_VARIABLE, PYTHON_VARIABLE = "SEQLAB_GRADESCOPE_ROOT", "SEQLAB_GRADESCOPE_PYTHON"

SETUP = f"""\
#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image: a Python of its own, the pinned packages, bubblewrap.
set -euo pipefail
source_folder=${{{ROOT_VARIABLE}:-/autograder}}/source
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends bubblewrap python3 python3-venv util-linux
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then   # Ubuntu 22.04 has 3.10
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi

# Outside of the source folder: student code needs the libraries and must not see the rest.
"$python" -m venv /opt/seqlab-venv
/opt/seqlab-venv/bin/pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \\
    -c "$source_folder/course/constraints.txt" -r "$source_folder/course/requirements.txt"

chown -R root:root "$source_folder"
chmod -R go= "$source_folder"
"""

RUN = f"""\
#!/usr/bin/env bash
# Gradescope runs this for each submission. Whatever happens, results.json is written.
root=${{{ROOT_VARIABLE}:-/autograder}}
python=${{{PYTHON_VARIABLE}:-{PYTHON}}}
results=$root/results/results.json
mkdir -p "$root/results"
rm -f "$results"
chmod -R go= "$root/source"
chmod go-w "$root" "$root/results"

cd "$root/source/course" && PYTHONPATH=$root/source/course "$python" -P -m autograder.gradescope.running "$root"

if [ ! -s "$results" ]; then
    printf '%s\\n' '{{"score": 0, "stdout_visibility": "hidden", "output":
        "The grader itself stumbled; this says nothing about your work. Please tell your instructor."}}' >"$results"
fi
"""
