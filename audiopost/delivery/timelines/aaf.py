"""AAF for Pro Tools and Avid: cues as clips without media on sound tracks, cues and hit points as markers.

Written with pyaaf2 itself: the OTIO adapter keeps no markers and no drop-frame timecode. All that AAF usually draws by
lot or from the clock (mob ids, dates) comes from what is in it, so that two runs give the same bytes.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from pathlib import Path
from typing import Any

from ...io.atomic import replacing
from ..spotting import Spotting
from .marks import Mark, lanes, marks, regions

_DATE = datetime.datetime(2000, 1, 1)
#: Avid's own marker colours, 16 bits a channel.
_COLOURS = {
    "hit": ("Red", (52428, 13107, 13107)),
    "accepted": ("Green", (13107, 52428, 13107)),
    "existing": ("Magenta", (52428, 13107, 52428)),
    "suggested": ("Cyan", (13107, 52428, 52428)),
}


def write(path: Path, spotting: Spotting) -> Path:
    """A composition with a timecode track, a sound track for each lane of cues, and one of markers.

    Raises OutputError.
    """
    import aaf2

    with replacing(path) as temporary, aaf2.open(str(temporary), "w") as file:
        _Writer(file, spotting).write()
    return path


class _Writer:
    def __init__(self, file: Any, spotting: Spotting) -> None:
        from aaf2.rational import AAFRational

        self._file, self._spotting = file, spotting
        self._seed = repr((spotting.name, spotting.timebase, spotting.cues))
        self._rate = AAFRational(spotting.timebase.rate.fraction)
        self._length = max(spotting.timebase.rate.frame_at(spotting.end_s), 1)

    def write(self) -> None:
        composition = self._mob("CompositionMob", self._spotting.name, "composition")
        composition.usage = "Usage_TopLevel"
        self._timecode(composition)
        for number, lane in enumerate(lanes(regions(self._spotting)) or [[]], 1):
            self._sounds(composition, number, lane)
        self._markers(composition)
        self._settle()

    def _mob(self, kind: str, name: str, seed: str) -> Any:
        """A mob with an id made of what it is, and no date."""
        from aaf2.mobid import MobID

        mob = getattr(self._file.create, kind)()
        mob.name = name
        mob.mob_id = MobID(f"urn:smpte:umid:060a2b34.01010105.01010f20.13000000.{_hex(self._seed, seed)}")
        mob["CreationTime"].value = mob["LastModified"].value = _DATE
        self._file.content.mobs.append(mob)
        return mob

    def _timecode(self, composition: Any) -> None:
        timebase = self._spotting.timebase
        slot = composition.create_timeline_slot(self._rate)
        slot.name = "TC1"
        slot["PhysicalTrackNumber"].value = 1
        timecode = self._file.create.Timecode(timebase.rate.nominal, timebase.rate.drop_frame)
        timecode.start, timecode.length = timebase.start_frame, self._length
        slot.segment = timecode

    def _sounds(self, composition: Any, number: int, lane: list[Mark]) -> None:
        slot = composition.create_timeline_slot(self._rate)
        slot.name = "Music" if number == 1 else f"Music {number}"
        slot["PhysicalTrackNumber"].value = number
        sequence = self._file.create.Sequence(media_kind="sound")
        slot.segment = sequence
        at = 0
        for mark in lane:
            self._fill(sequence, mark.start - at)
            sequence.components.append(self._clip(mark))
            at = mark.end
        self._fill(sequence, self._length - at)

    def _fill(self, sequence: Any, frames: int) -> None:
        if frames > 0:
            sequence.components.append(self._file.create.Filler("sound", frames))

    def _clip(self, mark: Mark) -> Any:
        """A clip of a master mob whose source is offline: the music has yet to be found or written."""
        source = self._mob("SourceMob", mark.name, f"source {mark.cue.label} {mark.start}")
        source.descriptor = self._file.create.ImportDescriptor()
        slot = source.create_empty_sequence_slot(self._rate, slot_id=1, media_kind="sound")
        self._fill(slot.segment, mark.frames)
        master = self._mob("MasterMob", mark.name, f"master {mark.cue.label} {mark.start}")
        slot = master.create_timeline_slot(self._rate, slot_id=1)
        slot.name = mark.name
        slot.segment = source.create_source_clip(1, 0, mark.frames, "sound")
        if mark.note:
            master.comments["Comments"] = mark.note
        return master.create_source_clip(1, 0, mark.frames, "sound")

    def _markers(self, composition: Any) -> None:
        slot = self._file.create.EventMobSlot()
        slot.edit_rate, slot.slot_id = self._rate, len(composition.slots) + 1
        slot.name = "Markers"
        slot["PhysicalTrackNumber"].value = 1
        sequence = self._file.create.Sequence(media_kind="DescriptiveMetadata")
        slot.segment = sequence
        composition.slots.append(slot)
        for mark in marks(self._spotting):
            sequence.components.append(self._marker(mark))

    def _marker(self, mark: Mark) -> Any:
        name, rgb = _COLOURS["hit" if mark.is_hit else mark.cue.status]
        marker = self._file.create.DescriptiveMarker()
        marker["Position"].value = mark.start
        marker["Length"].value = 1 if mark.is_hit else mark.frames
        marker["Comment"].value = mark.name
        marker["DescribedSlots"].value = {1}
        marker["CommentMarkerColor"].value = dict(zip(("red", "green", "blue"), rgb, strict=True))
        tags = {"_ATN_CRM_COLOR": name, "_ATN_CRM_COM": mark.note or mark.name, "_ATN_CRM_USER": "audiopost"}
        for key, value in tags.items():
            tag = self._file.create.TaggedValue(key, value)
            marker["CommentMarkerAttributeList"].append(tag)
        return marker

    def _settle(self) -> None:
        """The file's own date and generation, fixed."""
        header = self._file.header
        header["LastModified"].value = _DATE
        for entry in header["IdentificationList"]:
            entry["Date"].value = _DATE
            entry["CompanyName"].value, entry["ProductName"].value = "audiopost", "audiopost"
            entry["GenerationAUID"].value = uuid.UUID(_digest(self._seed, "generation"))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _hex(*parts: str) -> str:
    digest = _digest(*parts)
    return ".".join(digest[n : n + 8] for n in range(0, 32, 8))
