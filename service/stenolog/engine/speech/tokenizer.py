"""Turn the recogniser's token numbers into words."""

from __future__ import annotations

from collections.abc import Sequence

WORD_START = "▁"  # SentencePiece's mark of a space
LONG_LENGTH = 128  # a length byte from here on is continued by the next byte


class Tokenizer:
    """The tokens of `tokenizer.bin`, in order of their numbers.

    Raises:
        ValueError: The bytes end in the middle of a token.
    """

    def __init__(self, table: bytes) -> None:
        self._tokens: list[bytes] = []
        at = 0
        while at < len(table):
            length = table[at]
            at += 1
            if length >= LONG_LENGTH:
                if at == len(table):
                    raise ValueError("the vocabulary ends in the middle of a length")
                length = length - LONG_LENGTH + LONG_LENGTH * table[at]
                at += 1
            if at + length > len(table):
                raise ValueError("the vocabulary ends in the middle of a token")
            self._tokens.append(table[at : at + length])
            at += length

    def __len__(self) -> int:
        return len(self._tokens)

    def texts(self) -> list[str]:
        """Return what each token writes, in order of their numbers; of some, which do not, ""."""
        pieces = (self._piece(number).decode("utf-8", "replace") for number in range(len(self)))
        return ["" if "\ufffd" in piece else piece for piece in pieces]

    def words(self, tokens: Sequence[int]) -> list[tuple[str, list[int]]]:
        """Words as written, each with the places in `tokens` that it was made from.

        Control tokens (`<s>`, `</s>`, `<unk>`) and numbers outside the vocabulary add nothing.
        """
        found: list[tuple[bytearray, list[int]]] = []
        mark = WORD_START.encode()
        for place, number in enumerate(tokens):
            token = self._piece(number)
            if not token:
                continue
            if token.startswith(mark) or not found:
                found.append((bytearray(), []))
            found[-1][0].extend(token)
            found[-1][1].append(place)
        written = (
            (bytes(text).decode("utf-8", "replace").replace(WORD_START, " ").strip(), places)
            for text, places in found
        )
        return [(text, places) for text, places in written if text]

    def _piece(self, number: int) -> bytes:
        token = self._tokens[number] if 0 <= number < len(self._tokens) else b""
        if token.startswith(b"<0x") and token.endswith(b">"):
            return bytes([int(token[3:-1], 16)])
        return b"" if token.startswith(b"<") and token.endswith(b">") else token
