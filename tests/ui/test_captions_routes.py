import json
import time
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from audiopost.core.speech import Caption, Transcript, Utterance, Word

pytest.importorskip("gradio", reason="the workbench needs gradio")
from audiopost_ui import server
from audiopost_ui.visitors import COOKIE, Visitors
from fastapi.testclient import TestClient

HEADERS = {"x-audiopost": "1"}


def utterance(start_s, text, speaker, sure=0.9):
    tokens = text.split()
    words = tuple(Word(start_s + n * 0.4, start_s + n * 0.4 + 0.3, t, sure, speaker) for n, t in enumerate(tokens))
    return Utterance(start_s, words[-1].end_s, text, "en", words, speaker)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A client of a server whose folder holds one recording of 20 s, not opened yet."""
    folder = tmp_path_factory.mktemp("bench")
    media = folder / "project" / "media"
    media.mkdir(parents=True)
    soundfile.write(media / "scene 夜.wav", np.zeros(20 * 8000), 8000)
    (folder / "scratch").mkdir()
    visitors = Visitors(folder / "project")
    app = server.create(visitors, scratch=folder / "scratch", hosts=None)
    with TestClient(app) as client:
        token, _ = visitors.enter()
        client.cookies.set(COOKIE, token)
        client.visitors = visitors
        yield client


@pytest.fixture
def client(bench):
    """The same with the recording open and two captions in it, laid out by no style of anybody's choice."""
    assert bench.post("/audiopost/open", json={"name": "scene 夜"}, headers=HEADERS).status_code == 200
    until = time.time() + 30
    while not bench.get("/audiopost/pulse").json()["ready"]:
        assert time.time() < until
        time.sleep(0.05)
    said = (utterance(1, "you are helm late tonight", "S1", 0.3), utterance(5, "the last ferry was slow", "S2"))
    shown = (
        Caption(1.0, 3.0, ("you are helm", "late tonight"), "S1", "en"),
        Caption(5.0, 7.0, ("the last ferry was slow",), "S2", "en"),
    )
    bench.desk = bench.visitors.folders()[0].open("scene 夜")
    made = {"transcript": Transcript("en", said), "captions": shown, "caption_issues": (), "steps": ()}
    bench.desk.edit("t", lambda project: replace(project, **made))
    bench.desk.note(caption_style="")
    return bench


def listing(client):
    answer = client.get("/audiopost/captions")
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(client, path, *, status=200, **body):
    if "stamp" not in body:
        body["stamp"] = listing(client)["stamp"]
    answer = client.post(f"/audiopost/captions/{path}", json=body, headers=HEADERS)
    assert answer.status_code == status, answer.text
    return answer.json()


def texts(shown):
    return ["\n".join(row["lines"]) for row in shown["captions"]]


def test_without_a_recording_there_is_nothing_to_list(bench):
    assert bench.get("/audiopost/captions").status_code == 409


def test_the_listing_has_numbers_limits_and_words_to_look_at(client):
    shown = listing(client)
    first = shown["captions"][0]
    assert (first["index"], first["speaker"], first["cps_limit"], first["cpl_limit"]) == (0, "S1", 20, [42, 42])
    assert first["cpl"] == [12, 12]
    assert first["cps"] == pytest.approx(12.5, abs=0.1)
    line, start, end, sure = first["unsure"][0]
    assert (first["lines"][line][start:end], sure) == ("you", 0.3)
    assert [s["name"] for s in shown["speakers"]] == ["S1", "S2"]
    assert (shown["reviewed"], shown["style"]["name"], shown["fps"]["num"]) == (0, "netflix-en", 25)
    assert shown["revision"] == client.get("/audiopost/pulse").json()["revision"]


def test_typing_is_checked_and_changes_nothing(client):
    before = client.desk.revision
    long = "x" * 90
    told = send(client, "check", index=1, start_s=5.0, end_s=7.0, lines=[long])
    rules = {issue["rule"]: (issue["value"], issue["limit"]) for issue in told["row"]["issues"]}
    assert rules["cpl"] == (90, 42)
    assert rules["cps"][1] == 20
    over = send(client, "check", index=1, start_s=2.5, end_s=7.0, lines=["x"])
    assert "overlap" in {issue["rule"] for issue in over["before"]["issues"]}
    assert client.desk.revision == before


