"""Tell what was known of a transcription at an earlier moment, read with today's projections."""
