"""First bytes tell documents from media, and media are never taken for documents."""

from __future__ import annotations

import pytest

from stenolog.engine.audio.sniff import SNIFF_BYTES, is_container, kind_of_document
from tests.engine import sounds


@pytest.mark.parametrize(
    "content",
    [
        sounds.wav(sounds.noise(0.1)),
        b"ID3\x03\x00" + bytes(20),
        b"\xff\xfb\x90\x00" * 50,
        b"OggS\x00\x02" + bytes(20),
        b"#!AMR\n\x3c\x91\x17",
        b"BM" + b"\x00\x01" * 8,
        b"",
    ],
)
def test_media_and_nothing_are_no_documents(content: bytes) -> None:
    kind = kind_of_document(content)
    assert kind is None or kind.startswith("image/bmp")


def test_text_is_told_even_when_a_letter_is_cut() -> None:
    long = ("é" * SNIFF_BYTES).encode()[1 : SNIFF_BYTES + 1]
    assert kind_of_document(b"x" + long[1:]) == "text/plain (text)"
    assert kind_of_document(b"\xef\xbb\xbf  <HTML>") == "text/html (HTML document)"
    assert kind_of_document(b"BMX is a bicycle") == "text/plain (text)"


def test_containers_are_known_by_their_marks() -> None:
    assert is_container(b"\x00\x00\x00\x18ftypM4A ")
    assert not is_container(b"\x00" * 30)
