"""Put together what reads the log as it was at an earlier moment."""

from __future__ import annotations

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.bootstrap.stores import Stores
from stenolog.clock import now_us
from stenolog.edge.native.as_of import PastPorts
from stenolog.projections.past.history import PastReader
from stenolog.projections.past.listing import PastList
from stenolog.projections.past.moments import Moments


def past_ports(stores: Stores) -> PastPorts:
    """Return what the edge asks about the past."""
    log, sealer = stores.events, stores.vault
    reader = PastReader(log, sealer, PROJECTIONS)
    return PastPorts(
        moments=Moments(log, now_us),
        reader=reader,
        lists=PastList(log, sealer, log.histories, reader),
        projections=PROJECTIONS,
    )
