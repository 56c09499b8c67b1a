"""Each target opened by a parser: regions and markers lie on their frames at every rate, after a start at one hour."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import aaf2
import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.registry import load
from audiopost.core.spotting import Cue, HitPoint
from audiopost.core.time import FrameRate, Timebase
from audiopost.delivery.spotting_formats import FORMATS
from audiopost.delivery.timelines import edl, marks, seconds

#: Stretches (start, end, name) and points (start, name) in frames of the recording, as a file tells them.
Told = tuple[list[tuple[int, int, str]], list[tuple[int, str]]]


def frame_of(rate: FrameRate, timecode: str, base: Timebase) -> int:
    assert timecode[-3] == (";" if rate.drop_frame else ":"), timecode
    return rate.parse_timecode(timecode) - base.start_frame


def ours(spotting) -> Told:
    stretches = [(m.start, m.end, m.name) for m in marks.regions(spotting)]
    return stretches, [(m.start, m.name) for m in marks.hits(spotting)]


def read_otio(path: Path, base: Timebase) -> Told:
    timeline = otio.adapters.read_from_file(str(path))
    assert timeline.global_start_time.value == base.start_frame
    hertz = float(base.rate.fraction)
    start = "01:00:00;00" if base.rate.drop_frame else "01:00:00:00"
    assert timeline.global_start_time.to_timecode(hertz, base.rate.drop_frame) == start
    clips = []
    for track in timeline.tracks:
        if track.name.startswith("Music"):
            for clip in track.find_clips():
                span = clip.transformed_time_range(clip.trimmed_range(), timeline.tracks)
                clips.append((span.start_time.value, span.end_time_exclusive().value, clip.name))
    found = timeline.tracks.markers
    regions = [m for m in found if m.metadata["audiopost"]["kind"] == "cue"]
    assert sorted(clips) == sorted(
        (m.marked_range.start_time.value, m.marked_range.end_time_exclusive().value, m.name) for m in regions
    )
    return sorted(clips), [(m.marked_range.start_time.value, m.name) for m in found if m not in regions]


def read_aaf(path: Path, base: Timebase) -> Told:
    timeline = otio.adapters.read_from_file(str(path))
    assert timeline.global_start_time.value == base.start_frame
    clips = []
    for track in timeline.tracks:
        for clip in track.find_clips():
            span = clip.transformed_time_range(clip.trimmed_range(), timeline.tracks)
            clips.append((span.start_time.value, span.end_time_exclusive().value, clip.name))
    with aaf2.open(str(path)) as file:
        (composition,) = file.content.toplevel()
        (timecode,) = [s.segment for s in composition.slots if isinstance(s.segment, aaf2.components.Timecode)]
        assert (timecode.fps, timecode.drop) == (base.rate.nominal, base.rate.drop_frame)
        (events,) = [s for s in composition.slots if isinstance(s, aaf2.mobslots.EventMobSlot)]
        assert Fraction(events.edit_rate.numerator, events.edit_rate.denominator) == base.rate.fraction
        markers = [(m["Position"].value, m["Length"].value, m["Comment"].value) for m in events.segment.components]
    names = {name for _, _, name in clips}
    regions = sorted((at, at + length, name) for at, length, name in markers if name in names)
    assert regions == sorted(clips)
    return sorted(clips), [(at, name) for at, _, name in markers if name not in names]


def read_reaper(path: Path, base: Timebase) -> Told:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["#", "Name", "Start", "End", "Length", "Color"]
    regions = [(clock(r["Start"], base), clock(r["End"], base), r["Name"]) for r in rows if r["#"].startswith("R")]
    assert [clock(r["Length"], base) for r in rows if r["#"].startswith("R")] == [end - at for at, end, _ in regions]
    assert all(re.fullmatch("[0-9A-F]{6}", row["Color"]) for row in rows)
    return regions, [(clock(r["Start"], base), r["Name"]) for r in rows if r["#"].startswith("M")]


def clock(text: str, base: Timebase) -> int:
    assert re.fullmatch(r"(\d+:)?\d+:\d\d\.\d{3}", text)
    total = Fraction(0)
    for part in text.split(":"):
        total = total * 60 + Fraction(part)
    return base.rate.frame_at(total)


def read_audition(path: Path, base: Timebase) -> Told:
    table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter="\t")
    rows = list(table)
    assert table.fieldnames == ["Name", "Start", "Duration", "Time Format", "Type", "Description"]
    assert {(r["Time Format"], r["Type"]) for r in rows} <= {("decimal", "Cue")}
    found = [(clock(r["Start"], base), clock(r["Duration"], base), r["Name"]) for r in rows]
    return [(at, at + n, name) for at, n, name in found if n], [(at, name) for at, n, name in found if not n]


def read_premiere(path: Path, base: Timebase) -> Told:
    timeline = otio.adapters.read_from_file(str(path), "fcp_xml")
    rate = timeline.global_start_time.rate
    assert timeline.global_start_time.rescaled_to(float(base.rate.fraction)).value == pytest.approx(base.start_frame)
    assert rate == pytest.approx(float(base.rate.fraction))
    clock_ = ElementTree.parse(path).find(".//sequence/timecode")
    assert base.rate.parse_timecode(clock_.findtext("string")) == int(clock_.findtext("frame")) == base.start_frame
    assert clock_.findtext("displayformat") == ("DF" if base.rate.drop_frame else "NDF")
    found = [(m.marked_range.start_time.value, m.marked_range.duration.value, m.name) for m in timeline.tracks.markers]
    return [(at, at + n, name) for at, n, name in found if n], [(at, name) for at, n, name in found if not n]


def read_fcpxml(path: Path, base: Timebase) -> Told:
    root = ElementTree.parse(path).getroot()

    def frames(text: str) -> int:
        number = Fraction(text.removesuffix("s")) * base.rate.fraction
        assert number.denominator == 1, text
        return int(number)

    (frame,) = root.iter("format")
    assert frames(frame.get("frameDuration")) == 1
    (sequence,), (gap,) = root.iter("sequence"), root.iter("gap")
    assert frames(sequence.get("tcStart")) == frames(gap.get("start")) == frames(gap.get("offset")) == base.start_frame
    assert sequence.get("tcFormat") == ("DF" if base.rate.drop_frame else "NDF")
    points = [(frames(m.get("start")) - base.start_frame, m.get("value")) for m in gap.iter("marker")]
    ends = {name.split()[0]: at for at, name in points if re.fullmatch(r"\d+m\d+ out", name)}
    regions = [(at, ends[n.split()[0]], n) for at, n in points if " · " in n]
    return regions, [(at, n) for at, n in points if " · " not in n and not n.endswith(" out")]


def read_avid(path: Path, base: Timebase) -> Told:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    assert {len(row) for row in rows} == {6}
    found = [(frame_of(base.rate, tc, base), int(n), text.partition(": ")[0]) for _, tc, _, _, text, n in rows]
    regions = [(at, at + n, name) for at, n, name in found if " · " in name]
    return regions, [(at, name) for at, _, name in found if " · " not in name]


def read_pro_tools(path: Path, base: Timebase) -> Told:
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^([A-Z# ]+):\t(.*)$", text.partition("T R A C K")[0], re.MULTILINE))
    assert head["SESSION START TIMECODE"] == base.start_timecode
    assert head["SAMPLE RATE"] == "48000.000000"
    assert (
        head["TIMECODE FORMAT"]
        == {"23.976": "23.976 Frame", "25": "25 Frame", "29.97df": "29.97 Drop Frame"}[str(base.rate)]
    )
    listing, _, markers = text.partition("M A R K E R S  L I S T I N G\n")
    clips = []
    for row in re.findall(r"^1 +\t\d+ *\t(.*)$", listing, re.MULTILINE):
        name, start, end, length, state = (cell.strip() for cell in row.split("\t"))
        assert state == "Unmuted"
        at, until = frame_of(base.rate, start, base), frame_of(base.rate, end, base)
        assert base.rate.parse_timecode(length) == until - at
        clips.append((at, until, name))
    points = []
    heading, *rows = markers.splitlines()
    assert heading.split() == ["#", "LOCATION", "TIME", "REFERENCE", "UNITS", "NAME", "COMMENTS"]
    for number, row in enumerate(rows, 1):
        index, when, samples, units, name, _ = (cell.strip() for cell in row.split("\t"))
        assert (int(index), units) == (number, "Samples")
        at = frame_of(base.rate, when, base)
        assert base.rate.frame_at(int(samples) / 48000) == at
        points.append((at, name))
    names = {name for _, _, name in clips}
    assert [(at, name) for at, name in points if name in names] == [(at, name) for at, _, name in sorted(clips)]
    return sorted(clips), [(at, name) for at, name in points if name not in names]


def read_resolve(path: Path, base: Timebase) -> Told:
    text = path.read_text(encoding="utf-8")
    assert f"FCM: {'DROP' if base.rate.drop_frame else 'NON-DROP'} FRAME" in text
    found = []
    pattern = (
        r"^(\d{3})  001      V     C        (\S+) (\S+) (\S+) (\S+)\n(.*)\|C:ResolveColor(\w+) \|M:(.*) \|D:(\d+)$"
    )
    for n, (number, s_in, s_out, r_in, r_out, _, colour, name, length) in enumerate(re.findall(pattern, text, re.M), 1):
        assert (int(number), s_in, s_out) == (n, r_in, r_out)
        at = frame_of(base.rate, r_in, base)
        assert frame_of(base.rate, r_out, base) == at + 1
        found.append((at, int(length), name, colour))
    regions = [(at, at + n, name) for at, n, name, colour in found if colour != "Red"]
    return regions, [(at, name) for at, _, name, colour in found if colour == "Red"]


READERS = {
    "otio": read_otio, "aaf": read_aaf, "reaper": read_reaper, "audition": read_audition, "premiere": read_premiere,
    "fcpxml": read_fcpxml, "avid": read_avid, "pro-tools": read_pro_tools, "resolve": read_resolve,
}  # fmt: skip


@pytest.mark.parametrize("kind", READERS)
def test_a_parser_finds_every_cue_and_hit_point_on_its_frame(tmp_path, spotting, timebase, kind):
    path = load(FORMATS[kind].writer)(tmp_path / f"FILM{FORMATS[kind].suffix}", spotting)
    regions, points = READERS[kind](path, timebase)
    own = ours(spotting)
    if kind == "resolve":  # a bar is a delimiter there
        own = own[0], [(at, name.replace("|", "/")) for at, name in own[1]]
    assert (sorted(regions), sorted(points)) == (sorted(own[0]), sorted(own[1]))
    assert [start for start, _, _ in sorted(regions)] == [312, 700, 710, 86400]  # the rejected one stays out
    assert sorted(at for at, _ in points) == [355, 520, 86401]


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind != "aaf"])  # half a second a file
@given(
    frames=st.lists(st.tuples(st.integers(0, 300_000), st.integers(1, 5000)), min_size=1, max_size=4),
    rate=st.sampled_from(["23.976", "25", "29.97df"]),
)
def test_any_frames_survive(tmp_path_factory, make_spotting, bases, kind, frames, rate):
    at = bases[rate].rate.seconds_at
    cues = tuple(
        Cue(
            n, at(start), at(start + length), "sting", "fear", (60, 80), "", (), "", 0.5,
            hits=(HitPoint(at(start), "x", 0.5),),
        )
        for n, (start, length) in enumerate(frames, 1)
    )  # fmt: skip
    spotting = make_spotting(bases[rate], "en", cues)
    path = load(FORMATS[kind].writer)(tmp_path_factory.mktemp("marks") / f"x{FORMATS[kind].suffix}", spotting)
    regions, points = READERS[kind](path, bases[rate])
    assert sorted((start, end) for start, end, _ in regions) == sorted((a, a + n) for a, n in frames)
    assert sorted(point for point, _ in points) == sorted(a for a, _ in frames)


@pytest.mark.parametrize("kind", [*READERS, "edl", "midi"])
@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_no_cues_give_a_file_that_opens_and_two_runs_the_same_bytes(tmp_path, make_spotting, bases, kind, language):
    form = FORMATS[kind]
    empty = load(form.writer)(tmp_path / f"empty{form.suffix}", make_spotting(bases["25"], language, ()))
    assert empty.stat().st_size > 0 or kind == "avid"
    if kind in ("otio", "aaf", "premiere", "audition"):
        assert READERS[kind](empty, bases["25"]) == ([], [])
    runs = [load(form.writer)(tmp_path / f"{n}{form.suffix}", make_spotting(bases["25"], language)) for n in "ab"]
    assert runs[0].read_bytes() == runs[1].read_bytes()


LOCATOR = re.compile(r"^\* LOC: (\S+) [A-Z]+ +(.*)$", re.MULTILINE)


def read_cmx(text: str, base: Timebase) -> Told:
    """What the OTIO adapter makes of an edit list; its tracks begin where the first record timecode lies."""
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(base.rate.fraction))
    clips, locators = [], []
    for track in timeline.tracks:
        at = -round(track.source_range.start_time.value) - base.start_frame
        for item in track:
            length = round(item.duration().value)
            if isinstance(item, otio.schema.Clip):
                clips.append((at, at + length, item.name))
                locators += [(round(m.marked_range.start_time.value) - base.start_frame, m.name) for m in item.markers]
            at += length
    return clips, locators


def test_edit_list_with_locators(tmp_path, spotting, timebase, caplog):
    path = edl.write(tmp_path / "x.edl", spotting)
    text = path.read_text(encoding="ascii")
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[1] == f"FCM: {'DROP' if timebase.rate.drop_frame else 'NON-DROP'} FRAME"
    clips, locators = read_cmx(text, timebase)
    assert sorted(clips) == [
        (312, 750, "1M01 MAIN, 1 TENSION"), (700, 1200, "2M02 TRANSITION JOY"), (86400, 90000, "3M12 TENDERNESS"),
    ]  # fmt: skip
    own = [(frame_of(timebase.rate, tc, timebase), name) for tc, name in LOCATOR.findall(text)]
    assert sorted(at for at, _ in own) == [312, 355, 520, 700, 710, 86400, 86401]
    assert (355, "1M01 THE DOOR | SLAMS") in own
    if not timebase.rate.drop_frame:  # the adapter knows no semicolons there
        assert sorted(locators) == sorted(own)
    assert "3 names hold characters" in caplog.text
    assert "1 cues overlap two others" in caplog.text


def test_long_and_odd_names(tmp_path, make_spotting, bases):
    name = 'very, "long"\tname\r\n| with <everything> & 門 é – ' * 5
    cue = Cue(
        1,
        1.0,
        2.0,
        "sting",
        "fear",
        (60, 80),
        "",
        (),
        name,
        0.5,
        title=name[:45],
        hits=(HitPoint(1.5, "a " + name, 0.5),),
    )
    spotting = make_spotting(bases["25"], "en", (cue,))
    for kind, read in READERS.items():
        path = load(FORMATS[kind].writer)(tmp_path / f"x{FORMATS[kind].suffix}", spotting)
        if kind != "fcpxml":  # told apart by names
            assert len(read(path, bases["25"])[1]) == 1, kind
    plain = edl.write(tmp_path / "x.edl", spotting).read_text(encoding="ascii")
    assert max(map(len, plain.splitlines())) <= 80
    assert '* LOC: 01:00:01:13 RED     1M01 A VERY, "LONG" NAME | WITH <EVERYTHING> & E - VE' in plain


def test_names_are_short_and_the_rest_is_a_note(make_spotting, bases):
    cue = Cue(1, -3.0, 2.0, "sting", "fear", (60, 80), "", (), "", 0.5, hits=(HitPoint(1.5, "x " * 200, 0.5, 4, 0.1),))
    spotting = make_spotting(bases["25"], "en", (cue,))
    (hit,) = marks.hits(spotting)
    assert len(hit.name) <= 100
    assert hit.name.endswith("…")
    assert hit.note == "beat 4: " + " ".join(["x"] * 200)
    (region,) = marks.regions(spotting)
    assert (region.start, region.end) == (0, 50)  # a cue that was edited to begin before the picture


def test_overlapping_cues_take_two_tracks_and_accepted_tracks_their_own(spotting):
    timeline = load("audiopost.delivery.timelines.otio:cue_timeline")(spotting)
    assert [track.name for track in timeline.tracks] == ["Music", "Music 2", "Music 3", "Tracks"]
    assert {track.duration().value for track in timeline.tracks} == {100_000}
    assert all(track.kind == otio.schema.TrackKind.Audio for track in timeline.tracks)
    pieces = timeline.tracks[3].find_clips()
    rate = spotting.timebase.rate
    assert [c.transformed_time_range(c.trimmed_range(), timeline.tracks).start_time.value for c in pieces] == [
        312,
        600 + 0 * 1,
    ]
    assert pieces[0].source_range.start_time.to_seconds() == pytest.approx(3.5)
    assert pieces[0].source_range.duration.value == rate.frame_at(rate.seconds_at(312) + 8.0) - 312
    assert pieces[0].media_reference.target_url == r"C:\music\Winter|Light.wav"
    (clip,) = [c for c in timeline.tracks[0].find_clips() if c.name.startswith("1m01")]
    assert clip.metadata["audiopost"]["tempo"]["bpm"] == 84.3521


def test_scenes(tmp_path, spotting, timebase):
    path = load(FORMATS["scenes-otio"].writer)(tmp_path / "x.otio", spotting)
    timeline = otio.adapters.read_from_file(str(path))
    assert timeline.global_start_time.value == timebase.start_frame
    spans = [c.transformed_time_range(c.trimmed_range(), timeline.tracks) for c in timeline.find_clips()]
    assert [(s.start_time.value, s.duration.value) for s in spans] == [(0, 600), (600, 1400)]
    assert [m.marked_range.start_time.value for m in timeline.tracks.markers] == [100, 355]
    assert [c.name for c in timeline.find_clips()] == ["1 tension", "2 joy/sadness"]


@given(st.integers(0, 10**7), st.sampled_from(["23.976", "24", "25", "29.97", "30", "50", "59.94", "60"]))
def test_milliseconds_tell_frames(frame, rate):
    base = Timebase(FrameRate.parse(rate))
    assert clock(seconds.clock_ms(frame, base.rate), base) == frame


@given(st.text())
def test_names_are_one_line_and_ascii_is_ascii(text):
    assert not re.search(r"[\t\r\n\x00-\x1f]", marks.one_line(text))
    assert marks.ascii_only(text).isascii()
    assert marks.lost(["plain", "é", "門"]) == 1
