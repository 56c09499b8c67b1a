"""Guide tracks: a plain sketch of a cue, to feel tempo and mood against the picture before looking for music.

`compose` writes the score of a cue by tables of rules, `guide_midi` and `guide_audio` are two renderings of it. All are
seeded by what the cue says: the same cue gives the same bytes.
"""

from __future__ import annotations

from .compose import compose as compose
from .midi import guide_midi as guide_midi
from .render import guide_audio as guide_audio
from .score import Note as Note
from .score import Score as Score
