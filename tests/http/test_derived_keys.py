"""Every dedupe key that the service appends is one that `log verify` derives from the event."""

from __future__ import annotations

from tests.dedupe_keys import keyed_types, underivable
from tests.house.composed import Composed
from tests.http.test_erasure import delete
from tests.http.test_upload_lifetime import upload

KEYED = {
    "callback.received",
    "upload.used",
    "erasure.requested",
    "upload.released",
    "api_key.revoked",
}


async def test_the_keys_of_what_a_customer_does_are_derived_again(service: Composed) -> None:
    url, _ = await upload(service)
    transcription_id, registration = await service.submitted(audio_url=url)
    await service.call_back(registration)
    await service.fail(transcription_id, "Audio duration is too short.")
    await delete(service, transcription_id)
    made = (await service.client.post("/api/v1/keys", json={"name": "x", "scopes": []})).json()
    assert (await service.client.delete(f"/api/v1/keys/{made['id']}")).status_code == 200
    log = service.settings.data_dir / "log.db"
    assert underivable(log) == []
    assert keyed_types(log) == KEYED
