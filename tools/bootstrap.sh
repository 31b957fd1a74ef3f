#!/bin/sh
# Make .venv in the course's folder with everything that the make verbs need. Safe to run again; quick when up to date.
# Usage: tools/bootstrap.sh [EXTRA]     (PYTHON=/path/to/python chooses the interpreter; EXTRA: docs, for make docs)
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
venv=.venv
stamp=$venv/.seqlab-stamp
lock=build/setup.pid
log=$venv/install.log

# Settings of the user's other projects that would send packages elsewhere or hide that they are missing.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX
export PIP_USER=0

say() { printf '%s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
version() { "$1" --version 2>&1 | head -n 1; }

# Where the interpreter itself is: the one on PATH may be that of the .venv that is about to be made anew.
base_of() {
    base=$("$1" -c 'import sys; print(sys._base_executable)' 2>/dev/null || true)
    printf '%s' "${base:-$1}"
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not a working Python 3.11 or newer ($(version "$PYTHON"))."
        base_of "$PYTHON"
        return
    fi
    found=
    for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
        command -v "$name" >/dev/null 2>&1 || continue
        if new_enough "$name"; then base_of "$name"; return; fi
        found="$found $name is $(version "$name");"
    done
    fail "expected Python 3.11 or newer; found:${found:- no python3 at all;} install one (Debian 12, Ubuntu 24.04: $(sudo_word)apt-get install python3 python3-venv; macOS: brew install python; else https://www.python.org/downloads/) or name it: make setup PYTHON=/path/to/python3.11"
}

sudo_word() { [ "$(id -u)" = 0 ] || printf 'sudo '; }

# A virtual environment knows its folder by its full path: a copy of the course must not run the original's code.
identity() { printf '%s in %s' "$(version "$1")" "$(pwd -P)"; }
packages() { cat pyproject.toml constraints.txt | cksum; }

take_lock() {
    mkdir -p build
    other=$(cat "$lock" 2>/dev/null || true)
    if [ -n "$other" ] && ! kill -0 "$other" 2>/dev/null; then rm -f "$lock"; fi
    (set -C; printf '%s\n' $$ >"$lock") 2>/dev/null || fail "another setup (process $other) is at work here; wait for it. If there is none, remove $lock."
    locked=yes
    pip=
    trap 'rm -f "$lock"; [ -z "$pip" ] || kill "$pip" 2>/dev/null || true' EXIT
    trap 'say "setup: stopped; the next run starts anew."; exit 130' INT
    trap 'exit 143' TERM HUP
}

make_venv() {
    say "setup: making $venv with $(version "$1") ..."
    rm -rf "$venv"
    said=$("$1" -m venv "$venv" 2>&1) || {
        printf '%s\n' "$said" >&2
        rm -rf "$venv"
        series=$(version "$1"); series=${series#Python }; series=${series%.*}
        fail "$1 cannot make a virtual environment. On Debian and Ubuntu: $(sudo_word)apt-get install python$series-venv"
    }
}

mention_cuda() {
    [ "$(uname -s)" = Linux ] || return 0
    [ -z "${PIP_INDEX_URL:-}${PIP_EXTRA_INDEX_URL:-}${PIP_FIND_LINKS:-}" ] || return 0
    command -v nvidia-smi >/dev/null 2>&1 && return
    say "  PyPI's PyTorch for Linux brings several GB for NVIDIA GPUs. To do without: stop, and PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make setup"
}

# $1: one of pyproject.toml's extras.
install_packages() {
    PYTHONUNBUFFERED=1 "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
        -c constraints.txt -e ".[$1]" >"$log" 2>&1 </dev/null &
    pip=$!
    while kill -0 "$pip" 2>/dev/null; do show_progress; sleep 1; done
    [ ! -t 1 ] || printf '\r%-78s\r' ''
    wait "$pip" || {
        pip=
        tail -n 15 "$log" >&2
        fail "pip could not install the packages; the whole log is in $log"
    }
    pip=
}

# One line that is written over in a terminal, and a line each half minute elsewhere.
ticks=0
show_progress() {
    ticks=$((ticks + 1))
    if [ -t 1 ]; then
        printf '\r  %3d packages found, %3d s; %-45.45s' "$(found_so_far)" $ticks "$(tail -n 1 "$log")"
    elif [ $((ticks % 30)) = 0 ]; then
        say "  still installing: $(found_so_far) packages found, $ticks s"
    fi
}
found_so_far() { grep -c -E '^(Collecting|Processing) ' "$log" || true; }

walls_work() { bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev true >/dev/null 2>&1; }

install_bubblewrap() {
    for tool in apt-get dnf pacman zypper apk none; do command -v "$tool" >/dev/null 2>&1 && break; done
    case "$tool" in
        apt-get | dnf | zypper) set -- "$tool" install -y bubblewrap ;;
        pacman) set -- pacman -S --noconfirm bubblewrap ;;
        apk) set -- apk add bubblewrap ;;
        *) say "setup: bubblewrap is missing and no known package manager is here; grading needs it (https://github.com/containers/bubblewrap)."; return ;;
    esac
    command="$(sudo_word)$*"
    rights=
    if [ "$(id -u)" != 0 ]; then
        sudo -n true >/dev/null 2>&1 || { say "setup: grading needs bubblewrap, and you may not install packages. Run: $command"; return; }
        rights="sudo -n"
    fi
    say "setup: installing bubblewrap ($command) ..."
    if [ "$tool" = apt-get ]; then $rights apt-get update -qq >>"$log" 2>&1 </dev/null || true; fi
    $rights "$@" >>"$log" 2>&1 </dev/null || { tail -n 3 "$log"; say "setup: could not install bubblewrap. Run: $command"; }
}

