// Without an SDK: upload, create, look again until it is finished.
import { readFile } from "node:fs/promises";

const { BASE_URL, API_KEY, AUDIO_FILE, OPTIONS, EVERY_S } = process.env;

async function ask(path, init = {}) {
  const response = await fetch(BASE_URL + path, { ...init, headers: { authorization: API_KEY, ...init.headers } });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(answer.error);
  return answer;
}

const { upload_url } = await ask("/v2/upload", { method: "POST", body: await readFile(AUDIO_FILE) });
let transcript = await ask("/v2/transcript", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ audio_url: upload_url, ...JSON.parse(OPTIONS) }),
});
while (!["completed", "error"].includes(transcript.status)) {
  await new Promise((resolve) => setTimeout(resolve, Number(EVERY_S) * 1000));
  transcript = await ask(`/v2/transcript/${transcript.id}`);
}
console.log(JSON.stringify(transcript));
