// The official Node SDK in front of the embedded engine; prints what it got.
import { AssemblyAI } from "assemblyai";

const { BASE_URL: baseUrl, API_KEY: apiKey, AUDIO_FILE: audio } = process.env;
const client = new AssemblyAI({ apiKey, baseUrl });
const soon = { pollingInterval: 100, pollingTimeout: 40_000 };

const said = await client.transcripts.transcribe(
  { audio, speech_models: ["assemblyai-stt-3-7", "universal-2"], language_detection: true, speaker_labels: true },
  soon,
);

console.log(
  JSON.stringify({
    said,
    sentences: await client.transcripts.sentences(said.id),
    vtt: await client.transcripts.subtitles(said.id, "vtt"),
    found: await client.transcripts.wordSearch(said.id, ["hear me"]),
    deleted: await client.transcripts.delete(said.id),
    refused: await client.transcripts.submit({ audio, custom_topics: true }).catch((error) => error.message),
  }),
);
