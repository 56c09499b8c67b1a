"""`audiopost library add | list | show | find | remove | rescan`: the user's own music."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from ..analysis.affect import CIRCUMPLEX
from ..core.errors import BadValue
from ..core.serial import to_json
from ..core.shown import shown
from ..core.time import clock
from ..music.key import MODES
from ..music.library import Scan, Store, Track, default_path, rescan, scan, search, table
from . import options
from .console import print_json, quiet_stdout, reporting, say

#: Exit code where some of several files could not be heard.
_PARTIAL_FAILURE = 3
_PATH = click.Path(path_type=Path, readable=False)
#: Lines of a listing's reasons for failure before the rest is counted.
_REASONS = 20

_library = click.option(
    "--library", "library", type=_PATH, metavar="FILE", help="The library. Default: the user's own."
)
_workers = click.option(
    "--workers", type=int, default=0, metavar="N", help="Tracks heard at once. Default: one a core."
)
_clap = click.option(
    "--clap", metavar="DIR", is_flag=False, flag_value="", default=None,
    help="Store CLAP embeddings too, by the model in DIR or, without DIR, in the model store: ranks by words.",
)  # fmt: skip


@click.group("library")
def _group() -> None:
    """Your own music: add folders, list, find. Tracks are heard once; files are never changed.

    'audiopost cues FILM --library FILE' then ranks them for each cue. TRACK is a number, a path, or words of its tags.
    """


@_group.command("add")
@click.argument("folders", metavar="FOLDER…", nargs=-1, required=True, type=_PATH)
@_library
@_workers
@_clap
@options.as_json
def _add(folders: tuple[Path, ...], library: Path | None, workers: int, clap: str | None, as_json: bool) -> int:
    """Hear all music in and below FOLDER that is new or changed, and note where it lies.

    An interrupted run goes on where it was. Exit code 3: some files could not be heard, which are named.
    """
    _checked(workers)
    return _scanned(
        library or default_path(),
        as_json,
        lambda store, progress: scan(store, folders, workers=workers, embedder=_embedder(clap), progress=progress),
    )


@_group.command("rescan")
@_library
@_workers
@_clap
@options.as_json
def _rescan(library: Path | None, workers: int, clap: str | None, as_json: bool) -> int:
    """Look again at all folders that were added: hears what is new or changed, marks what is gone."""
    _checked(workers)
    path = library or default_path()
    Store(path).close()  # a library that is not there is told, not made
    return _scanned(
        path,
        as_json,
        lambda store, progress: rescan(store, workers=workers, embedder=_embedder(clap), progress=progress),
    )


def _checked(workers: int) -> None:
    if not 0 <= workers <= 256:
        raise BadValue(f"--workers {workers} is not from 0 to 256.", value=workers, remedy="0 takes one a core.")


def _embedder(clap: str | None) -> str:
    """The folder of the model that `--clap` means; '' where it was not asked for."""
    if clap is None:
        return ""
    from ..music.library.clap import required

    return str(required(clap or None))


def _scanned(path: Path, as_json: bool, work: Callable[[Store, Any], Scan]) -> int:
    with quiet_stdout() as stdout:
        with Store(path, new=True) as store:
            with reporting(quiet=as_json) as progress:
                done = work(store, progress)
            counts = store.counts()
        failures = {**done.failed, **done.unreadable}
        if as_json:
            numbers = {name: value for name, value in vars(done).items() if isinstance(value, int)}
            failed = [{"path": str(file), "error": error} for file, error in failures.items()]
            print_json({"library": str(path), **numbers, "failures": failed, "tracks": counts}, stdout)
        else:
            stdout.write(f"{_summary(done)}\n{path}: {_counted(counts)}\n")
            _tell(failures)
    if not failures:
        return 0
    return _PARTIAL_FAILURE if done.found > len(done.failed) else 1


def _summary(done: Scan) -> str:
    names = ("heard", "unchanged", "moved", "copies", "missing")
    said = [f"{getattr(done, name)} {name}" for name in names if getattr(done, name)]
    said += [f"{len(done.failed)} not readable"] if done.failed else []
    return f"{done.found} music files" + (f": {', '.join(said)}" if said else "")


def _counted(counts: dict[str, int]) -> str:
    words = {"ok": "tracks", "failed": "that cannot be heard", "missing": "missing"}
    return ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status] or status == "ok")


def _tell(failures: dict[Path, str]) -> None:
    for file, error in list(failures.items())[:_REASONS]:
        say(shown(f"{file}: {error}"))
    if len(failures) > _REASONS:
        say(f"and {len(failures) - _REASONS} more; 'audiopost library list --all' names them")


@_group.command("list")
@_library
@click.option("--all", "everything", is_flag=True, help="Missing files and those that cannot be heard, too.")
@options.as_json
def _list(library: Path | None, everything: bool, as_json: bool) -> None:
    """Every track: number, title, tempo, key, length."""
    with Store(library or default_path()) as store:
        rows = [search.described(row) for row in store.select("1" if everything else "status = 'ok'")]
    with quiet_stdout() as stdout:
        _print(rows, as_json, stdout)


@_group.command("find")
@click.argument("text", metavar="[WORDS]", nargs=-1)
@click.option("--bpm", metavar="LOW-HIGH", help="Tempo by either reading, as 80-92; one number means 4 % around it.")
@click.option("--length", metavar="LOW-HIGH", help="Length in seconds, as 30-90.")
@click.option("--mode", default="", metavar="MODE", help=f"{' or '.join(MODES)}.")
@click.option("--key", default="", metavar="NOTE", help="C, F#, Bb …")
@click.option("--mood", default="", metavar="MOOD", help=f"{', '.join(CIRCUMPLEX)}.")
@click.option("--instrumental", is_flag=True, help="Only where no voice was heard.")
@click.option("--like", metavar="TRACK", help="The nearest in sound to this track, nearest first.")
@click.option("--limit", type=int, default=50, show_default=True, metavar="N", help="At most so many.")
@_library
@options.as_json
def _find(text: tuple[str, ...], library: Path | None, like: str | None, as_json: bool, **values: Any) -> None:
    """Tracks by what they sound like, and by WORDS of their file names and tags."""
    limit = values.pop("limit")
    if limit < 1:
        raise BadValue(f"--limit {limit} is less than 1.", value=limit)
    bpm = _range("--bpm", values.pop("bpm"), around=0.04)
    length = _range("--length", values.pop("length"), around=0.1)
    query = search.Query(" ".join(text), bpm, length, **values)
    with Store(library or default_path()) as store:
        rows = search.found(store, query)
        if like:
            rows = _nearest(store, like, rows)
    with quiet_stdout() as stdout:
        _print(rows[:limit], as_json, stdout)


def _nearest(store: Store, like: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    number = search.one(store, like).id
    embedder = next(iter(store.embedders()), "")
    far = dict(table.alike(store, number, sum(store.counts().values()), embedder))
    return sorted(({**row, "distance": far[row["id"]]} for row in rows if row["id"] in far), key=_distance)


def _distance(row: dict[str, Any]) -> float:
    return float(row["distance"])


def _range(flag: str, text: str | None, *, around: float) -> tuple[float, float] | None:
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)(?:\s*[-–]\s*(\d+(?:\.\d+)?))?\s*", text)
    if not match:
        raise BadValue(f"{flag} {text!r} is no range.", value=text, remedy="Write it as 80-92, or one number.")
    low = float(match[1])
    return (low, float(match[2])) if match[2] else (low * (1 - around), low * (1 + around))


def _print(rows: list[dict[str, Any]], as_json: bool, stdout: IO[str]) -> None:
    if as_json:
        print_json({"tracks": [{name: _plain(value) for name, value in row.items()} for row in rows]}, stdout)
        return
    stdout.writelines(f"{shown(_line(row))}\n" for row in rows)
    stdout.write("" if rows else "no tracks\n")


def _plain(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _line(row: dict[str, Any]) -> str:
    name = " – ".join(part for part in (row["artist"], row["title"]) if part) or Path(row["path"]).name
    if row["status"] != "ok":
        return f"{row['id']:>5} {row['status']}: {row['error'] or 'the file is gone'}  {row['path']}"
    tempo = f"{row['bpm']:.1f}" if row["bpm"] else "-"
    tonality = f"{row['key']} {row['mode']}".strip() or "-"
    distance = f"  {row['distance']:.2f} away" if "distance" in row else ""
    return f"{row['id']:>5} {tempo:>6} {tonality:<9} {clock(row['duration_s']):>7}  {name}{distance}"


@_group.command("show")
@click.argument("track", metavar="TRACK")
@_library
@options.as_json
def _show(track: str, library: Path | None, as_json: bool) -> None:
    """All that is known of a track: tags, tempo, key, form, loops, mood."""
    with Store(library or default_path()) as store:
        found = search.one(store, track)
    with quiet_stdout() as stdout:
        if as_json:
            data = to_json(found)
            print_json({**data, "info": {name: _plain(value) for name, value in data["info"].items()}}, stdout)
            return
        stdout.writelines(f"{shown(line)}\n" for line in _told(found))


def _told(track: Track) -> list[str]:
    tags = {name: value for name, value in to_json(track.info).items() if value and name != "duration_s"}
    lines = [f"{track.id} ({track.status}{': ' + track.error if track.error else ''})"]
    lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in tags.items()]
    heard = track.analysis
    if heard is None:
        return lines
    lines.append(f"  length: {clock(heard.duration_s, 1)}, loudness: {_or_dash(heard.loudness_lufs, ' LUFS')}")
    if heard.bpm is None:
        lines.append("  tempo: no steady pulse")
    else:
        other = f", or {heard.bpm_other:.1f}" if heard.bpm_other else ""
        bars = f", bars of {heard.metre}" if heard.metre else ""
        lines.append(f"  tempo: {heard.bpm:.1f}{other} BPM (confidence {heard.bpm_confidence:.2f}){bars}")
    tonality = f"{heard.key} {heard.mode}".strip()
    lines.append(f"  key: {tonality} (confidence {heard.key_confidence:.2f})" if tonality else "  key: not clear")
    lines.append(f"  mood: arousal {heard.arousal:+.2f}, valence {heard.valence:+.2f}")
    lines.append(
        f"  onsets: {heard.density:.1f} a second, brightness: {heard.brightness_hz:.0f} Hz, voice: {heard.vocal:.0%}"
    )
    lines += [f"  section: {clock(s.start_s)}–{clock(s.end_s)}, energy {s.energy:.2f}" for s in heard.sections]
    lines += [
        f"  loop: {clock(p.start_s, 2)}–{clock(p.end_s, 2)}, {p.bars} bars, likeness {p.likeness:.2f}"
        for p in heard.loops
    ]
    return lines


def _or_dash(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.1f}{unit}"


@_group.command("remove")
@click.argument("names", metavar="TRACK|FOLDER…", nargs=-1, required=True)
@_library
def _remove(names: tuple[str, ...], library: Path | None) -> None:
    """Take tracks, or folders with all that is known of them, out of the library. The files stay as they are."""
    with Store(library or default_path()) as store, quiet_stdout() as stdout:
        for name in names:
            stdout.write(f"{shown(_removed(store, name))}\n")


def _removed(store: Store, name: str) -> str:
    folder = Path(name).absolute()
    inside = [path for path in store.known() if path.is_relative_to(folder) and path != folder]
    if inside or folder in store.folders():
        store.drop(inside)
        store.forget_folders([folder])
        return f"{folder}: {len(inside)} tracks are forgotten"
    track = search.one(store, name)
    store.drop([Path(track.info.path)])
    return f"{track.info.path} is forgotten"


def command(_: str) -> click.Command:
    return _group
