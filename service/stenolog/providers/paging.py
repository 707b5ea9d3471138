"""Read a provider's list page by page, however the provider links its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stenolog.errors import ProviderUnavailable
from stenolog.providers.port import JobPage, JobStatus, Provider


async def pages_of(
    provider: Provider, *, status: JobStatus | None, pages_max: int
) -> AsyncIterator[JobPage]:
    """Yield the newest page and the older ones, at most `pages_max`.

    Raises:
        ProviderUnavailable: A page could not be read, or leads back to one that was.
    """
    before: str | None = None
    seen: set[str] = set()
    for _ in range(pages_max):
        page = await provider.list_jobs(status=status, before=before)
        yield page
        before = page.older
        if before is None:
            return
        if before in seen:
            raise ProviderUnavailable("the list of jobs leads in a circle")
        seen.add(before)
