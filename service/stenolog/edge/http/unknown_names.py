"""Refuse names that mean nothing here: what is misspelt would be ignored, and look answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import islice

from starlette.datastructures import QueryParams

from stenolog.errors import InvalidRequest
from stenolog.near_names import suggested

NAMED_MAX = 20  # of what is wrong with one request
NAME_SHOWN_MAX = 64  # characters
ONCE = "must be given once"


def refuse_unknown_query(query: QueryParams, known: Collection[str]) -> None:
    """Return when every query parameter is known and given once.

    Raises:
        InvalidRequest: One is not; the message names the nearest that there is.
    """
    given = Counter(name for name, _ in query.multi_items())
    refuse_unknown(given, known, "query parameter")
    wrong = [(name, ONCE) for name, times in given.items() if times > 1]
    if wrong:
        raise InvalidRequest(f"{wrong[0][0]} {ONCE}", wrong)


def refuse_unknown(names: Iterable[str], known: Collection[str], what: str) -> None:
    """Return when all of `names` are known; `what` says in one or two words what they are.

    Raises:
        InvalidRequest: One is not; the message names the nearest that there is.
    """
    unknown = islice((name for name in names if name not in known), NAMED_MAX)
    wrong = [(name[:NAME_SHOWN_MAX], _problem(name, known, what)) for name in unknown]
    if wrong:
        raise InvalidRequest(f"{wrong[0][0]} {wrong[0][1]}", wrong)


def _problem(name: str, known: Collection[str], what: str) -> str:
    if not known:
        return f"is not a {what} of this operation: it has none"
    near = suggested(name, known)
    meant = f"did you mean {near}? It" if near else "it"
    return f"is not a {what} of this operation; {meant} has: {', '.join(sorted(known))}"
