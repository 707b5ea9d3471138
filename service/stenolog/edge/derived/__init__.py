"""What can be made of a finished transcript's words: sentences, paragraphs, captions, word search."""
