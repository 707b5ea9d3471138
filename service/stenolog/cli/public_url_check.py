"""Check for `stenolog doctor` whether the service answers at the address that providers call."""

from __future__ import annotations

from stenolog.cli.answers import json_object
from stenolog.cli.findings import Finding
from stenolog.config.settings import Settings
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import EgressFailed, ForbiddenAddress
from stenolog.stores.files.directory import running

TIMEOUT_MS = 5_000
ANSWER_BYTES_MAX = 1 << 16
ALIVE = "/healthz"
WHAT = "callbacks"


async def callback_findings(settings: Settings) -> list[Finding]:
    """Ask STENOLOG_PUBLIC_URL/healthz, where one is set and the service runs.

    What does not answer here may answer from elsewhere, so that it is only noted.
    """
    url = settings.public_url
    if url is None or settings.cannot_be_called(url) or running(settings.data_dir) is None:
        return []
    egress = Egress(AddressPolicy.of(origins=[url]))
    try:
        answer = await egress.request(
            "GET",
            url.rstrip("/") + ALIVE,
            headers=[],
            timeout_ms=TIMEOUT_MS,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
    except (EgressFailed, ForbiddenAddress) as exc:
        return [_unreached(f"{url}{ALIVE}: {exc}")]
    finally:
        await egress.aclose()
    alive = answer.status == 200 and (json_object(answer.body) or {}).get("status") == "alive"
    if alive:
        return [Finding(what=WHAT, holds=True, said=f"the service answers at {url}{ALIVE}")]
    return [_unreached(f"{url}{ALIVE} answers {answer.status}, and not as a Stenolog does")]


def _unreached(said: str) -> Finding:
    return Finding(
        what=WHAT,
        holds=None,
        said=said,
        advice="asked from this machine; if providers cannot reach it either, no callback comes: "
        "check STENOLOG_PUBLIC_URL and what stands before the service",
    )
