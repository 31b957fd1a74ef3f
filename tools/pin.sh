#!/bin/sh
# Write constraints.txt anew: the newest releases that the ranges in pyproject.toml allow, as a fresh environment gets
# them, without local build labels and without what belongs to one platform. torch stays at its pin unless one is named.
# Usage: tools/pin.sh [torch==2.14.0]
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
venv=build/pin
torch=${1:-$(grep '^torch==' constraints.txt)}
tools/bootstrap.sh
rm -rf "$venv"
.venv/bin/python -m venv "$venv"
"$venv/bin/python" -m pip install --disable-pip-version-check -q "$torch" -e '.[dev,docs]'
{
    echo "# Exact versions of everything that make setup and make docs install. Made by tools/pin.sh; ranges are in pyproject.toml."
    "$venv/bin/python" -m pip freeze --exclude-editable --exclude pip --exclude setuptools |
        grep -E '^[A-Za-z0-9._-]+==' | grep -v -E '^(nvidia-|cuda-|triton|pytorch-triton)' |
        sed 's/+[A-Za-z0-9.]*$//' | LC_ALL=C sort -f
} >build/constraints.txt
rm -rf "$venv"
mv build/constraints.txt constraints.txt
echo "pin: wrote constraints.txt; look at git diff, then run make test."
