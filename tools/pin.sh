#!/bin/sh
# Write constraints.txt anew from what .venv holds: exact versions, without local build labels and without ourselves.
set -eu
cd "$(dirname "$0")/.."
{
    echo "# Exact versions of everything that make setup installs. Made by tools/pin.sh; ranges are in pyproject.toml."
    .venv/bin/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools | grep -v '^#' | grep -v ' @ ' | grep -v -E '^(nvidia-|cuda-|triton)' | sed 's/+cpu$//' | LC_ALL=C sort -f
} >constraints.partial
mv constraints.partial constraints.txt
