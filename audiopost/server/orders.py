"""Orders out of what a request asks for: which preset, which recording, what the results are called.

A setting can name files of this machine (a glossary, a model's folder). Over HTTP it may name what lies below the
folders that recordings may be taken from, and shipped things by name; anything else only a preset of the owner's.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePath

from .. import presets
from ..batch.fingerprint import fingerprint
from ..batch.job import Order
from ..batch.plan import order_text
from ..core.errors import BadValue, UnknownName
from ..core.options import describe
from ..core.time import FrameRate
from ..presets import Preset
from .models import Wish
from .problems import Refusal
from .settings import Settings

#: Options that name a file, or something shipped or in the store: its name cannot be taken for a file.
_NAMED = frozenset({
    ("transcribe", "model"), ("separate", "model"), ("emotion", "model"), ("emotion", "words_model"),
    ("cues", "rules"), ("loudness", "spec"),
})  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[0-9]+)?")
#: Options whose file is written to, and what allows it: the folders of recordings are only read.
_WRITTEN = frozenset({("diarise", "cast"), ("diarise", "consent")})
#: What file names cannot hold on some system.
_FOREIGN = frozenset('<>:"|?*')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST_STEM, _LONGEST_SUFFIX = 120, 20


def preset_of(settings: Settings, wish: Wish) -> Preset:
    """The preset of a request with its settings. Raises UnknownName, BadValue, and Refusal (403) for files."""
    if wish.preset not in settings.allowed():
        raise UnknownName("preset", wish.preset, settings.allowed())
    preset = presets.load(wish.preset)
    spoken = [f"transcribe.language={wish.language}"] if wish.language and "transcribe" in preset.stages else []
    _check_files(settings, preset, wish.settings)
    changed = preset.changed([*spoken, *wish.settings])
    # Without a rate the job finds out: it is the recording's own.
    if wish.fps is not None and wish.start_timecode is not None:
        FrameRate.parse(wish.fps).parse_timecode(wish.start_timecode)
    elif wish.fps is not None:
        FrameRate.parse(wish.fps)
    return changed


def order_of(settings: Settings, wish: Wish, source: Path, number: str, *, shown: str = "") -> tuple[Order, str]:
    """The order for a recording that lies at `source`, and the hash of its settings; raises as `preset_of`.

    `number` is the folder of the results, which nothing else has; `shown` the name that the client has for the
    recording, where that is not the file's.
    """
    preset = preset_of(settings, wish)
    stem = safe_stem(wish.name) or safe_stem(PurePath(shown or source.name).stem) or "recording"
    text = order_text(preset)
    try:
        presets.parse(preset.name, text)
    except ValueError as error:
        raise BadValue(
            f"A setting holds text that no preset can: {error}.", value=list(wish.settings),
            remedy="Leave out control characters.",
        ) from error  # fmt: skip
    order = Order(
        str(source), str(settings.folder), f"{number}/{stem}", text, preset.name, wish.fps, wish.start_timecode,
        language=wish.language, title=wish.title,
    )  # fmt: skip
    return order, fingerprint(preset, order)


def source_of(settings: Settings, text: str) -> Path:
    """The recording at a path, links followed. Raises Refusal (403) for what is not below an allowed folder, BadValue
    where nothing is there."""
    refusal = Refusal(
        403,
        BadValue(
            f"{text!r} is not below a folder that recordings may be taken from.", value=text,
            remedy="Give a whole path without '..', start the server with --source FOLDER, or upload the recording.",
        ),
    )  # fmt: skip
    path = Path(text)
    if "\0" in text or "://" in text or ".." in path.parts or not path.is_absolute():
        raise refusal
    found = _below(settings, path)
    # Of what lies elsewhere it is not even told whether it is there.
    if found is None:
        raise refusal
    if not os.path.isfile(found):  # Path.is_file raises for names that are too long
        raise BadValue(f"There is no recording at {text!r}.", value=text, remedy="Check its name.")
    return found


def safe_stem(text: str) -> str:
    """`text` as a part of a file name that every system takes, '' where nothing is left of it.

    >>> safe_stem("../../a<b>.c")
    'a_b_.c'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    kept = "".join("_" if c in _FOREIGN or not c.isprintable() else c for c in last).strip(" .")
    kept = kept.encode("utf-8", "replace")[:_LONGEST_STEM].decode("utf-8", "ignore").rstrip(" .")
    return f"_{kept}" if _DEVICES.fullmatch(kept) else kept


def safe_file(text: str) -> str:
    """The name that an upload is kept under: `text` as every system takes it, with its suffix."""
    suffix = PurePath(re.split(r"[/\\]", text)[-1]).suffix
    kept = safe_stem(suffix[1:]) if len(suffix.encode("utf-8", "replace")) <= _LONGEST_SUFFIX else ""
    stem = safe_stem(text[: len(text) - len(suffix)] if kept else text) or "recording"
    return f"{stem}.{kept}" if kept else stem


def _check_files(settings: Settings, preset: Preset, changes: Iterable[str]) -> None:
    """To be called before options are made of changes: some read their file at once."""
    for change in changes:
        path, _, value = change.partition("=")
        stage, _, option = path.strip().partition(".")
        value = value.strip()
        options = preset.options.get(stage)
        spec = next((spec for spec in describe(type(options)) if spec.name == option), None) if options else None
        if spec is None or not spec.names_path or value == getattr(options, option):
            continue
        if value and value.lower() != "none" and not _may_name(settings, stage, option, value):
            raise Refusal(
                403,
                BadValue(
                    f"{stage}.{option} may not name {value!r} over HTTP.", value=value,
                    remedy="It may name what lies below a folder that the server was started with (--source); "
                    "a preset of the server's own may name anything.",
                ),
            )  # fmt: skip


def _may_name(settings: Settings, stage: str, option: str, value: str) -> bool:
    if (stage, option) in _WRITTEN or "\0" in value:
        return False
    if (stage, option) in _NAMED and _NAME.fullmatch(value) and not os.path.exists(value):
        return True
    path = Path(value)
    return path.is_absolute() and ".." not in path.parts and _below(settings, path) is not None


def _below(settings: Settings, path: Path) -> Path | None:
    """Where a path leads to, links followed; None where that is not below an allowed folder."""
    try:
        found = path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return None
    return found if any(found.is_relative_to(folder.resolve()) for folder in settings.sources) else None
