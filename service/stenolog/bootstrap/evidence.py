"""Put together what proves that the log is what it was."""

from __future__ import annotations

from stenolog.bootstrap.identity import TREE_HEAD, secret_of
from stenolog.bootstrap.stores import Stores
from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.proof_files import ProofFiles
from stenolog.compliance.proving import Prover
from stenolog.compliance.stream_proofs import StreamProver
from stenolog.edge.native.evidence_routes import EvidencePorts
from stenolog.encryption import SigningKey


async def evidence_ports(stores: Stores) -> EvidencePorts:
    """Return the ports of proofs, whose tree heads are signed with the key in `keys.db`.

    Raises:
        StoreUnavailable: The key store cannot be read or written.
    """
    secret = await secret_of(stores.keys, stores.master, TREE_HEAD)
    signer = HeadSigner(stores.events.identity, SigningKey(secret))
    prover = Prover(stores.events, stores.heads, signer)
    streams = StreamProver(stores.events.histories, stores.seals, prover)
    return EvidencePorts(
        evidence=prover,
        proofs=ProofFiles(streams, stores.events, stores.vault),
        seal=stores.seals.seal,
    )
