"""LangChain's loader of AssemblyAI transcripts; the SDK beneath reads ASSEMBLYAI_BASE_URL."""

import json
import os

from langchain_community.document_loaders import AssemblyAIAudioTranscriptLoader  # type: ignore[import-not-found]  # its test installs it
from langchain_community.document_loaders.assemblyai import TranscriptFormat  # type: ignore[import-not-found]  # so

heard = {}
for form in (TranscriptFormat.TEXT, TranscriptFormat.SENTENCES, TranscriptFormat.SUBTITLES_SRT):
    loader = AssemblyAIAudioTranscriptLoader(
        file_path=os.environ["AUDIO_FILE"],
        transcript_format=form,
        api_key=os.environ["API_KEY"],
    )
    heard[form.value] = [document.page_content for document in loader.load()]
print(json.dumps(heard))
