#!/bin/sh
# Make .venv in the course's folder with everything that the make verbs need. Safe to run again; quick when up to date.
# Usage: tools/bootstrap.sh     (PYTHON=/path/to/python chooses the interpreter)
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.seqlab-stamp

say() { printf '%s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or newer ($("$PYTHON" --version 2>&1 || true))."
        printf '%s' "$PYTHON"
        return
    fi
    found=
    for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
        command -v "$name" >/dev/null 2>&1 || continue
        if new_enough "$name"; then printf '%s' "$name"; return; fi
        found="$found $name is $("$name" --version 2>&1 | head -n 1 || true);"
    done
    fail "expected Python 3.11 or newer; found:${found:- no python3 at all.} Install one (Debian 12, Ubuntu 24.04: sudo apt-get install python3 python3-venv; else https://www.python.org/downloads/) or name it: make setup PYTHON=/path/to/python3.11"
}

wanted_stamp() { { "$1" --version; cat pyproject.toml constraints.txt; } | cksum; }

make_venv() {
    say "setup: making $venv with $("$1" --version 2>&1) ..."
    rm -rf "$venv"
    "$1" -m venv "$venv" 2>"${TMPDIR:-/tmp}/seqlab-venv.$$" || {
        cat "${TMPDIR:-/tmp}/seqlab-venv.$$" >&2; rm -f "${TMPDIR:-/tmp}/seqlab-venv.$$"; rm -rf "$venv"
        fail "$1 cannot make a virtual environment. On Debian and Ubuntu: sudo apt-get install python3-venv"
    }
    rm -f "${TMPDIR:-/tmp}/seqlab-venv.$$"
}

install_packages() {
    say "setup: installing the pinned packages; the first time this downloads about 400 MB and takes some minutes."
    log=$venv/install.log
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
        -c constraints.txt -e '.[dev]' >"$log" 2>&1 &
    pip=$!
    trap 'kill $pip 2>/dev/null || true' INT TERM
    while kill -0 $pip 2>/dev/null; do show_progress "$log"; sleep 2; done
    [ ! -t 1 ] || printf '\r%-70s\r' ''
    wait $pip || {
        tail -n 15 "$log" >&2
        fail "pip could not install the packages; the whole log is in $log"
    }
}

# One line that is written over in a terminal, and a line each half minute elsewhere.
ticks=0
show_progress() {
    ticks=$((ticks + 1))
    if [ -t 1 ]; then
        printf '\r  %3d packages found, %3d s; %-40.40s' "$(grep -c '^Collecting' "$1")" $((2 * ticks)) "$(tail -n 1 "$1")"
    elif [ $((ticks % 15)) = 0 ]; then
        say "  still installing: $(grep -c '^Collecting' "$1") packages found, $((2 * ticks)) s"
    fi
}

try_walls() { bwrap --unshare-all --ro-bind / / true >/dev/null 2>&1; }

install_bubblewrap() {
    for tool in apt-get dnf pacman zypper apk; do command -v "$tool" >/dev/null 2>&1 && break; tool=; done
    case "$tool" in
        apt-get) command="apt-get install -y bubblewrap" ;;
        dnf) command="dnf install -y bubblewrap" ;;
        pacman) command="pacman -S --noconfirm bubblewrap" ;;
        zypper) command="zypper install -y bubblewrap" ;;
        apk) command="apk add bubblewrap" ;;
        *) say "setup: bubblewrap is missing and no known package manager is here; grading needs it (https://github.com/containers/bubblewrap)."; return ;;
    esac
    as_root=
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then as_root="sudo -n"
        else say "setup: grading needs bubblewrap, and you may not install packages. Run: sudo $command"; return; fi
    fi
    say "setup: installing bubblewrap ($command) ..."
    if [ "$tool" = apt-get ]; then $as_root apt-get update -qq >/dev/null 2>&1 || true; fi
    $as_root $command >/dev/null 2>&1 || say "setup: could not install bubblewrap. Run: $command"
}

check_isolation() {
    if [ "$(uname -s)" != Linux ]; then
        say "setup: notebooks and checks work here; grading needs Linux (bubblewrap), or --isolation none for trusted code."
        return
    fi
    command -v bwrap >/dev/null 2>&1 || install_bubblewrap
    command -v bwrap >/dev/null 2>&1 || return 0
    try_walls || say "setup: bubblewrap is here but may not make namespaces; grading will refuse and say what to change."
}

python=$(find_python)
if [ ! -x "$venv/bin/python" ] || [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$(wanted_stamp "$python")" ]; then
    if [ -x "$venv/bin/python" ] && [ "$("$venv/bin/python" --version 2>&1)" = "$("$python" --version 2>&1)" ]; then
        say "setup: bringing $venv up to date ..."
    else
        make_venv "$python"
    fi
    rm -f "$stamp"
    install_packages
    check_isolation
    wanted_stamp "$python" >"$stamp"
    say "setup: done."
fi
