"""Hand-ins that want out, want to stay, or want to spoil what comes after them. All they leave is called by MARK."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, everywhere, only

KIND, POISON = "escape", "poison"
MARK = "seqlab_evil"
WRITE = f"""
import os, sys, site
for folder in ('/', '/tmp', '/etc', '/var/tmp', '/root', '/opt', '/opt/public', '/opt/seqlab', '/usr/lib', '/dev/shm',
               '/home', os.path.dirname(os.__file__), sys.prefix, *site.getsitepackages(), os.path.expanduser('~')):
    for name in ('{MARK}.py', '{MARK}.pth', 'sitecustomize.py'):
        try:
            open(os.path.join(folder, name), 'w').write('raise SystemExit({MARK!r})')
        except OSError:
            pass
"""
DAEMON = """
import os, time, subprocess
subprocess.Popen(['sleep', '31337'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execlp('sleep', 'sleep', '31337')
    os._exit(0)
"""
NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def tried(name, *args):
    print(name, getattr(libc, name)(*args), os.strerror(ctypes.get_errno()))
tried('unshare', 0x10000000)
tried('unshare', 0x00020000)
tried('mount', b'/', b'/tmp', None, 4096, None)
tried('mount', None, b'/usr', None, 32 | 4096, None)
tried('umount2', b'/usr', 2)
tried('umount2', b'/proc', 2)
tried('chroot', b'/proc/1/root')
tried('setuid', 0)
tried('setgid', 0)
tried('sethostname', b'seqlab-evil', 11)
tried('settimeofday', ctypes.byref((ctypes.c_long * 2)(0, 0)), None)
tried('reboot', 0x01234567)
tried('swapoff', b'/dev/sda')
tried('setns', os.open('/proc/self/ns/user', os.O_RDONLY), 0)
tried('pivot_root', b'/tmp', b'/tmp') if hasattr(libc, 'pivot_root') else None
"""
DEVICES = """
import os, stat
for name, kind, major, minor in (('disk', stat.S_IFBLK, 8, 0), ('mem', stat.S_IFCHR, 1, 1)):
    try:
        os.mknod('/tmp/' + name, 0o600 | kind, os.makedev(major, minor))
        print('MADE', name)
    except OSError as error:
        print(name, error)
"""
SYSCTL = """
for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/sys/kernel/hostname',
             '/proc/sys/vm/drop_caches', '/proc/self/oom_score_adj', '/sys/fs/cgroup/cgroup.procs',
             '/proc/sys/user/max_user_namespaces', '/proc/1/oom_score_adj'):
    try:
        open(path, 'w').write('-1000')
        print('WROTE', path)
    except OSError as error:
        print(path, error)
"""
KILL = """
import os, signal
for target in (-1, 1, os.getppid()):
    for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            if target != -1:
                os.kill(target, number)
        except OSError as error:
            print(target, number, error)
os.kill(-1, signal.SIGKILL)
"""
THREAD = """
import threading, time
def late():
    while True:
        time.sleep(0.01)
        open('/tmp/seqlab_evil', 'a').write('x')
threading.Thread(target=late).start()
"""
SPOILED = """
import sys, builtins, random, os
import numpy as np, torch, seqlab, json, struct, socket
np.tanh = torch.tanh = np.empty = np.zeros = lambda *a, **k: None
builtins.len = builtins.isinstance = lambda *a: True
os.environ.clear()
np.random.seed(0); random.seed(0); torch.manual_seed(0)
torch.set_default_dtype(torch.float16)
"""
BUFFERS = """
import ctypes, numpy as np
ctypes.memset(id(1) + 24, 3, 1)
"""
FILES = """
import os
for path in ('checks.h5', '/opt/public/checks.h5', '/opt/seqlab/seqlab/__init__.py'):
    for action in (lambda: os.unlink(path), lambda: open(path, 'w').write('x'), lambda: os.chmod(path, 0o777),
                   lambda: os.rename(path, path + '.old'), lambda: os.symlink('/etc', path)):
        try:
            action()
        except OSError as error:
            print(path, error)
"""
SIGNALS = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
"""

ATTACKS = (
    HandInCase("files_written_everywhere", KIND, WRITE, everywhere(WRITE + "return None")),
    HandInCase("daemons", KIND, DAEMON, only(DAEMON + "return None, None")),
    HandInCase("namespaces_mounts_and_clocks", KIND, NAMESPACES),
    HandInCase("devices", KIND, DEVICES),
    HandInCase("the_kernel_s_knobs", KIND, SYSCTL),
    HandInCase("everybody_killed", KIND, KILL),
    HandInCase("everybody_killed_in_a_call", KIND, answers=only(KILL)),
    HandInCase("os_exit", KIND, "import os\nos._exit(0)", everywhere("import os\nos._exit(0)")),
    HandInCase(
        "exit_handlers", KIND, "import atexit, sys\natexit.register(print, 100.0)\nsys.exit(0)", everywhere("quit()")
    ),
    HandInCase(
        "stopped",
        KIND,
        answers=only("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "temporal_affine_backward"),
    ),
    HandInCase("deaf_to_signals", KIND, SIGNALS, only("while True: pass", "temporal_affine_backward")),
    HandInCase("segfault", KIND, answers=only("import ctypes\nctypes.string_at(0)")),
    HandInCase("a_thread_left_behind", POISON, THREAD),
    HandInCase("libraries_spoiled", POISON, SPOILED),
    HandInCase("small_numbers_spoiled", POISON, BUFFERS),
    HandInCase("shared_files_spoiled", POISON, FILES, everywhere(FILES + "return None")),
    HandInCase(
        "matplotlib_and_ipython_configured",
        POISON,
        "import os\nfor path in ('.matplotlib/matplotlibrc', '.ipython/profile_default/startup/evil.py', '.config/x/y',"
        " '.local/lib/python3.11/site-packages/evil.pth'):\n    os.makedirs(os.path.dirname(path), exist_ok=True)\n"
        "    open(path, 'w').write('import os; os._exit(0)')",
    ),
    HandInCase(
        "the_nursery_s_shell_spoiled",
        POISON,
        "ip = get_ipython()\nip.events.register('pre_run_cell', lambda *a: 1 / 0)\n"
        "ip.input_transformers_cleanup.append(lambda l: [])\n"
        "ip.user_ns.clear()",
    ),
)
