"""Answer /api/v1/log: the signed tree head, and proofs that lead to it."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Sequence

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.native.paging import refuse_if
from stenolog.edge.ports import Evidence

NUMBER = re.compile(r"[0-9]{1,16}")


class LogEvidence:
    """Shows hashes and numbers alone: of no tenant's events more than that there are so many."""

    def __init__(self, evidence: Evidence, seal: Callable[[], Awaitable[object]]) -> None:
        """`seal` has the log commit to where its streams end, and a tree head cover that."""
        self._evidence = evidence
        self._seal = seal

    async def tree_head(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the last tree head, as a C2SP checkpoint."""
        return Response(await self._evidence.checkpoint(), media_type="text/plain")

    async def sealed_head(self, request: Request, caller: ApiKey) -> Response:
        """Seal the log, if it has grown, and answer with a tree head over all of that."""
        await self._seal()
        return await self.tree_head(request, caller)

    async def published_key(self, request: Request) -> Response:
        """Answer anyone as `verifier_key`: who is shown a proof need not be a customer."""
        headers = {"Cache-Control": "public, max-age=300"}
        return Response(
            f"{self._evidence.verifier_key}\n", media_type="text/plain", headers=headers
        )

    async def verifier_key(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the line that verifies the checkpoints."""
        return Response(f"{self._evidence.verifier_key}\n", media_type="text/plain")

    async def inclusion(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the proof that one event stands at `position` among the first `size`."""
        covered = await self._evidence.covered()
        wrong: list[tuple[str, str]] = []
        size = _number(request.query_params, "size", 1, covered, wrong, default=covered)
        position = _number(request.query_params, "position", 1, size, wrong)
        refuse_if(wrong)
        proof = await self._evidence.inclusion(position, size)
        return _answer(
            position=proof.position,
            size=proof.size,
            leaf=_base64(proof.leaf),
            root=_base64(proof.root),
            path=_all_base64(proof.path),
        )

    async def consistency(self, request: Request, caller: ApiKey) -> Response:
        """Answer with the proof that the first `to` events begin with the first `from`."""
        covered = await self._evidence.covered()
        wrong: list[tuple[str, str]] = []
        to_size = _number(request.query_params, "to", 1, covered, wrong, default=covered)
        from_size = _number(request.query_params, "from", 1, to_size, wrong)
        refuse_if(wrong)
        proof = await self._evidence.consistency(from_size, to_size)
        return _answer(
            **{"from": proof.from_size, "to": proof.to_size},
            from_root=_base64(proof.from_root),
            to_root=_base64(proof.to_root),
            path=_all_base64(proof.path),
        )


def _number(
    query: QueryParams,
    name: str,
    least: int,
    most: int,
    wrong: list[tuple[str, str]],
    default: int | None = None,
) -> int:
    """Read a number; describe in `wrong` what is wrong with it. An empty value counts as absent."""
    given = query.get(name) or ""
    if not given and default is not None:
        return default
    if NUMBER.fullmatch(given) and least <= int(given) <= most:
        return int(given)
    wrong.append((name, f"must be an integer from {least} to {most}, which the tree head covers"))
    return most


def _answer(**members: object) -> Response:
    return Response(orjson.dumps(members), media_type="application/json")


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(one) for one in hashes]
