"""Sound files out: 24-bit or float WAV, RF64 past 4 GiB, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..core.audio import Audio
from ..core.errors import BadValue
from .atomic import disk_full, native, replacing
from .riff import write_mask

#: Bytes a sample, by libsndfile's name for the format.
SUBTYPES = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_WAV_LIMIT = (1 << 32) - (1 << 16)


def write_wav(path: Path, audio: Audio, subtype: str = "PCM_24") -> Path:
    """Writes `audio` in blocks. Integer formats clip at full scale: ask `audio.peak()` first.

    Raises BadValue for an unknown subtype, OutputError, DiskFull.
    """
    import soundfile

    if subtype not in SUBTYPES:
        raise BadValue(f"{subtype!r} is not a WAV sample format.", value=subtype, choices=SUBTYPES)
    size = audio.frames * audio.channels * SUBTYPES[subtype]
    kind = "RF64" if size > _WAV_LIMIT else ("WAVEX" if audio.channels > 2 else "WAV")
    with replacing(path) as temporary:
        try:
            with soundfile.SoundFile(native(temporary), "w", audio.rate, audio.channels, subtype, format=kind) as file:
                for block in audio.blocks(1 << 18):
                    file.write(np.ascontiguousarray(block.T))
        except (soundfile.LibsndfileError, AssertionError) as error:  # a short write trips soundfile's own assert
            raise disk_full(path) from error
        if kind != "WAV":
            write_mask(temporary, audio.layout)
    return path
