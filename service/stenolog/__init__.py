"""Stenolog: a self-hosted, event-sourced gateway for speech-to-text."""
