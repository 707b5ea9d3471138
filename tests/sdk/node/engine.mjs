// The official Node SDK in front of the embedded engine; prints what it got.
import { AssemblyAI } from "assemblyai";

const { BASE_URL: baseUrl, API_KEY: apiKey, AUDIO_FILE: audio } = process.env;
const client = new AssemblyAI({ apiKey, baseUrl });
const soon = { pollingInterval: 100, pollingTimeout: 40_000 };

console.log(
  JSON.stringify({
    said: await client.transcripts.transcribe({ audio, speaker_labels: true }, soon),
    refused: await client.transcripts.transcribe({ audio, auto_chapters: true }, soon),
  }),
);
