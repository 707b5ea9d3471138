"""Sentences, paragraphs, captions and found words, made of a finished transcript."""
