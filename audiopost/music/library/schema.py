"""The tables of a library's file."""

from __future__ import annotations

#: The number of this schema, kept as `PRAGMA user_version`.
SCHEMA = 1
#: Fields of TrackAnalysis that have columns.
NUMBERS = (
    "duration_s", "bpm", "bpm_confidence", "bpm_other", "metre", "key_confidence", "brightness_hz", "density", "vocal",
    "loudness_lufs", "arousal", "valence",
)  # fmt: skip
#: Statements that make the tables of a new file. `path` holds a file name's bytes, which need be no UTF-8; `analysis`
#: is the whole TrackAnalysis as compressed JSON; by_numbers answers what is asked of all tracks at once.
TABLES = f"""
CREATE TABLE tracks (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL,
    analyser INTEGER NOT NULL,
    words TEXT NOT NULL,
    info TEXT NOT NULL,
    key TEXT NOT NULL,
    mode TEXT NOT NULL,
    {" REAL, ".join(NUMBERS)} REAL,
    analysis BLOB NOT NULL,
    embedding BLOB,
    embedder TEXT NOT NULL DEFAULT ''
);
CREATE INDEX by_status ON tracks (status, bpm);
CREATE INDEX by_numbers ON tracks (status, path, key, mode, {", ".join(NUMBERS)});
CREATE INDEX by_size ON tracks (size);
CREATE INDEX by_hash ON tracks (sha256);
CREATE TABLE folders (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE embedders (identity TEXT PRIMARY KEY, folder BLOB NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA};
"""
