// Tracks of the user's library for a cue: why each may serve, whose it is, how it sounds under the dialogue.

import { busily } from "./cues_busy.js";
import { change, desk, hear } from "./cues_data.js";
import { clock, el, t } from "./state.js";

const RIGHTS = ["artist", "composer", "publisher", "society", "album", "isrc", "iswc", "licence"];

export function candidates(cue) {
  const found = cue.tracks.length;
  return el("details", { class: "cue-part", id: "cue-part-tracks", open: found > 0 },
    el("summary", {}, `${t("cuespage.tracks")} (${found})`),
    found ? el("ol", { class: "cue-tracks" }, cue.tracks.map((track, place) => candidate(cue, track, place))) : null,
    desk.library ? seek(cue, found) : noLibrary());
}

const seek = (cue, found) => el("button", { class: "ap-btn", id: "cue-candidates", onclick: busily(() => change("candidates", { cue: cue.label })) },
  t(found ? "cuespage.seek_again" : "cuespage.seek", { count: desk.library }));

const noLibrary = () => el("p", { class: "ap-note" }, t(desk.library === 0 ? "cuespage.empty_library" : "cuespage.no_library"), " ", el("code", { class: "ap-mono" }, "audiopost library add FOLDER"));

function candidate(cue, track, place) {
  const rights = RIGHTS.filter(name => track[name]).map(name => [t(`cuespage.right_${name}`), track[name]]);
  const missing = track.composer || track.publisher || track.licence ? null : el("span", { class: "ap-tag warn" }, t("cuespage.no_rights"));
  const facts = [clock(track.duration_s, 0), track.bpm ? `${Math.round(track.bpm)} BPM` : "", track.vocal > 0.3 ? t("cuespage.vocal") : "", track.pieces > 1 ? t("cuespage.pieces", { count: track.pieces }) : ""];
  return el("li", { class: track.accepted ? "on" : "" },
    el("div", { class: "cue-track-head" },
      el("strong", {}, track.name), el("span", { class: "ap-dim ap-num" }, facts.filter(Boolean).join(" · ")),
      track.reasons.length ? el("span", { class: "ap-tag ap-num" }, `${Math.round(100 * track.score)} %`) : null, missing),
    track.reasons.length ? el("p", {}, track.reasons.join("; ")) : null,
    rights.length ? el("dl", { class: "cue-rights" }, rights.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])) : null,
    el("div", { class: "cue-track-do" },
      el("button", { class: "ap-btn", id: `cue-hear-${place}`, onclick: busily(() => hear(cue.label, place)) }, el("span", { "aria-hidden": "true" }, "▶"), t("cuespage.hear_track")),
      el("button", { class: "ap-btn", id: `cue-take-${place}`, "aria-pressed": String(track.accepted), onclick: () => change("track", { cue: cue.label, place: track.accepted ? null : place }) }, t(track.accepted ? "cuespage.taken" : "cuespage.take_track"))));
}
