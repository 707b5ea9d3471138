"""Choose where a transcription is sent: the configured providers, each in its regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stenolog.commands.transcription.state import Place
from stenolog.edge.transcriptions.extras import Extras
from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName, Region
from stenolog.providers.capabilities import Unsupported

Ways = Mapping[str, Mapping[str, object]]
"""The parameters in which each provider is asked, in this order, where not all are asked alike."""
NO_WAYS: Ways = {}


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
        self,
        asked: Extras,
        params: Mapping[str, object],
        *,
        own: Sequence[str] = (),
        own_region: str | None = None,
        ways: Ways = NO_WAYS,
    ) -> Sequence[Place]:
        """Choose whom a request goes to, and who is asked where one before has no job.

        `own` and `own_region` are the defaults of its key or tenant. Of these defaults whoever is
        not configured or cannot do what is asked for is passed over, unless all are. With `ways`
        only who stands there is asked, in what stands there; they are the defaults, too.

        Raises:
            InvalidRequest: A provider that is named is not configured, or not in that region, or
                cannot do what is asked for.
        """
        field = "providers" if asked.providers else "provider"
        named = asked.providers or ((asked.provider,) if asked.provider else ())
        if ways:
            named, own = tuple(one for one in named if one in ways), [*ways]
        chosen = [self._configured(field, one) for one in named]
        if not chosen:
            here = [one for one in own if one in self.regions] or own
            chosen = [self._configured(field, one) for one in here] or [self.default]
            able = [one for one in chosen if not any(self._complaints(one, ways.get(one, params)))]
            chosen = able or chosen[:1]
        for one in chosen:
            self._refuse_unsupported(one, ways.get(one, params))
        regions = {one: self.regions[one] for one in chosen}
        with_regions = [one for one, found in regions.items() if any(found)]
        # Where one of them has regions, the region that is asked for is that one's.
        return [
            (one, _region(one, found, asked.region, own_region))
            if one in with_regions or not with_regions
            else (one, None)
            for one, found in regions.items()
        ]

    def _configured(self, field: str, wanted: str) -> ProviderName:
        for name in self.regions:
            if name == wanted:
                return name
        problem = f"must be one of: {', '.join(self.regions)}"
        raise InvalidRequest(f"{field} {problem}", [(field, problem)])

    def _complaints(
        self, provider: ProviderName, params: Mapping[str, object]
    ) -> Iterable[tuple[str, str]]:
        unsupported = self.unsupported.get(provider)
        return () if unsupported is None else unsupported(params)

    def _refuse_unsupported(self, provider: ProviderName, params: Mapping[str, object]) -> None:
        """Return when nothing is known to be asked for that the provider cannot do.

        Else the error's `fields` name all of it, and the message who can be asked for all of it.
        """
        complaints = list(self._complaints(provider, params))
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
