"""The fork server inside bubblewrap: everything is imported once, and each submission is a fork in a world of its own.

Usage: python -m inside.nursery CONTROL_FD SETTINGS_JSON. It runs no student code itself. Each order that comes over the
control socket carries two descriptors: the socket to the judge, and the pipe for what the child prints. The nursery
forks a *keeper*, which leaves all namespaces and forks a *guard*, process 1 of a new world, which closes its doors and
forks the *child*, in which student code runs. When the guard ends, the kernel ends everything in its world; the keeper
has handed a descriptor of it to the judge, who can do that at any moment. (The child is not process 1 itself, since to
that one signals mean less than elsewhere.)
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from . import namespaces
from .serve import Server, address_space, limit, make_shell, preload, rehearse

ORDER = b"child"
PUBLIC = Path("/opt/public")


def serve_orders(control: socket.socket, settings: Mapping[str, Any]) -> None:
    """Fork a child for every order until the judge hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are reaped by the kernel
    shell = make_shell()
    gc.collect()
    gc.freeze()  # else each child's collector would write into, and so copy, all that was imported
    control.send(b"ready" + ", ".join(tried_world(settings)).encode())
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, len(ORDER), 2)
        if order != ORDER:
            return
        if os.fork() == 0:
            control.close()
            keep(socket.socket(fileno=descriptors[0]), descriptors[1], shell, settings)
        for descriptor in descriptors:
            os.close(descriptor)


def own_file_system(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Mount a child's own disks; return what could be had, in words."""
    limits = settings["limits"]
    return namespaces.own_file_system([settings["home"], "/tmp", "/dev/shm"], limits["disk_bytes"], limits["processes"])


def tried_world(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Make a world once, with nobody in it, to tell the judge what it will be like; nothing is told if it fails."""
    here, there = os.pipe()
    trial = os.fork()
    if trial == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            namespaces.unshare()
            if os.fork() == 0:
                os.write(there, ",".join(own_file_system(settings)).encode())
            else:
                os.wait()
        finally:
            os._exit(0)
    os.close(there)
    with os.fdopen(here, "rb") as words:
        return tuple(word for word in words.read().decode().split(",") if word)


def keep(channel: socket.socket, output: int, shell: Any, settings: Mapping[str, Any]) -> NoReturn:
    """The keeper: make a new world, say which process is its first, and wait for its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    namespaces.die_with_parent(signal.SIGKILL)
    try:
        namespaces.unshare()
        known, known_here = os.pipe()
        guard = os.fork()
        if guard == 0:
            os.close(known_here)
            os.read(known, 1)
            stand_guard(channel, output, shell, settings)
        socket.send_fds(channel, [b"p"], [os.pidfd_open(guard)])
        channel.close()
        os.close(output)
        os.close(known_here)
        os.waitpid(guard, 0)
    except OSError as error:
        os.write(output, f"no child could be made: {error}".encode())
        os._exit(1)
    os._exit(0)


def stand_guard(channel: socket.socket, output: int, shell: Any, settings: Mapping[str, Any]) -> NoReturn:
    """The guard: close the doors, let the child out behind them, and bury what dies until the child has ended."""
    try:
        close_doors(channel, output, settings)
        child = os.fork()
    except OSError as error:
        os.write(1, f"the sandbox's inner walls could not be made: {error}".encode())
        os._exit(1)
    if child == 0:
        live(channel, shell)
    channel.close()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    while os.wait()[0] != child:
        pass
    os._exit(0)


def live(channel: socket.socket, shell: Any) -> NoReturn:
    """The child: serve the judge."""
    namespaces.die_with_parent(signal.SIGKILL)
    try:
        Server(channel, shell).serve()
    finally:
        os._exit(0)


def close_doors(channel: socket.socket, output: int, settings: Mapping[str, Any]) -> None:
    """Own disks, no rights, no descriptors but the two, limits, and chance of its own."""
    namespaces.die_with_parent(signal.SIGKILL)
    os.setsid()
    home = settings["home"]
    own_file_system(settings)
    for public in PUBLIC.iterdir():
        (Path(home) / public.name).symlink_to(public)
    os.chdir(home)
    _only(channel, output)
    namespaces.give_up_rights()
    limit(settings["limits"], settings["in_use"])
    random.seed()
    np.random.seed()


def _only(channel: socket.socket, output: int) -> None:
    """Standard input is empty, output and errors go to the pipe, and nothing else but the channel stays open."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(here, there)
    kept = channel.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    os.set_inheritable(kept, False)


def main() -> None:
    """Import everything, then take orders."""
    settings = json.loads(sys.argv[2])
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    sys.argv[1:] = []
    preload(settings["preload"])
    rehearse()
    serve_orders(control, settings | {"in_use": address_space()})


if __name__ == "__main__":
    main()
