"""What open requests are answered with is not kept beyond their erasure."""

from __future__ import annotations

from stenolog.edge.transcriptions.echo_memory import EchoMemory


def test_an_echo_that_is_being_made_while_it_is_erased_is_not_kept() -> None:
    echoes = EchoMemory()
    echoes.keep("a", b"{}")
    echoes.erase("a")
    echoes.keep("a", b"made of what was read before")
    echoes.keep("b", b"another")
    assert (echoes.get("a"), echoes.get("b"), len(echoes)) == (None, b"another", 1)
