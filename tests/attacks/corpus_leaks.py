"""Hand-ins that look for what they must not know, and print what they find. The canaries' common word is looked for."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, everywhere, only

KIND = "leak"
WORD = "word = 'SEQLAB' + 'CANARY'\n"
LOOK = """
def look(path):
    try:
        data = open(path, 'rb').read(1 << 22)
    except (OSError, ValueError):
        return
    at = data.find(word.encode())
    while at >= 0:
        print('FOUND', path, data[at:at + 60])
        at = data.find(word.encode(), at + 1)
"""
WALK = """
import os
for folder, folders, files in os.walk('/'):
    folders[:] = [f for f in folders if f not in ('usr', 'proc', 'sys', 'lib', 'site-packages', 'python3.11')]
    for file in files:
        path = os.path.join(folder, file)
        if os.path.isfile(path):
            look(path)
"""
MEMORY = """
import os
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
    for line in maps:
        span, rights = line.split()[:2]
        start, end = (int(part, 16) for part in span.split('-'))
        if 'r' not in rights or end - start > (64 << 20) or '.so' in line or start >= 1 << 47:
            continue
        try:
            memory.seek(start)
            data = memory.read(end - start)
        except (OSError, ValueError):
            continue
        at = data.find(word.encode())
        while at >= 0:
            tail = data[at + len(word):at + len(word) + 20]
            if tail[:1] == b'-':
                print('FOUND in memory', word, tail)
            at = data.find(word.encode(), at + 1)
print('memory searched')
"""
DESCRIPTORS = """
import os, stat
for number in range(3, 300):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    print('descriptor', number, stat.filemode(mode), os.readlink(f'/proc/self/fd/{number}'))
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        print(os.pread(number, 1000, 0))
"""
PROCESSES = """
from glob import glob
for path in glob('/proc/[0-9]*/environ') + glob('/proc/[0-9]*/cmdline') + glob('/proc/[0-9]*/task/*/environ'):
    try:
        print(path, open(path).read())
    except OSError as error:
        print(path, error)
"""
FOLDERS = """
import os
for folder in {folders!r}:
    for path in (folder, folder + '/solutions/s01_rnn.py', folder + '/classroom/gradebook.db', folder + '/.git/config',
                 folder + '/classroom/submitted', folder + '/autograder/suites/s01_rnn.py', folder + '/secret'):
        try:
            print(path, os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read()[:2000])
        except OSError:
            pass
"""
TRACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (1, os.getppid(), os.getpid() - 1):
    print('attach', pid, libc.ptrace(16, pid, None, None), ctypes.get_errno())
    try:
        print(len(open(f'/proc/{pid}/mem', 'rb').read(10)))
    except OSError as error:
        print(error)
"""
GATE = """
import socket, os
for family, address in ((socket.AF_INET, ('127.0.0.1', 22)), (socket.AF_INET, ('169.254.169.254', 80)),
                        (socket.AF_UNIX, '/var/run/docker.sock'), (socket.AF_UNIX, chr(0) + '/tmp/.X11-unix/X0')):
    try:
        with socket.socket(family) as s:
            s.settimeout(0.2)
            s.connect(address)
            print('CONNECTED', address)
    except OSError as error:
        print(address, error)
try:
    print('CONNECTED', socket.getaddrinfo('example.org', 80))
except OSError as error:
    print(error)
"""
MODULES = """
import sys
for name, module in list(sys.modules.items()):
    if name.split('.')[0] in ('inside', 'seqlab', 'autograder', '__main__'):
        for key, value in list(vars(module).items()):
            if word + '-' in repr(value)[:100000]:
                print('FOUND', name, key, value)
        print(name, getattr(module, '__file__', ''))
"""
STRINGS = """
import gc
seen = 0
for thing in gc.get_objects():
    if isinstance(thing, (dict, list, tuple)) and len(thing) < 1000:
        for part in (thing.values() if isinstance(thing, dict) else thing):
            if isinstance(part, str) and word + '-' in part:
                print('FOUND', part)
            seen += 1
print('strings', seen > 0)
"""
KEYS = """
import ctypes
libc = ctypes.CDLL(None)
for ring in (-1, -2, -3, -4, -5):
    buffer = ctypes.create_string_buffer(400)
    print('ring', ring, libc.syscall(250, 6, ring, buffer, 400), buffer.value)
"""
TELLING_ERROR = "raise ValueError(open('/proc/self/environ').read() + open('/proc/self/mountinfo').read())"


def looking_into(folders: list[str]) -> HandInCase:
    """Reads what it can in the course, by the path that an insider knows."""
    return HandInCase("the_course_folder_by_its_path", KIND, FOLDERS.format(folders=folders))


ATTACKS = (
    HandInCase("the_environment", KIND, "import os\nprint(dict(os.environ), os.getcwd())\n!env"),
    HandInCase("every_process_environment", KIND, PROCESSES),
    HandInCase("every_file", KIND, WORD + LOOK + WALK),
    HandInCase("all_memory", KIND, WORD + MEMORY),
    HandInCase("memory_in_the_midst_of_a_case", KIND, WORD, only(MEMORY + "return None, None")),
    HandInCase("open_descriptors", KIND, DESCRIPTORS),
    HandInCase("memory_of_the_parent", KIND, TRACE),
    HandInCase("the_network", KIND, GATE),
    HandInCase("all_modules", KIND, WORD + MODULES),
    HandInCase("all_strings", KIND, WORD + STRINGS),
    HandInCase("key_rings", KIND, KEYS),
    HandInCase("an_error_that_tells", KIND, answers=everywhere(TELLING_ERROR)),
    HandInCase(
        "other_people_s_shared_memory", KIND, "!ls -la /dev/shm /tmp /run /var /home /dev/mqueue; ipcs; ls -la ~"
    ),
    HandInCase(
        "histories_and_logs", KIND, "%history -g\n!dmesg | tail; cat /var/log/* ~/.bash_history /root/.bash_history"
    ),
)
