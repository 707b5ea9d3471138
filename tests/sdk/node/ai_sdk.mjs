// Vercel's AI SDK with its AssemblyAI provider, sent to BASE_URL by its `fetch`; prints what it got.
import { readFile } from "node:fs/promises";
import { createAssemblyAI } from "@ai-sdk/assemblyai";
import { experimental_transcribe as transcribe } from "ai";

globalThis.AI_SDK_LOG_WARNINGS = false; // or they stand in the output
const { BASE_URL: baseUrl, API_KEY: apiKey, AUDIO_FILE: file } = process.env;
const audio = await readFile(file);
const assemblyai = createAssemblyAI({
  apiKey,
  fetch: (url, init) => fetch(String(url).replace("https://api.assemblyai.com", baseUrl), init),
});

const heard = {};
for (const id of ["best", "assemblyai-stt-3-7", "universal-3-pro"]) {
  try {
    const { text, segments, durationInSeconds } = await transcribe({
      model: assemblyai.transcription(id, { pollingInterval: 100 }),
      audio,
      maxRetries: 0,
      providerOptions: { assemblyai: { speakerLabels: true } },
    });
    heard[id] = { text, segments: segments.length, durationInSeconds };
  } catch (error) {
    heard[id] = { error: error.message };
  }
}
console.log(JSON.stringify(heard));
