"""Per-segment language: the rule by itself, and on a checkpoint that hears English in bright sound, Chinese in dull."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiopost.core.audio import Audio
from audiopost.core.errors import BadValue
from audiopost.core.speech import Utterance
from audiopost.io.scratch import at_rate
from audiopost.stages.transcribe import Options, transcribe
from audiopost.stages.transcribe.engine import Engine
from audiopost.stages.transcribe.languages import (
    FULL_EVIDENCE_S,
    Tongue,
    candidates,
    code_of,
    labelled,
    script,
    shares,
    tag_of,
    tongue,
)
from audiopost.stages.transcribe.whisper import Whisper

ENGLISH = "Hello there, world. It works."
LONG = FULL_EVIDENCE_S


def of(english: float) -> dict[str, float]:
    return {"yue": 1 - english, "en": english}


def test_a_clear_line_keeps_its_own_language() -> None:
    assert labelled([of(0.02), of(0.95), of(0.02)], [LONG] * 3) == ["yue", "en", "yue"]


def test_a_doubtful_or_short_line_takes_that_of_its_neighbours() -> None:
    assert labelled([of(0.02), of(0.7), of(0.02)], [LONG] * 3) == ["yue"] * 3
    assert labelled([of(0.02), of(0.95), of(0.02)], [LONG, 0.5, LONG]) == ["yue"] * 3


def test_what_came_before_counts_and_the_first_named_wins_among_equals() -> None:
    assert labelled([of(0.6)], [LONG]) == ["en"]
    assert labelled([of(0.6)], [LONG], before="yue") == ["yue"]
    assert labelled([of(0.5)], [LONG]) == ["yue"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 30)), min_size=1, max_size=9), st.sampled_from([None, "en"]))
def test_labels_are_the_best_of_all_labellings(stretches: list[tuple[float, float]], before: str | None) -> None:
    """Against every labelling tried one by one."""
    from itertools import product
    from math import log

    evidence, durations_s = [of(p) for p, _ in stretches], [s for _, s in stretches]

    def worth(path: tuple[str, ...]) -> float:
        changes = sum(a != b for a, b in zip((before or path[0], *path), path, strict=False))
        sure = (
            min(1, s / FULL_EVIDENCE_S) * log(max(e[c], 1e-9))
            for c, e, s in zip(path, evidence, durations_s, strict=True)
        )
        return sum(sure) - changes * log(0.7 / 0.3)

    best = max(worth(path) for path in product(("yue", "en"), repeat=len(stretches)))
    assert worth(tuple(labelled(evidence, durations_s, before))) == pytest.approx(best)


def test_shares_are_of_the_candidates_and_kin_counts_for_the_one_that_is_named() -> None:
    heard = {"zh": 0.6, "yue": 0.1, "en": 0.2, "de": 0.1}
    among = candidates("yue,en", None, cantonese=True, written=False)
    assert shares(heard, among) == pytest.approx({"yue": 0.7 / 0.9, "en": 0.2 / 0.9})
    both = candidates("yue,zh", None, cantonese=True, written=False)
    assert shares(heard, both) == pytest.approx({"yue": 0.1 / 0.7, "zh": 0.6 / 0.7})
    assert shares({"yue": float("nan"), "en": 1.0}, among) == {"yue": 0.5, "en": 0.5}
    assert shares({}, among) == {"yue": 0.5, "en": 0.5}


def test_candidates_know_their_token() -> None:
    assert candidates("yue, en-GB", None, cantonese=True, written=False) == {
        "yue": Tongue("yue", "yue", ("yue",)),
        "en": Tongue("en", "en", ("en-GB",)),
    }
    assert candidates("yue,en", None, cantonese=False, written=False)["zh"] == Tongue("zh", "zh", ("yue",))
    assert candidates("zh,en,yue", None, cantonese=False, written=False)["zh"] == Tongue("zh", "zh", ("zh", "yue"))
    written = candidates("zh,en,yue", None, cantonese=False, written=True)["zh"]
    assert (written.code, written.tags, written.spoken) == ("zh", ("zh-Hant",), "yue")
    assert list(candidates("en,yue", "yue", cantonese=True, written=False)) == ["yue", "en"]


def test_any_is_all_that_whisper_knows_and_a_stated_tag_stays() -> None:
    among = candidates("any", "zh-HK", cantonese=True, written=False)
    assert (len(among), among["zh"].tags, among["jw"].tags, next(iter(among))) == (100, ("zh-HK",), ("jv",), "zh")
    assert candidates("any", None, cantonese=False, written=False)["zh"].tags == ("zh", "yue")


@pytest.mark.parametrize(
    ("languages", "message"),
    [("", "names no language"), (" , ", "names no language"), ("yue,xx", "'xx'"), ("en-GB,en-US", "cannot tell en-GB")],
)
def test_lists_that_make_no_sense(languages: str, message: str) -> None:
    with pytest.raises(BadValue, match=message):
        candidates(languages, None, cantonese=True, written=False)


def test_one_token_for_two_is_told_by_the_characters() -> None:
    both = Tongue("zh", "zh", ("zh", "yue"))

    def tags(*texts: str) -> list[str]:
        return [u.language for u in both.tagged([Utterance(0, 1, text, "zh") for text in texts])]

    assert tags("我們不知道他在哪裡。", "明天見。") == ["zh", "zh"]
    assert tags("我哋唔知佢喺邊。", "聽日見。") == ["yue", "yue"]
    assert Tongue("en", "en", ("en",)).tagged([]) == []


def test_scripts_and_codes() -> None:
    assert [script(tag) for tag in ("yue", "yue-Hans", "zh-HK", "zh-CN", "zh", "zh-Hant-CN", "en")] == [
        "hant", "hans", "hant", "hans", "", "hant", "",
    ]  # fmt: skip
    assert [code_of(tag) for tag in ("cmn-TW", "nb", "fil", "jv", "pt-BR")] == ["zh", "no", "tl", "jw", "pt"]
    assert (tag_of("jw"), tag_of("yue")) == ("jv", "yue")
    assert tongue("zh", cantonese=True, written=True).spoken == ""


@pytest.fixture(scope="module")
def film(speech: Audio) -> Audio:
    """Bright speech (0 to 8 s), the same dull (8 to 16), a bright line (16 to 18.5) and a dull one."""
    from scipy.signal import butter, sosfilt

    bright = at_rate(speech, 16_000, mono=True).samples[0]
    dull = sosfilt(butter(8, 1500, fs=16_000, output="sos"), bright).astype(np.float32)
    return Audio(np.concatenate([bright, dull, bright[:40_000], dull[48_000:90_000]]), 16_000)


#: Edges of the languages in the film; a cut may lie off one by half the pause.
EDGES_S, NEAR_S = (8.0, 16.0, 18.5), 0.3


def told(film: Audio, folder: Path, **changes: object):
    """The transcript, and language and begin of its utterances; the guard would take the one script for a loop."""
    found = transcribe(film, model=str(folder), isolate=False, guard=False, beam_size=1, **changes)
    return found, [(u.language, u.start_s) for u in found.utterances]


@pytest.mark.parametrize("mode", [{}, {"hallucination_silence_threshold": 2.0}])
def test_each_line_keeps_its_language(tiny_whisper: Callable[..., Path], film: Audio, mode: dict[str, float]) -> None:
    folder = tiny_whisper(ENGLISH, language=("en", "zh"))
    found, lines = told(film, folder, languages="yue,en", **mode)
    for language, start_s in lines:
        if min(abs(start_s - edge) for edge in EDGES_S) > NEAR_S:
            bright = start_s < 8 or 16 < start_s < 18.5
            assert language == ("en" if bright else "yue"), start_s
    assert {language for language, _ in lines} == {"en", "yue"}
    assert len(lines) >= 6
    assert found.language in ("en", "yue")


def test_each_language_is_decoded_with_its_own_token_and_no_window_mixes_them(
    tiny_whisper: Callable[..., Path], film: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, tuple[float, ...]]] = []
    decode = Engine.decode

    def spy(self, encoded, durations_s, code, *rest):
        calls.append((code, tuple(durations_s)))
        return decode(self, encoded, durations_s, code, *rest)

    monkeypatch.setattr(Engine, "decode", spy)
    told(film, tiny_whisper(ENGLISH, language=("en", "yue"), cantonese=True), languages="en,yue")
    assert {code for code, _ in calls} == {"en", "yue"}
    # Stretches of one language that follow each other are decoded as one.
    assert max(duration_s for _, durations_s in calls for duration_s in durations_s) > 2 * FULL_EVIDENCE_S
    assert sum(len(durations_s) for _, durations_s in calls) <= 5


def test_any_finds_the_languages_by_itself(tiny_whisper: Callable[..., Path], film: Audio) -> None:
    _, lines = told(film, tiny_whisper(ENGLISH, language=("en", "de")), languages="any")
    assert {language for language, _ in lines} == {"en", "de"}


def test_mixed_speech_gets_a_second_text_in_one_language(tiny_whisper: Callable[..., Path], film: Audio) -> None:
    backend = Whisper(
        Options(model=str(tiny_whisper(ENGLISH, language=("en", "de"))), languages="en,de", translation=True)
    )
    assert not backend.packed
    from audiopost.analysis.vad import speech_probability
    from audiopost.stages.transcribe.windows import plan

    windows = plan(speech_probability(film), film.duration_s, longest_s=backend.longest_s, packed=False, pauses=True)
    pieces = list(backend.transcribe(film, windows, lambda *_: None))
    assert sorted(piece.window for piece in pieces) == list(range(len(windows)))
    assert {u.language for piece in pieces for u in piece.utterances} == {"en", "de"}
    assert {u.language for piece in pieces for u in piece.translated} == {"en"}
    for piece in pieces:
        for utterance in piece.utterances:
            window = windows[piece.window]
            assert window.spans[0].start_s <= utterance.start_s <= window.spans[-1].end_s
    assert "machine translation from de" in " ".join(backend.warnings)


def test_cantonese_and_mandarin_of_a_model_with_one_token_are_told_by_what_is_written(
    tiny_whisper: Callable[..., Path], film: Audio
) -> None:
    for text, tag in (("我哋唔知佢喺邊。", "yue"), ("我們不知道。", "zh")):
        found, lines = told(film, tiny_whisper(text, language=("zh", "zh")), languages="zh,yue,en")
        assert {language for language, _ in lines} == {tag}
        assert found.language == tag


def test_cantonese_lines_in_the_written_register(tiny_whisper: Callable[..., Path], film: Audio) -> None:
    folder = tiny_whisper(ENGLISH, language=("en", "yue"), cantonese=True)
    _, lines = told(film, folder, languages="yue,en", register="written")
    assert {language for language, _ in lines} == {"en", "zh-Hant"}
