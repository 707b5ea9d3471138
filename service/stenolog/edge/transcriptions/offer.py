"""Choose where a transcription is sent: the configured providers, each in its regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.providers.capabilities import Unsupported


@dataclass(frozen=True, slots=True)
class Offer:
    """The providers and regions that can be asked for, and the default ones.

    Attributes:
        regions: Of each provider, the default one first; of one without regions only None.
        unsupported: Of providers that are known to do less than the API has; the others judge.
            Also of those that are not configured.
    """

    default: ProviderName
    regions: Mapping[ProviderName, Sequence[Region | None]]
    unsupported: Mapping[ProviderName, Unsupported] = field(default_factory=dict)

    def choose(
        self, provider: str | None, region: str | None, *, own_region: str | None
    ) -> tuple[ProviderName, Region | None]:
        """Choose provider and region for a request; `own_region` is its key's or tenant's default.

        Raises:
            InvalidRequest: The provider is not configured, or not in that region.
        """
        wanted = provider or self.default
        for name, regions in self.regions.items():
            if name == wanted:
                return name, _region(name, regions, region, own_region)
        problem = f"must be one of: {', '.join(self.regions)}"
        raise InvalidRequest(f"provider {problem}", [("provider", problem)])

    def refuse_unsupported(self, provider: ProviderName, params: Mapping[str, object]) -> None:
        """Return when nothing is known to be asked for that the provider cannot do.

        Raises:
            InvalidRequest: Something is; `fields` names all of it, and the message who can be asked
                for all of it, if anybody.
        """
        unsupported = self.unsupported.get(provider)
        complaints = [] if unsupported is None else list(unsupported(params))
        if complaints:
            said = [*(why for _, why in complaints), *self._who_can(params)]
            raise InvalidRequest("; ".join(said), complaints)

    def _who_can(self, params: Mapping[str, object]) -> Iterator[str]:
        """Yield who can be asked for this: providers that are configured, else those that are not.

        Whoever judges for itself can be asked, and may refuse.
        """
        able = [name for name, not_by in self.unsupported.items() if not any(not_by(params))]
        here = [name for name in able if name in self.regions]
        if here:
            yield f"it can be asked of provider {' or '.join(here)}"
        elif able:
            yield f"it could be asked of {' or '.join(able)}, not configured here"


def _region(
    provider: ProviderName,
    regions: Sequence[Region | None],
    asked: str | None,
    default: str | None,
) -> Region | None:
    """Return the region that was asked for, else the default, else the provider's first.

    A region in which the provider is not reached is refused: audio is never sent elsewhere
    instead. A provider without regions ignores a default, and refuses what is asked for.
    """
    named = [region for region in regions if region]
    wanted = asked if asked is not None or not named else default
    if wanted is None:
        return regions[0]
    for region in named:
        if region == wanted:
            return region
    problem = f"{provider} is reached in region {' or '.join(named)}" if named else "has no regions"
    if asked is None:
        problem = f"{wanted} is the default of this API key or its tenant, but {problem}"
    raise InvalidRequest(f"region: {problem}", [("region", problem)])
