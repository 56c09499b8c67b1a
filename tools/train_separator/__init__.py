"""Trains the `house` model of `separate`: dialogue, music and effects out of a film's sound. See README.md here."""
