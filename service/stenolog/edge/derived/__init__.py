"""Make sentences, paragraphs, captions and search hits from a finished transcript."""
