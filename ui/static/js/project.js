// The recordings of the folder: what they are, what was done to them, opening, bringing in, taking out.

import { get, post } from "./api.js";
import { kindName, stageName, stageTitle } from "./jobs.js";
import { beat, clock, el, emit, fail, on, pulse, ready, t } from "./state.js";
import { ask } from "./subtitles_ask.js";
import { uploads } from "./upload.js";

let limit = Infinity;

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  const coming = uploads({ id: "upload", limit: () => limit });
  const count = el("span", { class: "ap-tag ap-num" });
  const body = el("div", { class: "recordings-body" });
  root.append(
    el("section", { class: "ap-panel recordings", "aria-labelledby": "recordings-title" },
      el("header", {}, el("span", { id: "recordings-title", role: "heading", "aria-level": 2 }, t("project.recordings")), count,
        el("span", { class: "ap-gap" }), coming.input, coming.button),
      coming.list, body),
  );
  coming.drop(root.firstChild);

  let asking = false, again = false;
  const show = async () => {
    if (asking) { again = true; return; }
    asking = true;
    const answer = await get("recordings").catch(() => null);
    asking = false;
    if (answer) {
      limit = answer.max_bytes;
      count.textContent = answer.recordings.length || "";
      body.replaceChildren(answer.recordings.length ? table(answer.recordings) : empty());
    }
    if (again) { again = false; show(); }
  };
  let seen = "";
  on("pulse", now => {
    const state = JSON.stringify([now.recordings, now.recording, now.ready, now.revision, now.jobs.map(job => [job.id, job.state])]);
    if (state === seen) return;
    seen = state;
    show();
  });
  show();
}

const empty = () => el("div", { class: "ap-empty" },
  el("p", { class: "drop-title" }, t("project.drop")), el("p", {}, t("project.drop_hint")));

function table(recordings) {
  const heads = ["name", "length", "format", "done", "actions"].map(name =>
    el("th", { scope: "col", class: name === "length" ? "num" : null },
      name === "actions" ? el("span", { class: "ap-hidden" }, t("project.col_actions")) : t(`project.col_${name}`)));
  return el("table", { class: "ap-table", id: "recordings" }, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, recordings.map(row)));
}

function row(recording) {
  const isOpen = recording.name === pulse.recording;
  const name = el("button", { class: "recording-name", "aria-current": isOpen ? "true" : null, title: recording.file,
    "aria-label": t("project.open_name", { name: recording.name }), onclick: () => open(recording.name) }, recording.name);
  return el("tr", { class: isOpen ? "on" : null, "data-recording": recording.name },
    el("td", {}, name, el("div", { class: "recording-tags" },
      isOpen ? el("span", { class: "ap-tag ok" }, t("project.is_open")) : null,
      recording.problem ? el("span", { class: "ap-tag bad", title: recording.problem }, t("project.unreadable"))
        : el("span", { class: "ap-tag" }, t(recording.has_video ? "project.film" : "project.sound")))),
    el("td", { class: "num" }, recording.duration_s == null ? "–" : clock(recording.duration_s, 0)),
    el("td", {}, format(recording), el("div", { class: "ap-dim ap-num" }, size(recording.size))),
    el("td", {}, done(recording)),
    el("td", { class: "recording-actions" }, el("button", {
      class: "ap-btn quiet", "aria-label": t("project.remove_name", { name: recording.name }), title: t("project.remove"),
      disabled: recording.busy, onclick: () => remove(recording.name) }, "×")));
}

const format = recording => [
  [recording.container, recording.subtype].filter((name, at, all) => name && all.indexOf(name) === at).join(" ").toUpperCase(),
  recording.rate ? `${+(recording.rate / 1000).toFixed(1)} kHz` : "",
  recording.channels ? `${recording.channels} ch` : "",
].filter(Boolean).join(" · ") || "–";

const size = bytes => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`);

function done(recording) {
  const job = pulse.jobs.findLast(each => each.recording === recording.name && each.state === "running");
  if (job) {
    return el("span", {}, el("span", { class: "ap-tag warn" }, kindName(job)), el("div", { class: "ap-dim" }, job.stage ? stageName(job.stage) : ""));
  }
  if (!recording.stages.length) return el("span", { class: "ap-dim" }, t("project.not_run"));
  const counts = [["captions", recording.captions], ["cues", recording.cues]]
    .filter(([, count]) => count != null).map(([name, count]) => `${stageTitle(name === "captions" ? "subtitles" : name)} ${count}`);
  const stages = recording.stages.map(stageTitle).join(" · ");
  return el("span", { title: stages }, recording.preset || stages, counts.length ? el("div", { class: "ap-dim ap-num" }, counts.join(" · ")) : null);
}

async function open(name) {
  await post("open", { name }).catch(fail);
  await beat();
}

async function remove(name) {
  if (!await ask(t("project.remove_sure", { name }), t("project.remove"), t("project.remove_what"))) return;
  const answer = await post("recordings/remove", { name }).catch(fail);
  if (answer) emit("tell", { text: t("project.removed", { name }), kind: "info" });
  await beat();
}