check_isolation() {
    if [ "$(uname -s)" != Linux ]; then
        say "setup: notebooks and checks work here; grading needs Linux (bubblewrap), or --isolation none for trusted code."
        return
    fi
    command -v bwrap >/dev/null 2>&1 || install_bubblewrap
    command -v bwrap >/dev/null 2>&1 || return 0
    walls_work || say "setup: bubblewrap is here but may not make namespaces, and grading will refuse. $(what_to_change)"
}

setting() { cat "/proc/sys/$1" 2>/dev/null || true; }

what_to_change() {
    if [ "$(setting kernel/apparmor_restrict_unprivileged_userns)" = 1 ]; then change=kernel.apparmor_restrict_unprivileged_userns=0
    elif [ "$(setting kernel/unprivileged_userns_clone)" = 0 ]; then change=kernel.unprivileged_userns_clone=1
    elif [ "$(setting user/max_user_namespaces)" = 0 ]; then change=user.max_user_namespaces=15000
    else say "In a container, start it with the right to make user namespaces and to mount /proc (docker run --privileged)."; return
    fi
    say "Allow it: $(sudo_word)sysctl -w $change (to keep it, write that setting to /etc/sysctl.d/60-seqlab.conf)."
}

# A finished setup keeps its interpreter, also where the one on PATH is too old; an unfinished one has no stamp.
if [ -z "${PYTHON:-}" ] && [ -f "$stamp" ] && new_enough "$venv/bin/python"; then python=$venv/bin/python; else python=$(find_python); fi
wanted=$(identity "$python"; echo; packages)
if [ ! -f "$stamp" ] || ! new_enough "$venv/bin/python" || [ "$(cat "$stamp")" != "$wanted" ]; then
    take_lock
    if [ -f "$stamp" ] && new_enough "$venv/bin/python" && [ "$(head -n 1 "$stamp")" = "$(identity "$python")" ]; then
        say "setup: bringing $venv up to date ..."
        rm -f "$stamp"
    else
        make_venv "$(base_of "$python")"
    fi
    say "setup: installing the pinned packages; the first time this downloads about 400 MB and takes some minutes."
    mention_cuda
    install_packages dev
    check_isolation
    printf '%s\n' "$wanted" >"$stamp"
    say "setup: done."
fi

# What one verb alone needs is installed when it is first wanted.
extra=${1:-}
if [ -n "$extra" ] && [ "$(cat "$venv/.seqlab-$extra" 2>/dev/null || true)" != "$wanted" ]; then
    [ "${locked:-}" = yes ] || take_lock
    say "setup: adding the packages for $extra (about 10 MB) ..."
    install_packages "$extra"
    printf '%s\n' "$wanted" >"$venv/.seqlab-$extra"
fi
