"""Hand-ins that find the judge's socket in the heap and talk on it themselves."""

from __future__ import annotations

from tests.attacks.hostile import HandInCase, everywhere, only

KIND = "protocol"
CHANNEL = """
PICKLE = b"cos\\nsystem\\n(S'touch /tmp/seqlab_evil'\\ntR."
import gc, json, os, socket, struct, time
channel = next(o for o in gc.get_objects() if isinstance(o, socket.socket) and o.fileno() >= 0)
def raw(data):
    channel.sendall(data)
def headed(header, payload=b''):
    header = header if isinstance(header, bytes) else header.encode()
    raw(struct.pack('>I', len(header)) + header + payload)
def say(body, payload=b'', **arrays):
    headed(json.dumps({'body': body, 'arrays': arrays}), payload)
def head(dtype='<f8', shape=(1,), layout='C'):
    return {'dtype': dtype, 'shape': list(shape), 'layout': layout}
def claim(payload=b'', kind='array', dtype='float64', **value):
    say({'kind': kind, 'dtype': dtype}, payload, value=head(**value))
"""


def forged(name: str, source: str, rest: str = "return 0, 0") -> HandInCase:
    """Says ``source`` in the midst of each call of one exercise."""
    return HandInCase(name, KIND, CHANNEL, only(f"{source}\n{rest}"))


def flooded(name: str, source: str) -> HandInCase:
    """Says ``source`` in the midst of every call."""
    return HandInCase(name, KIND, CHANNEL, everywhere(f"{source}\nreturn args"))


def valued(name: str, statement: str) -> HandInCase:
    """Answers the call, then says ``statement`` where the judge asks for the value."""
    hook = (
        "import sys\nserver = sys.modules['inside.serve'].Server\nbefore = server._do\n"
        "def do(self, request, arrays):\n    if request['action'] == 'value':\n"
        f"        {statement}\n        return {{}}, {{}}\n    return before(self, request, arrays)\nserver._do = do\n"
    )
    return HandInCase(name, KIND, CHANNEL + hook, only("return 0, 0"))


ATTACKS = (
    flooded("score_messages", "for _ in range(50):\n    say({'score': 20, 'right': True, 'earned': 1e9})"),
    flooded("answers_before_they_are_asked", "for _ in range(100):\n    say({})"),
    flooded("values_before_they_are_asked", "for _ in range(40):\n    claim(b'\\0' * 8)"),
    forged("a_length_of_four_gigabytes", "raw(b'\\xff' * 4096)"),
    forged("noise", "raw(os.urandom(65536))"),
    forged("half_a_message", "raw(b'\\0\\0\\1\\0{')\nos._exit(0)"),
    forged("a_trickle", "while True:\n    raw(b'\\0')\n    time.sleep(0.05)"),
    forged("the_socket_closed", "channel.close()"),
    forged("the_socket_half_closed", "channel.shutdown(socket.SHUT_WR)"),
    forged("descriptors_sent", "for _ in range(100):\n    socket.send_fds(channel, [b'x'], [0] * 200)"),
    forged("deep_nesting", "headed('{\"body\":' + '[' * 100000 + ']' * 100000 + ',\"arrays\":{}}')"),
    forged(
        "nesting_just_deep_enough",
        "headed('{\"body\":{\"student_error\":' + '[' * 880 + ']' * 880 + '},\"arrays\":{}}')",
    ),
    forged("a_header_that_is_a_list", "headed('[1, 2]')"),
    forged("a_body_that_is_a_list", "say([1, 2])"),
    forged("arrays_that_are_a_list", 'headed(\'{"body": {}, "arrays": [1]}\')'),
    forged("reasons_that_are_no_text", "say({'student_error': {'a': [1]}, 'unfinished': 'yes'})"),
    forged(
        "reasons_with_half_characters_and_escapes",
        "say({'student_error': chr(0xd800) + chr(27) + '[2J<script>alert(31337)</script>' + chr(0x202e)})",
    ),
    forged("a_reason_of_a_megabyte", "say({'student_error': 'x' * 1000000})"),
    forged("a_number_of_a_million_digits", "headed('{\"body\": ' + '9' * 1000000 + ', \"arrays\": {}}')"),
    flooded("all_inputs_unchanged", "say({})"),
    forged("a_message_from_another_process", "if os.fork() == 0:\n    say({'score': 20})\n    os._exit(0)\nos.wait()"),
    forged("the_server_left_running_twice", "os.fork()"),
    valued("an_endless_shape", "claim(shape=(float('inf'),))"),
    valued("a_shape_that_is_not_a_number", "claim(shape=(float('nan'),))"),
    valued("a_negative_shape", "claim(shape=(-1,))"),
    valued("a_shape_beyond_machine_words", "claim(shape=(0, 10**300))"),
    valued("an_empty_array_of_huge_extent", "claim(shape=(0, 1 << 62), layout='strided')"),
    valued("a_product_that_overflows", "claim(shape=(1 << 32, 1 << 32))"),
    valued("an_empty_array_too_large_in_all", "claim(shape=(0,) + (1 << 28,) * 8)"),
    valued("forty_dimensions", "claim(shape=(1,) * 40, payload=b'\\0' * 8)"),
    valued(
        "a_dtype_that_is_a_syntax_error",
        "say({}, value={'dtype': '01f8,i4', 'shape': [1], 'layout': 'C'})",
    ),
    valued("a_dtype_of_objects", "say({'kind': 'array', 'dtype': 'float64'}, b'\\0' * 8, value=head('|O'))"),
    valued(
        "a_dtype_with_a_pickle",
        "say({'kind': 'array', 'dtype': 'float64'}, PICKLE, value=head('|V%d' % len(PICKLE)))",
    ),
    valued("a_structured_dtype", "say({'kind': 'array', 'dtype': 'float64'}, b'\\0' * 16, value=head('f8,f8'))"),
    valued("a_quadruple_dtype", "say({'kind': 'array', 'dtype': 'float64'}, b'\\xff' * 16, value=head('<f16'))"),
    valued("a_dtype_that_lies", "say({'kind': 'array', 'dtype': 'float64'}, b'\\xff' * 2, value=head('<f2'))"),
    valued("a_kind_that_is_not_one", "say({'kind': ['array'], 'dtype': {}}, b'\\0' * 8, value=head())"),
    valued("a_hundred_megabytes", "claim(b'\\0' * (100 << 20), shape=(100 << 17,))"),
    valued("sixty_megabytes_with_gaps", "claim(b'\\0' * (60 << 20), shape=(60 << 17,), layout='strided'); os._exit(0)"),
    valued("an_unknown_layout", "claim(b'\\0' * 8, layout=['C'])"),
    HandInCase(
        "the_judge_not_listened_to",
        KIND,
        CHANNEL,
        only("channel.shutdown(socket.SHUT_RD)\ntime.sleep(100)", "temporal_affine_backward"),
    ),
)
