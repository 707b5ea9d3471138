"""Put together what forgets many at once, and what keeps it from forgetting."""

from __future__ import annotations

from dataclasses import dataclass

from stenolog.bootstrap.identity import SUBJECTS, TREE_HEAD, secret_of
from stenolog.bootstrap.stores import Stores
from stenolog.commands.erasing import ErasureRequests
from stenolog.commands.handler import CommandHandler
from stenolog.commands.retention import RetentionClasses
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.forgetting.certificates import Certificates, CertificateSigner
from stenolog.compliance.forgetting.erasures import Erasures
from stenolog.compliance.forgetting.hold_extension import HoldExtension
from stenolog.compliance.forgetting.holds import Holds
from stenolog.compliance.forgetting.orders import ErasureOrders
from stenolog.compliance.forgetting.performing import Performer
from stenolog.compliance.forgetting.retention import Retention
from stenolog.compliance.subjects import Subjects
from stenolog.config.settings import Settings
from stenolog.edge.native.forgetting_ports import ForgettingPorts
from stenolog.encryption import SigningKey
from stenolog.log.recorder import FactRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """Erasures of many and legal holds, over the stores.

    Attributes:
        extension: Tells which holds are on a subject.
        performer: Carries erasures out.
    """

    eraser: Eraser
    subjects: Subjects
    holds: Holds
    extension: HoldExtension
    erasures: Erasures
    performer: Performer
    retention: Retention
    classes: RetentionClasses

    @property
    def ports(self) -> ForgettingPorts:
        """What `/api/v1` asks of it."""
        return ForgettingPorts(
            erasures=self.erasures,
            holds=self.holds,
            retention=self.retention,
            classes=self.classes,
        )


async def forgetting_over(
    settings: Settings,
    stores: Stores,
    facts: FactRecorder,
    handler: CommandHandler,
    eraser: Eraser,
) -> Forgetting:
    """Erasures and holds over these stores, once each hold is on all that it is to be on.

    Raises:
        StoreError: Log or keys cannot be read or written.
    """
    events, keys = stores.events, stores.keys
    subjects = Subjects(await secret_of(keys, stores.master, SUBJECTS), keys)
    extension = HoldExtension(events, events.lists, facts, stores.vault, keys, subjects)
    await extension.reach()
    orders = ErasureOrders(events, events.lists, facts, subjects)
    performer = Performer(orders, ErasureRequests(handler, facts, events), handler, eraser)
    signer = CertificateSigner(
        identity=events.identity,
        key=SigningKey(await secret_of(keys, stores.master, TREE_HEAD)),
    )
    certificates = Certificates(
        orders, events, keys, handler.events, signer, settings.key_backup_days
    )
    return Forgetting(
        eraser=eraser,
        subjects=subjects,
        holds=Holds(events, events.lists, facts, stores.vault, subjects, extension),
        extension=extension,
        erasures=Erasures(orders, performer, certificates),
        performer=performer,
        retention=Retention(stores.views, events, handler, orders, performer),
        classes=RetentionClasses(
            days=settings.retention_classes or {}, default=settings.retention_default
        ),
    )
