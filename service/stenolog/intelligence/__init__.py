"""Pure text analysis: what can be told from the words of a transcript; knows no other room."""
