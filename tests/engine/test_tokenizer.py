"""The vocabulary file is read exactly, and tokens become words that know where they came from."""

from __future__ import annotations

import pytest

from stenolog.engine.speech.tokenizer import Tokenizer


def table(*tokens: bytes) -> bytes:
    made = b""
    for token in tokens:
        if len(token) < 128:
            made += bytes([len(token)]) + token
        else:
            high, low = divmod(len(token), 128)
            made += bytes([low + 128, high]) + token
    return made


VOCABULARY = table(b"<unk>", b"<s>", b"</s>", "▁hel".encode(), b"lo", b",", "▁you".encode(),
                   b"<0xC3>", b"<0xA9>", b"", b"x" * 300)  # fmt: skip


def test_long_tokens_have_a_second_length_byte() -> None:
    assert len(Tokenizer(VOCABULARY)) == 11
    assert Tokenizer(VOCABULARY).words([10]) == [("x" * 300, [0])]


def test_a_word_knows_its_tokens() -> None:
    assert Tokenizer(VOCABULARY).words([1, 3, 4, 5, 6, 2]) == [("hello,", [1, 2, 3]), ("you", [4])]


def test_bytes_outside_the_vocabulary_are_spelled() -> None:
    assert Tokenizer(VOCABULARY).words([3, 7, 8]) == [("helé", [0, 1, 2])]


def test_numbers_that_are_no_tokens_add_nothing() -> None:
    assert Tokenizer(VOCABULARY).words([-1, 99, 9]) == []


@pytest.mark.parametrize("broken", [b"\x05abc", b"\x85", b"\x81\x01abc"])
def test_a_table_that_breaks_off_is_an_error(broken: bytes) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        Tokenizer(broken)
