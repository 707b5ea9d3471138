"""As the programs of AIMLAPI's documentation: create, wait while it is waiting or active, read."""

import json
import os
import time

import requests  # the engine's package brings it

base_url, every_s = f"{os.environ['BASE_URL']}/v1", float(os.environ["EVERY_S"])
headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
data = {"model": os.environ["MODEL"]}

if url := os.environ.get("AUDIO_URL"):
    created = requests.post(
        f"{base_url}/stt/create", json={**data, "url": url}, headers=headers, timeout=30
    )
else:
    with open(os.environ["AUDIO_FILE"], "rb") as audio:
        files = {"audio": ("sample.mp3", audio, "audio/mpeg")}
        created = requests.post(
            f"{base_url}/stt/create", data=data, files=files, headers=headers, timeout=30
        )
created.raise_for_status()

while True:
    answer = requests.get(
        f"{base_url}/stt/{created.json()['generation_id']}", headers=headers, timeout=30
    ).json()
    if answer.get("status") not in {"waiting", "active"}:
        break
    time.sleep(every_s)
# The documents' programs look at nothing else before they read it.
text = answer["result"]["results"]["channels"][0]["alternatives"][0]["transcript"]
print(json.dumps({"id": created.json()["generation_id"], "text": text, "answer": answer}))
