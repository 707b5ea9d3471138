"""Remove one transcription's content from `views.db`, in every generation.

Nothing is overwritten: what stays on the disk is sealed under the key that an erasure destroys. It
leaves rows that only say that the transcription is erased. When the projector reaches the erasure
in the log, it replaces them by its own.
"""

from __future__ import annotations

from stenolog.stores.sqlite.views.writer import ViewStatements

CONTENT_TABLES = ("requests", "parts")
_EVERY = "generation IN (SELECT generation FROM generations) AND id = ?"


def erase(statements: ViewStatements, transcription: str) -> None:
    """Delete the content; repeating changes nothing.

    Raises:
        StoreUnavailable: It may still be there; try again.
    """
    with statements.transaction() as run:
        for table in CONTENT_TABLES:
            run.execute(f"DELETE FROM {table} WHERE {_EVERY}", (transcription,))  # noqa: S608  ours
        run.execute(
            f"UPDATE views SET reason = 'erased', items = 0, box = NULL WHERE {_EVERY}",  # noqa: S608  ours
            (transcription,),
        )
        run.execute(
            f"UPDATE transcriptions SET erased = 1, box = NULL WHERE {_EVERY}",  # noqa: S608  ours
            (transcription,),
        )
