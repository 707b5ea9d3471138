"""Tests of the embedded engine; speech comes from the moonshine-voice wheel or is made here."""
