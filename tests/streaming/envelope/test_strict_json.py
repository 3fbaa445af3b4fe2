import pytest

from wildfire_bench.errors import CorruptEnvelope
from wildfire_bench.streaming.envelope.strict_json import parse_json_object


def test_a_plain_object_is_parsed():
    assert parse_json_object(b'{"a":[1,2.5,null,"\\u00e9"]}', 100, "it") == {
        "a": [1, 2.5, None, "é"]
    }


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"1",
        b"[]",
        b'{"a":1}{}',
        b'{"a":1,"a":1}',
        b'{"a":Infinity}',
        b'{"a":-1e400}',
        b'{"a":"\\udc00"}',
        b'{"a":"\xc3"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' * 50_000,
        b'{"a":' + b"1" * 6_000 + b"}",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_parsers_read_differently_is_refused(text):
    with pytest.raises(CorruptEnvelope, match="it "):
        parse_json_object(text, 1 << 20, "it")


def test_a_text_above_the_limit_is_refused_unparsed():
    with pytest.raises(CorruptEnvelope, match="11 bytes where 10"):
        parse_json_object(b'{"a":12345}', 10, "it")
