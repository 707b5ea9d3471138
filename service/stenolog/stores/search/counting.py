"""Count findings across the transcripts in `search.db`."""

from __future__ import annotations

import apsw

from stenolog.intelligence.taxonomy import SEPARATOR
from stenolog.projections.search.folding import indexed_words
from stenolog.projections.search.index import Count, Counting, TranscriptCount
from stenolog.stores.search.matching import Labels
from stenolog.stores.search.reading import refuse_unready
from stenolog.stores.search.values import whole

Values = list[str | int | float | None]


def count(connection: apsw.Connection, asked: Counting) -> tuple[list[Count], bool]:
    """Return findings, the most frequent first, and whether there are more.

    Raises:
        SearchNotReady: The index is being filled.
        apsw.Error: It cannot be read, or took too long.
    """
    where, values = _condition(asked)
    weight = "avg(f.weight)" if asked.kind == "topic" else "max(f.weight)"
    having = ""
    if asked.after is not None:
        having = "HAVING (sum(f.count), -f.key) < (?, ?)"
        values += [asked.after[0], -asked.after[1]]
    with connection:
        refuse_unready(connection, asked.among)
        rows = connection.execute(
            "SELECT f.label, min(f.text), sum(f.count), count(DISTINCT f.position), "  # noqa: S608  ours
            f"{weight}, f.key FROM findings AS f {where} GROUP BY f.label, f.folded {having} "
            "ORDER BY sum(f.count) DESC, f.key LIMIT ?",
            (*values, asked.limit + 1),
        ).fetchall()
    found = [
        Count(
            label=str(label),
            text=str(text),
            count=whole(total),
            transcripts=whole(transcripts),
            weight=float(str(most)),
            key=whole(key),
        )
        for label, text, total, transcripts, most, key in rows
    ]
    return found[: asked.limit], len(found) > asked.limit


def count_by_transcript(
    connection: apsw.Connection, asked: Counting
) -> tuple[list[TranscriptCount], bool]:
    """Return the transcriptions that have such findings, the newest first; raises as `count`."""
    where, values = _condition(asked)
    if asked.after is not None:
        where += " AND f.position < ?"
        values.append(asked.after[0])
    with connection:
        refuse_unready(connection, asked.among)
        rows = connection.execute(
            "SELECT (SELECT id FROM transcripts WHERE position = f.position), sum(f.count), "  # noqa: S608  ours
            f"f.position FROM findings AS f {where} "
            "GROUP BY f.position ORDER BY f.position DESC LIMIT ?",
            (*values, asked.limit + 1),
        ).fetchall()
    found = [
        TranscriptCount(transcription=str(id_), count=whole(total), position=whole(position))
        for id_, total, position in rows
    ]
    return found[: asked.limit], len(found) > asked.limit


def _condition(asked: Counting) -> tuple[str, Values]:
    """Return which findings are looked at, as SQL, and its values."""
    among = asked.among
    conditions = ["f.tenant = ?", "f.kind = ?"]
    values: Values = [among.tenant, asked.kind]
    if asked.label is not None:  # a topic has those that belong to it: `Sports>Boxing`
        below = asked.label + SEPARATOR
        conditions.append("(f.label = ? OR substr(f.label, 1, ?) = ?)")
        values += [asked.label, len(below), below]
    if asked.speaker is not None:
        conditions.append("f.speaker = ?")
        values.append(asked.speaker)
    if asked.text is not None:
        conditions.append("f.folded = ?")
        values.append(" ".join(indexed_words(asked.text)))
    if among.known_until is not None:
        conditions.append("f.position <= ?")
        values.append(among.known_until)
    labels = Labels.of(among.subject, among.metadata)
    of_transcript = [
        ("t.subject = ?", labels.subject),
        *(("instr(t.metadata, ?)", one) for one in labels.metadata.split()),
        ("t.created_at >= ?", among.created_from),
        ("t.created_at <= ?", among.created_to),
    ]
    given = [(condition, value) for condition, value in of_transcript if value is not None]
    if given:
        inner = " AND ".join(condition for condition, _ in given)
        conditions.append(
            f"EXISTS (SELECT 1 FROM transcripts AS t WHERE t.position = f.position AND {inner})"  # noqa: S608  ours
        )
        values += [value for _, value in given]
    return "WHERE " + " AND ".join(conditions), values
