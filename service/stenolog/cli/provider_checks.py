"""Check for `stenolog doctor` whether each provider answers and takes our key."""

from __future__ import annotations

from pydantic import SecretStr

from stenolog.cli.answers import checked, json_object
from stenolog.cli.findings import Finding
from stenolog.cli.provider_answers import ProviderList
from stenolog.config.provider import RegionName
from stenolog.config.settings import Settings
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import EgressFailed, ForbiddenAddress, RequestError
from stenolog.wire.aimlapi.errors import error_told, is_of_path

TIMEOUT_MS = 5_000
ANSWER_BYTES_MAX = 1 << 20
NO_JOB = "00000000-0000-4000-8000-000000000000"
ASSEMBLYAI_URLS = "STENOLOG_ASSEMBLYAI_BASE_URL and STENOLOG_ASSEMBLYAI_EU_BASE_URL"


async def provider_findings(settings: Settings) -> list[Finding]:
    """Check in each region whether the provider answers and takes our key."""
    found = [
        await _region_finding(settings, region, url, key)
        for region, url in settings.assemblyai_regions.items()
        if (key := settings.assemblyai_key(region)) is not None
    ]
    if settings.aimlapi_api_key is not None:
        found.append(await _aimlapi_finding(settings, settings.aimlapi_api_key))
    return found or [Finding(what="provider", holds=True, said="local: nothing to reach")]


async def _region_finding(
    settings: Settings, region: RegionName, url: str, key: SecretStr
) -> Finding:
    # Audio goes to another region only where a request names it.
    failed = False if region == settings.assemblyai_region else None
    what = f"provider, {region}"
    egress = Egress(AddressPolicy.of(origins=[url]))
    try:
        answer = await egress.request(
            "GET",
            f"{url}/v2/transcript?limit=1",
            headers=[("authorization", key.get_secret_value())],
            timeout_ms=TIMEOUT_MS,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
    except (EgressFailed, ForbiddenAddress) as exc:
        return Finding(
            what=what,
            holds=failed,
            said=f"{url}: {exc}",
            advice=_advice(exc, ASSEMBLYAI_URLS),
        )
    finally:
        await egress.aclose()
    if answer.status == 200:
        try:
            checked(ProviderList, json_object(answer.body) or {})
        except RequestError:
            return Finding(
                what=what,
                holds=failed,
                said=f"{url} answers, and not as AssemblyAI does",
                advice=f"check {ASSEMBLYAI_URLS}",
            )
        return Finding(what=what, holds=True, said=f"{url} answers and takes the key")
    advice = (
        "check STENOLOG_ASSEMBLYAI_API_KEY and its region"
        if answer.status in {401, 403}
        else "check STENOLOG_ASSEMBLYAI_BASE_URL, or ask again later"
    )
    said = f"{url} answers {answer.status}"
    return Finding(what=what, holds=failed, said=said, advice=advice)


async def _aimlapi_finding(settings: Settings, key: SecretStr) -> Finding:
    """Ask for a job that nobody made: who takes the key says that there is none."""
    what, url = "provider, AIMLAPI", settings.aimlapi_url
    # Audio goes there only where a request names it, unless it is the default.
    failed = False if settings.uses_aimlapi else None
    egress = Egress(AddressPolicy.of(origins=[url]))
    try:
        answer = await egress.request(
            "GET",
            f"{url}/v1/stt/{NO_JOB}",
            headers=[("authorization", f"Bearer {key.get_secret_value()}")],
            timeout_ms=TIMEOUT_MS,
            answer_bytes_max=ANSWER_BYTES_MAX,
        )
    except (EgressFailed, ForbiddenAddress) as exc:
        setting = "STENOLOG_AIMLAPI_BASE_URL"
        return Finding(what=what, holds=failed, said=f"{url}: {exc}", advice=_advice(exc, setting))
    finally:
        await egress.aclose()
    told = error_told(answer.status, answer.body)
    if answer.status == 404 and told is not None and not is_of_path(told.sentence):
        return Finding(what=what, holds=True, said=f"{url} answers and takes the key")
    said = f"{url} answers {answer.status}"
    setting = "API_KEY" if answer.status in {401, 403} else "BASE_URL"
    return Finding(what=what, holds=failed, said=said, advice=f"check STENOLOG_AIMLAPI_{setting}")


def _advice(exc: EgressFailed | ForbiddenAddress, setting: str) -> str:
    """Return what to look at: this machine, the setting, or the way to the provider."""
    if isinstance(exc, ForbiddenAddress):
        return f"check {setting}"
    if exc.ours:
        return "mend this machine: nothing was sent, and the provider was not asked"
    return f"check the network, a firewall, {setting}"
