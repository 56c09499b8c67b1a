import pytest

from audiopost.core.errors import UnknownName
from audiopost.models import catalogue


def test_names_are_unique_and_a_licence_that_may_forbid_commercial_use_is_told_apart():
    names = [entry.name for entry in catalogue.ENTRIES]
    assert len(names) == len(set(names))
    plain = {entry.name for entry in catalogue.ENTRIES if entry.commercial}
    assert {entry.licence for entry in catalogue.ENTRIES if entry.name in plain} == {"MIT", "Apache-2.0", "CC BY 4.0"}
    # Only feelings have models of other terms; none of them is taken unasked (tests/stages/test_emotion_models.py).
    assert {entry.stage for entry in catalogue.ENTRIES if entry.name not in plain} == {"emotion", "emotion-words"}
    assert "wav2vec2-msp-dim" not in plain


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownName) as caught:
        catalogue.get("whisper-smal")
    assert "'whisper-small'" in str(caught.value)
    assert "htdemucs" in caught.value.choices


def of_stage(stage):
    return [entry for entry in catalogue.ENTRIES if entry.stage == stage]


def test_whisper_sources_are_those_of_faster_whisper():
    utils = pytest.importorskip("faster_whisper.utils")
    whispers = [entry for entry in catalogue.ENTRIES if entry.backend == "faster-whisper"]
    assert len(whispers) == 6
    for entry in whispers:
        assert entry.source == utils._MODELS[entry.name.removeprefix("whisper-")]


def test_demucs_files_and_bags_are_those_of_demucs():
    pretrained = pytest.importorskip("demucs.pretrained")
    hf = pytest.importorskip("demucs.hf")
    yaml = pytest.importorskip("yaml")
    remote = pretrained._parse_remote_files(pretrained.REMOTE_ROOT / "files.txt")
    for entry in of_stage("separate"):
        published = yaml.safe_load((pretrained.REMOTE_ROOT / f"{entry.name}.yaml").read_text())
        assert entry.alias == "adefossez/" + hf.hf_repo_name(entry.name)
        ours = yaml.safe_load(entry.texts[f"{entry.name}.yaml"])
        assert ours == published
        assert [entry.source + file for file in entry.files] == [remote[sig] for sig in published["models"]]
        assert all(file.split("-")[1] == entry.sha256[file] + ".th" for file in entry.files)