def test_an_edit_is_seen_in_the_srt_and_can_be_undone(client):
    shown = send(client, "text", index=0, lines=["You are home", "late tonight."])
    assert shown["captions"][0]["edited"]
    assert shown["captions"][0]["unsure"] == []
    srt = client.get("/audiopost/captions/file", params={"kind": "srt"})
    assert "You are home\nlate tonight." in srt.text
    assert "scene%20%E5%A4%9C.srt" in srt.headers["content-disposition"]
    assert "home" in client.get("/audiopost/captions/file", params={"kind": "txt"}).text
    pulse = client.get("/audiopost/pulse").json()
    assert pulse["undo"] == {"label": "subtitles.did_text", "detail": "1"}
    client.post("/audiopost/undo", headers=HEADERS)
    assert texts(listing(client))[0] == "you are helm\nlate tonight"
    assert "helm" in client.desk.project.transcript.text


def test_an_edit_of_what_is_not_there_any_more_is_refused(client):
    stamp = listing(client)["stamp"]
    send(client, "delete", stamp=stamp, indices=[0])
    told = send(client, "text", status=422, stamp=stamp, index=0, lines=["x"])
    assert "changed meanwhile" in told["error"]
    assert texts(listing(client)) == ["the last ferry was slow"]


def test_split_merge_shift_insert_delete(client):
    parted = send(client, "split", index=0, caret=13)
    assert texts(parted)[:2] == ["you are helm", "late tonight"]
    assert parted["at"] == 1
    whole = send(client, "merge", index=0)
    assert texts(whole)[0] == "you are helm\nlate tonight"
    assert (whole["captions"][0]["start_s"], whole["captions"][0]["end_s"]) == (1.0, 3.0)
    later = send(client, "shift", indices=[0, 1], by_s=100.0)
    assert later["captions"][1]["end_s"] == 20.0
    new = send(client, "insert", at_s=1.0)
    assert (new["at"], new["captions"][0]["lines"]) == (0, [])
    assert {issue["rule"] for issue in new["captions"][0]["issues"]} == {"empty"}
    gone = send(client, "delete", indices=[0, 1])
    assert texts(gone) == ["the last ferry was slow"]
    for _ in range(5):
        client.post("/audiopost/undo", headers=HEADERS)
    assert texts(listing(client)) == ["you are helm\nlate tonight", "the last ferry was slow"]


def test_times_lie_on_frames_and_have_a_duration(client):
    shown = send(client, "times", index=0, start_s=1.013, end_s=2.999)
    assert (shown["captions"][0]["start_s"], shown["captions"][0]["end_s"]) == (1.0, 3.0)
    assert "no duration" in send(client, "times", status=422, index=0, start_s=3.0, end_s=2.0)["error"]
    answer = client.post(
        "/audiopost/captions/times", headers=HEADERS | {"content-type": "application/json"},
        content='{"stamp": "", "index": 0, "start_s": NaN, "end_s": Infinity}',
    )  # fmt: skip
    assert answer.status_code == 422
    assert "start_s" in answer.json()["error"]


def test_reviewed_is_counted_and_goes_with_an_edit(client):
    shown = send(client, "review", indices=[0, 1], reviewed=True)
    assert shown["reviewed"] == 2
    shown = send(client, "text", index=0, lines=["other words"])
    assert [row["reviewed"] for row in shown["captions"]] == [False, True]
    shown = send(client, "text", index=0, lines=["other words"], reviewed=True)
    assert shown["reviewed"] == 2


def test_a_speaker_is_renamed_once_and_merged_when_told(client):
    shown = send(client, "rename", old="S1", new="<img src=x onerror=alert(1)>")
    assert shown["captions"][0]["speaker"] == "<img src=x onerror=alert(1)>"
    assert "already" in send(client, "rename", status=422, old="S2", new="<img src=x onerror=alert(1)>")["error"]
    shown = send(client, "rename", old="S2", new="<img src=x onerror=alert(1)>", merge=True)
    assert len(shown["speakers"]) == 1
    shown = send(client, "speaker", indices=[1], speakers=["Ann"])
    assert client.desk.project.transcript.utterances[1].speaker == "Ann"


def test_find_and_replace(client):
    found = send(client, "find", find="LATE")
    assert found == {"hits": 1, "indices": [0]}
    assert send(client, "find", find="late", match_case=True, indices=[1]) == {"hits": 0, "indices": []}
    done = send(client, "replace", find=r"(\w+) tonight", regex=True, by=r"\1 today")
    assert (done["hits"], done["changed"]) == (1, 1)
    assert texts(done)[0] == "you are helm\nlate today"
    assert "no regular expression" in send(client, "replace", status=422, find="(", regex=True, by="")["error"]


