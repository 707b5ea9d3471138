"""What customers do with transcriptions, whatever surface they use; knows no web framework."""
