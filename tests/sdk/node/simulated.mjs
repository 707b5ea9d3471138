// The official Node SDK in front of the simulator, with only `baseUrl` changed; prints what it got.
import { readFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { AssemblyAI } from "assemblyai";

const { BASE_URL: baseUrl, API_KEY: apiKey, AUDIO_FILE: file } = process.env;
const others = { syncBaseUrl: baseUrl, dictationBaseUrl: baseUrl, llmGatewayBaseUrl: baseUrl, streamingBaseUrl: baseUrl };
const client = new AssemblyAI({ apiKey, baseUrl, ...others });
const soon = { pollingInterval: 50, pollingTimeout: 20_000 };
const bytes = await readFile(file);

const transcribe = (params) => client.transcripts.transcribe(params, soon);
const thrown = async (work) => {
  try {
    await work();
  } catch (error) {
    return error.message;
  }
  return null;
};

async function submitted() {
  const { id, status } = await client.transcripts.submit({ audio: "https://audio.example/later.mp3" });
  const ready = await client.transcripts.waitUntilReady(id, soon);
  return { id, status, ready, again: await client.transcripts.get(id) };
}

async function uploaded() {
  const audio_url = await client.files.upload(createReadStream(file));
  const again = await client.files.upload(file);
  return { urls: [audio_url, again], transcript: await transcribe({ audio_url }) };
}

async function listed() {
  const first = await client.transcripts.list({ limit: 2 });
  const older = await client.transcripts.list(first.page_details.prev_url);
  const newer = await client.transcripts.list(older.page_details.next_url);
  return {
    first: first.transcripts.map((item) => item.id),
    older: older.transcripts.map((item) => item.id),
    newer: newer.transcripts.map((item) => item.id),
    dates: first.transcripts.every((item) => item.created instanceof Date && !isNaN(item.created)),
    completed: (await client.transcripts.list({ status: "completed", limit: 3 })).transcripts.map((item) => item.status),
  };
}

async function derived() {
  const { id, words, text } = await transcribe({ audio: "https://audio.example/derived.mp3", speaker_labels: true });
  const { transcripts } = client;
  return {
    text,
    spoken: words.map((word) => word.text),
    sentences: await transcripts.sentences(id),
    paragraphs: await transcripts.paragraphs(id),
    srt: await transcripts.subtitles(id, "srt", 32),
    vtt: await transcripts.subtitles(id, "vtt"),
    found: await transcripts.wordSearch(id, [words[0].text.replace(/\W/g, "")]),
  };
}

async function redacted() {
  const { id } = await transcribe({
    audio: "https://audio.example/redacted.mp3",
    redact_pii: true,
    redact_pii_audio: true,
    redact_pii_policies: ["phone_number"],
  });
  const file = await client.transcripts.redactedAudioFile(id);
  const { status } = await client.transcripts.redactions(id);
  return { status, start: Buffer.from(await file.arrayBuffer()).toString("latin1", 0, 4) };
}

async function deleted() {
  const { id } = await transcribe({ audio: "https://audio.example/forget.mp3" });
  const answer = await client.transcripts.delete(id);
  return { answer, later: await client.transcripts.get(id), again: await client.transcripts.delete(id) };
}

async function intervals() {
  const { id } = await client.transcripts.submit({ audio: "https://audio.example/never.mp3" });
  const asked = [];
  const plain = globalThis.fetch;
  globalThis.fetch = (url, init) => {
    if (url.endsWith(id)) asked.push(performance.now());
    return plain(url, init);
  };
  await thrown(() => client.transcripts.waitUntilReady(id, { pollingInterval: 200, pollingTimeout: 1_000 }));
  return asked.slice(1).map((at, n) => at - asked[n]);
}

const strangers = new AssemblyAI({ apiKey: "wrong", baseUrl });
const together = async (works) =>
  Object.fromEntries(await Promise.all(Object.entries(works).map(async ([name, work]) => [name, await work()])));

const finished = await together({
  url: () => transcribe({ audio: "https://audio.example/call.mp3", speaker_labels: true }),
  path: () => transcribe({ audio: file }),
  buffer: () => transcribe({ audio: bytes }),
  array: () => transcribe({ audio: new Uint8Array(bytes) }),
  stream: () => transcribe({ audio: createReadStream(file) }),
  data: () => transcribe({ audio: `data:audio/mpeg;base64,${bytes.toString("base64")}` }),
  uploaded,
  submitted,
  parallel: () => Promise.all(Array.from({ length: 20 }, () => transcribe({ audio: file }))),
  created: () => client.transcripts.create({ audio_url: "https://audio.example/old.mp3" }, soon),
  rich: () =>
    transcribe({
      audio: "https://audio.example/money.mp3",
      speaker_labels: true,
      auto_chapters: true,
      auto_highlights: true,
      content_safety: true,
      entity_detection: true,
      iab_categories: true,
      sentiment_analysis: true,
      language_detection: true,
      redact_pii: true,
      redact_pii_policies: ["person_name"],
      redact_pii_sub: "entity_name",
      custom_spelling: [{ from: ["clinic"], to: "Klinik" }],
      webhook_url: "https://customer.example/hook",
      webhook_auth_header_name: "X-Secret",
      webhook_auth_header_value: "kept",
    }),
  channels: () => transcribe({ audio: "https://audio.example/stereo.mp3", multichannel: true }),
  summed: () =>
    transcribe({ audio: "https://audio.example/money.mp3", summarization: true, summary_model: "informative", summary_type: "bullets" }),
  threshold: () => transcribe({ audio: "https://audio.example/quiet.mp3", speech_threshold: 0.95 }),
  derived,
  redacted,
  deleted,
  intervals,
  failed: () => transcribe({ audio: "https://audio.example/fails.mp3" }),
  thrown: () =>
    together({
      parameter: () => thrown(() => client.transcripts.submit({ audio: "https://audio.example/a.mp3", speech_threshold: 7 })),
      key: () => thrown(() => strangers.transcripts.submit({ audio: "https://audio.example/a.mp3" })),
      id: () => thrown(() => client.transcripts.get("00000000-0000-4000-8000-000000000000")),
      empty: () => thrown(() => client.files.upload(new Uint8Array())),
      sync: () => thrown(() => client.sync.transcribe(Buffer.alloc(4_000_000))),
      dictation: () => thrown(() => client.dictation.transcribeLive([bytes])),
      token: () => thrown(() => client.streaming.createTemporaryToken({ expires_in_seconds: 60 })),
      "old token": () => thrown(() => client.realtime.createTemporaryToken({ expires_in: 60 })),
      late: () => thrown(() => client.transcripts.transcribe({ audio: "https://audio.example/never.mp3" }, { pollingInterval: 20, pollingTimeout: 100 })),
    }),
});
console.log(JSON.stringify({ ...finished, listed: await listed() }));
