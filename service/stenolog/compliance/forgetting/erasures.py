"""Take orders for erasures from customers, and show how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stenolog.compliance.forgetting.certificates import Certificates
from stenolog.compliance.forgetting.orders import ErasureOrders
from stenolog.compliance.forgetting.performing import Performer
from stenolog.log.recorder import Cause


class Erasures:
    """Records what is to be erased, and has it begun at once."""

    def __init__(
        self, orders: ErasureOrders, performer: Performer, certificates: Certificates
    ) -> None:
        self._orders = orders
        self._performer = performer
        self._certificates = certificates

    async def of_transcription(self, cause: Cause, transcription_id: str) -> str:
        """Order the erasure of one transcription, which the tenant has; return its id."""
        erasure_id = await self._orders.of_transcriptions(
            cause, [transcription_id], scope="transcript"
        )
        self._performer.stir()
        return erasure_id

    async def of_subject(self, cause: Cause, subject: str) -> str:
        """Order the erasure of all that the tenant has of a subject; return its id."""
        erasure_id = await self._orders.of_subject(cause, subject)
        self._performer.stir()
        return erasure_id

    async def certificate(
        self, tenant: str, erasure_id: str, *, after: int, limit: int
    ) -> Mapping[str, object]:
        """Return the erasure's certificate, as `Certificates` does."""
        return await self._certificates.certificate(tenant, erasure_id, after=after, limit=limit)

    async def page(self, tenant: str, *, before: str, limit: int) -> Sequence[Mapping[str, object]]:
        """Return the tenant's erasures, as `Certificates` does."""
        return await self._certificates.page(tenant, before=before, limit=limit)
