"""Tell where a consumer stands in the log, or that nobody knows it any more."""

from __future__ import annotations

from stenolog.errors import NotFound
from stenolog.feed.consumers.books import Consumer, ConsumerBooks
from stenolog.feed.consumers.places import Place, position_of
from stenolog.feed.epochs import ElsewhereInTheLog, check_place, kept_of
from stenolog.feed.news import News
from stenolog.log.format import LogIdentity
from stenolog.log.store import EventStore

UNKNOWN = "There is no consumer of this name: PUT /api/v1/consumers/{name} makes one"


class Standing:
    """Compares the books with the log in its present epoch."""

    def __init__(
        self, log: EventStore, identity: LogIdentity, books: ConsumerBooks, news: News
    ) -> None:
        self._log = log
        self._identity = identity
        self._books = books
        self._news = news

    @property
    def epoch(self) -> str:
        """The present epoch's name."""
        return self._identity.epoch_name

    async def position_of(self, place: Place) -> int:
        """Return the position behind which to begin; raises as `places.position_of`."""
        return await position_of(self._log, self._identity, place, readable=self._news.readable)

    async def check(self, position: int, epoch: str | None) -> None:
        """Return when the position is one of the present epoch; raises as `check_place`."""
        await check_place(self._log, self._identity, position, epoch or self.epoch)

    async def consumer(self, tenant: str, name: str) -> Consumer:
        """Return what the books say of it.

        Raises:
            NotFound: There is none of this name.
        """
        consumer = await self._books.find(tenant, name)
        if consumer is None:
            raise NotFound(UNKNOWN)
        return consumer

    async def known(self, tenant: str, name: str) -> Consumer:
        """Return a consumer of which it is known where it stands.

        Raises:
            NotFound: There is none of this name.
            ElsewhereInTheLog: Nobody knows where it stands; the message says what to do.
        """
        consumer = await self.consumer(tenant, name)
        lost = await self.lost_place(consumer)
        if lost is not None:
            raise lost
        return consumer

    async def lost_place(self, consumer: Consumer) -> ElsewhereInTheLog | None:
        """Return why nobody knows where it stands, and where to go on; None: it is known.

        Raises:
            StoreError: The log cannot be read now, or is damaged where it tells that.
        """
        head = await self._log.head()
        if consumer.doubt == "restored":
            kept = await kept_of(self._log, self._identity, consumer.epoch)
            said = f"The log was restored since: this consumer stood in epoch {consumer.epoch}"
        elif consumer.doubt == "older":
            kept, said = head, "The books are older than what this consumer has acknowledged"
        elif consumer.taken_to > head:
            kept, said = head, f"The log ends at position {head}"
        else:
            return None
        go_on_from = min(consumer.acknowledged, kept)
        return ElsewhereInTheLog(
            f"{said}, at position {consumer.acknowledged} or behind. Look at what you have, and "
            f'POST .../reset {{"to": {go_on_from}, "epoch": "{self.epoch}"}}, or another place',
            go_on_from=go_on_from,
            epoch=self.epoch,
        )
