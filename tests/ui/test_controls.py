"""Every option of every stage becomes a widget whose value comes back valid."""

from __future__ import annotations

import pytest

gr = pytest.importorskip("gradio")

from audiopost_ui.controls import setting, widget  # noqa: E402
from audiopost_ui.texts import tell  # noqa: E402

from audiopost import presets  # noqa: E402
from audiopost.core.errors import BadValue  # noqa: E402
from audiopost.core.options import OptionSpec, describe  # noqa: E402

EVERY = [(stage, spec) for stage in presets.STAGES for spec in describe(presets.stage(stage).options_type)]


def spec(kind: type, default: object, **more: object) -> OptionSpec:
    known = {"low": None, "high": None, "unit": "", "choices": (), "optional": False, **more}
    return OptionSpec("clipping_headroom_db", kind, default, "what it does", **known)


@pytest.mark.parametrize(("stage", "option"), EVERY, ids=[f"{stage}.{option.name}" for stage, option in EVERY])
def test_the_default_survives_the_widget(stage: str, option: OptionSpec) -> None:
    made = widget(stage, option, option.default)
    name, _, text = setting(f"{stage}.{option.name}", made.value).partition("=")
    assert name == f"{stage}.{option.name}"
    assert option.validate(text, f"{stage}.") == option.default
    assert made.info.key == f"options.{stage}_{option.name}_help"


def test_kind_and_range_choose_the_widget() -> None:
    assert isinstance(widget("restore", spec(bool, True), True), gr.Checkbox)
    assert isinstance(widget("restore", spec(str, "a", choices=("a", "b")), "a"), gr.Dropdown)
    assert isinstance(widget("restore", spec(str, "auto"), "auto", ["auto", "rnnoise"]), gr.Dropdown)
    assert isinstance(widget("restore", spec(float, 1.0, low=0), 1.0), gr.Number)
    for kind in (int, float, str):  # a number that is not set looks like one
        empty = widget("restore", spec(kind, None, low=1, high=50, optional=True), None)
        assert (type(empty), empty.value, empty.placeholder) == (gr.Textbox, "", "not set")
    assert widget("restore", spec(int, None, low=1, high=50, optional=True), 2).value == "2"
    slider = widget("restore", spec(float, 24.0, low=0.0, high=60.0, unit="dB"), 12.0)
    assert isinstance(slider, gr.Slider)
    assert (slider.minimum, slider.maximum, slider.value, tell(slider.label.key, "en")) == (
        0.0, 60.0, 12.0, "clipping headroom (dB)",
    )  # fmt: skip


def test_an_emptied_field_is_none_where_that_is_allowed() -> None:
    _, _, text = setting("diarise.speakers", None).partition("=")
    assert spec(int, None, low=1, high=50, optional=True).validate(text, "diarise.") is None
    with pytest.raises(BadValue):
        spec(float, 1.0, low=0.0, high=1.0).validate(text, "denoise.")


def test_an_optional_choice_can_be_taken_back() -> None:
    variant = next(each for stage, each in EVERY if (stage, each.name) == ("subtitles", "script_variant"))
    made = widget("subtitles", variant, None)
    assert made.value == made.choices[0][1] == ""
    assert [value for _, value in made.choices[1:]] == list(variant.choices)
    assert variant.validate(setting("x", made.preprocess("")).partition("=")[2], "subtitles.") is None


def test_visitors_are_not_offered_folders_of_this_machine():
    from audiopost import presets

    hidden = {
        f"{name}.{spec.name}"
        for name in presets.STAGES
        for spec in describe(presets.stage(name).options_type)
        if spec.names_path
    }
    assert hidden == {
        "diagnose.events_model", "separate.model", "separate.repo", "denoise.model", "loudness.spec", "diarise.model",
        "diarise.cast", "diarise.consent",
        "transcribe.model", "transcribe.model_dir", "transcribe.glossary", "transcribe.script",
        "transcribe.align_model", "emotion.model", "emotion.words_model", "cues.rules", "cues.library",
    }  # fmt: skip
