"""Without an SDK: upload, create, look again until it is finished."""

import json
import os
import time

import requests  # the engine's package brings it

base_url, every_s = os.environ["BASE_URL"], float(os.environ["EVERY_S"])
headers = {"authorization": os.environ["API_KEY"]}

with open(os.environ["AUDIO_FILE"], "rb") as audio:
    uploaded = requests.post(f"{base_url}/v2/upload", headers=headers, data=audio, timeout=30)
uploaded.raise_for_status()

wanted = {"audio_url": uploaded.json()["upload_url"], **json.loads(os.environ["OPTIONS"])}
created = requests.post(f"{base_url}/v2/transcript", json=wanted, headers=headers, timeout=30)
created.raise_for_status()

url = f"{base_url}/v2/transcript/{created.json()['id']}"
while True:
    transcript = requests.get(url, headers=headers, timeout=30).json()
    if transcript["status"] in {"completed", "error"}:
        break
    time.sleep(every_s)
print(json.dumps(transcript))