def test_mending_says_how_much(client):
    send(client, "text", index=1, lines=["the last", "ferry"])
    done = send(client, "mend")
    assert done["mended"] >= 1
    assert texts(done)[1] == "the last ferry"


def test_another_style_judges_the_same_captions(client):
    shown = send(client, "style", style="bbc")
    assert (shown["style"]["name"], shown["chosen"]) == ("bbc", "bbc")
    assert shown["captions"][0]["cpl_limit"] == [37, 37]
    assert "There is no subtitle style" in send(client, "style", status=422, style="/etc/passwd.toml")["error"]
    assert send(client, "style", style="")["style"]["name"] == "netflix-en"


def test_laying_out_anew_is_a_job(client):
    send(client, "text", index=0, lines=["You are home", "late tonight."])
    send(client, "layout", style="bbc")
    until = time.time() + 60
    while client.get("/audiopost/pulse").json()["jobs"][-1]["state"] not in ("done", "failed"):
        assert time.time() < until
        time.sleep(0.05)
    job = client.get("/audiopost/pulse").json()["jobs"][-1]
    assert job["state"] == "done", job["message"]
    shown = listing(client)
    assert shown["style"]["name"] == "bbc"
    assert "home" in " ".join(texts(shown))
    client.post("/audiopost/undo", headers=HEADERS)
    assert listing(client)["style"]["name"] == "netflix-en"


SRT = "1\n00:00:01,000 --> 00:00:03,000\n<i>You are</i> home\n\n2\n00:00:30,000 --> 00:00:31,000\nafter the end\n"


def test_a_file_is_brought_in_with_what_is_left_behind(client):
    answer = client.put("/audiopost/captions/file/new.srt", content=SRT.encode(), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert texts(shown) == ["You are home"]
    assert shown["captions"][0]["italic"] == [[0, 0, 7]]
    assert "1 of 2 captions" in shown["notes"][0]
    assert client.desk.project.transcript.text == "You are home"
    client.post("/audiopost/undo", headers=HEADERS)
    assert texts(listing(client))[1] == "the last ferry was slow"


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("x.exe", b"MZ", 422),
        ("x.srt", b"", 422),
        ("x.srt", b"\x00\x01\x02" * 100, 422),
        ("x.json", b"[" * 100_000, 422),
        ("x.srt", b" " * 20_000_001, 413),
        ("x.ttml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><tt>&b;</tt>', 422),
    ],
)
def test_what_is_no_subtitle_file_changes_nothing(client, name, content, status):
    before = client.desk.project
    answer = client.put(f"/audiopost/captions/file/{name}", content=content, headers=HEADERS)
    assert answer.status_code == status
    assert "root:" not in answer.text
    assert client.desk.project is before
    assert list(client.desk.cache.glob("import-*")) == []


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "ttml", "json", "stl", "txt", "csv", "rttm"])
def test_every_format_is_taken_out_with_its_losses(client, kind):
    lost = client.get("/audiopost/captions/losses", params={"kind": kind}).json()["losses"]
    assert (lost == []) == (kind == "json")
    answer = client.get("/audiopost/captions/file", params={"kind": kind})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len(answer.content) > 20


def test_a_format_that_cannot_be_is_told(client):
    answer = client.get("/audiopost/captions/file", params={"kind": "scc"})
    assert (answer.status_code, "29.97" in answer.json()["error"]) == (422, True)


def test_a_format_that_is_none_is_told(client):
    answer = client.get("/audiopost/captions/file", params={"kind": "../../x"})
    assert (answer.status_code, "There is no subtitle format" in answer.json()["error"]) == (422, True)


def test_changes_want_our_header(client):
    stamp = listing(client)["stamp"]
    answer = client.post("/audiopost/captions/delete", json={"stamp": stamp, "indices": [0]})
    assert answer.status_code == 403
    assert len(listing(client)["captions"]) == 2


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202eevil\u202c", "字" * 5000, "\x00\x1b[31m"],
)
def test_text_stays_text(client, text):
    shown = send(client, "text", index=0, lines=[text])
    kept = "".join(c for c in text if c not in "\x00\x1b")
    assert texts(shown)[0] == kept
    again = json.loads(client.get("/audiopost/captions/file", params={"kind": "json"}).text)
    assert again["captions"][0]["lines"] == [kept]


def test_cantonese_is_counted_full_width(client):
    client.desk.edit(
        "t", lambda p: replace(p, captions=(Caption(1, 4, ("你今朝有冇見到Margaret封信呀？",), None, "yue"),))
    )
    row = listing(client)["captions"][0]
    assert row["cpl"] == [15.0]
    assert row["cpl_limit"] == [16]
