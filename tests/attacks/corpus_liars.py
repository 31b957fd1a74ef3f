"""Hand-ins whose results are objects that lie about themselves."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, everywhere, returning

KIND = "liar"
NUMPY = "import numpy as np, torch, os\nfrom numpy.lib.stride_tricks import as_strided\n"
SUBCLASS = """
class Liar(np.ndarray):
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return np.full((2, 2), 7.0)
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __array_finalize__(self, other): pass
    def __reduce__(self): return os.system, ('touch /tmp/seqlab_evil',)
    def tobytes(self): return b''
    def __len__(self): return 3
"""
CLASS = """
class Chameleon:
    __class__ = property(lambda self: np.ndarray)
    shape, dtype, ndim, flags = (3, 4), np.dtype('f8'), 2, np.zeros(1).flags
    def __array__(self, *a, **k): raise SystemExit(3)
"""
MOODY = """
class Moody(np.ndarray):
    shape = property(lambda self: (1 << 40, 1 << 40))
    dtype = property(lambda self: 1 / 0)
    ndim = property(lambda self: os._exit(0))
"""
GENERIC = """
class Wide(tuple):
    def __len__(self): return 5
    def __getitem__(self, place): return np.zeros((3, 4))
    def __iter__(self): return iter(())
"""
TENSOR = """
class Torch(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None): return 1.0
"""
ERRORS = """
class Unspeakable(Exception):
    def __str__(self): os._exit(0)
    __repr__ = __str__
class Unnamed(type):
    __name__ = property(lambda self: 1 / 0)
class Odd(Exception, metaclass=Unnamed): pass
"""
MAPPED = """
import threading, time
made = np.memmap('values', dtype='f8', mode='w+', shape=(400, 400))
def flip():
    while True:
        made[...] = np.random.randn(400, 400)
        time.sleep(0.001)
threading.Thread(target=flip, daemon=True).start()
"""
CUT = """
made = np.memmap('values', dtype='f8', mode='w+', shape=(4096, 8))
os.truncate('values', 1)
"""


def liar(name: str, expression: str, prelude: str = "") -> HandInCase:
    """All functions return ``expression``."""
    return HandInCase(name, KIND, NUMPY + prelude, returning(expression))


ATTACKS = (
    liar("an_array_equal_to_all", "np.zeros((3, 4)).view(Liar)", SUBCLASS),
    liar("an_array_by_its_class_only", "Chameleon()", CLASS),
    liar("an_array_in_a_mood", "np.zeros((3, 4)).view(Moody)", MOODY),
    HandInCase("a_tuple_of_any_length", KIND, NUMPY + GENERIC, everywhere("return Wide()")),
    liar("an_array_of_objects", "np.array([[1.0, 2.0]], dtype=object)"),
    liar("an_array_of_arrays", "np.array([np.zeros(2), None, 'x'], dtype=object)"),
    liar("one_number_seen_as_a_trillion", "np.broadcast_to(np.zeros(1), (10**6, 10**6))"),
    liar("memory_beyond_the_array", "as_strided(np.zeros(1), (1 << 20, 1 << 10), (4096, 4096))"),
    liar("memory_before_the_array", "as_strided(np.zeros(8), (3, 4), (-(1 << 40), 8))"),
    liar("an_array_in_a_file_that_changes", "made", MAPPED),
    liar("an_array_in_a_file_cut_short", "made", CUT),
    liar("complex_numbers", "np.zeros((3, 4), complex)"),
    liar("dates_and_texts", "np.array(['2020-01-01'], dtype='M8[D]')"),
    liar("a_record_array", "np.zeros(3, dtype=[('a', 'f8'), ('b', 'O')])"),
    liar("a_masked_array", "np.ma.masked_all((3, 4))"),
    liar("an_array_of_no_dimension", "np.array(None)"),
    liar("a_number_without_end", "10**400"),
    liar(
        "a_number_that_lies",
        "type('T', (float,), {'__float__': lambda s: os._exit(0), '__array__': lambda *a: 1 / 0})(1)",
    ),
    liar("a_tensor_that_lies", "torch.zeros(3, 4).as_subclass(Torch)", TENSOR),
    liar("a_tensor_of_nothing", "torch.empty(3, 4, device='meta')"),
    liar("a_sparse_tensor", "torch.eye(4).to_sparse()"),
    liar("a_quantised_tensor", "torch.quantize_per_tensor(torch.zeros(3, 4), 0.1, 0, torch.qint8)"),
    liar(
        "a_module_that_answers_all",
        "type('M', (), dict.fromkeys(('__getattr__', '__call__', '__getitem__'), lambda s, *a, **k: s))()",
    ),
    HandInCase("errors_that_cannot_be_told", KIND, NUMPY + ERRORS, everywhere("raise Unspeakable()")),
    HandInCase("errors_of_a_class_without_a_name", KIND, NUMPY + ERRORS, everywhere("raise Odd(chr(0xd800) * 10)")),
    HandInCase(
        "errors_in_groups",
        KIND,
        answers=everywhere("raise ExceptionGroup('g', [ValueError('<script>alert(31337)</script>')] * 1000)"),
    ),
    liar("a_generator", "(i for i in iter(int, 1))"),
    liar("longdouble", "np.full((3, 4), np.longdouble('1e4000'))"),
    liar("one_that_kills_when_it_is_dropped", "type('D', (np.ndarray,), {'__del__': lambda s: os._exit(0)})((3, 4))"),
)
