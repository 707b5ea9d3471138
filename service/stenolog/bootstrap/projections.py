"""Choose the projections of this service, with the bodies that its surfaces store."""

from __future__ import annotations

from stenolog.edge.assemblyai.body import V2_TRANSCRIPT
from stenolog.projections.run.registry import all_projections

PROJECTIONS = all_projections(V2_TRANSCRIPT)
