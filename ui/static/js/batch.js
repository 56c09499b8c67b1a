// A batch: which recordings, which preset, what with the results; files can be brought in by the dozen.

import { get, post } from "./api.js";
import { fields, settled } from "./presets.js";
import { beat, clock, el, emit, fail, on, ready, t } from "./state.js";
import { uploads } from "./upload.js";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("batch");
  const picked = new Set();
  let limit = Infinity, recordings = [];
  const coming = uploads({ id: "batch-upload", opened: false, limit: () => limit, done: name => { picked.add(name); show(); } });
  const { row, about, changed } = await fields("batch");
  const list = el("div", { class: "batch-list", role: "group", "aria-label": t("batch.files") });
  const deliver = check("batch-deliver", t("batch.deliver_too"), true);
  const replace = check("batch-replace", t("batch.replace"), false);
  const start = el("button", { class: "ap-btn primary", id: "batch-start", onclick: queue });
  const pick = (key, which) => el("button", { class: "ap-btn quiet", disabled: true, onclick: () => {
    for (const each of recordings) picked[which(each) ? "add" : "delete"](each.name);
    draw();
  } }, t(`batch.pick_${key}`));
  const picks = [pick("all", () => true), pick("undone", each => !each.stages.length), pick("none", () => false)];

  root.append(el("section", { class: "ap-panel", "aria-labelledby": "batch-title" },
    el("header", {}, el("span", { id: "batch-title", role: "heading", "aria-level": 2 }, t("batch.new")), el("span", { class: "ap-gap" }), coming.input, coming.button),
    coming.list,
    el("div", { class: "ap-bar" }, el("strong", {}, t("batch.files")), el("span", { class: "ap-gap" }),
      picks),
    list,
    el("div", { class: "batch-how" }, row, about, changed, deliver.label, replace.label, start)));
  coming.drop(root.firstChild);

  // What was picked as it came in may not be on this list yet: it is kept, and counted once it is.
  const chosen = () => recordings.filter(each => picked.has(each.name) && !each.problem).map(each => each.name);
  function count() {
    start.textContent = t("batch.start", { count: chosen().length });
    start.disabled = !chosen().length;
  }

  function draw() {
    for (const each of picks) each.disabled = !recordings.length; // "All" of a list that is still on its way picks none
    list.replaceChildren(...(recordings.length ? recordings.map(line) : [el("p", { class: "ap-empty" }, t("batch.nothing"))]));
    count();
  }

  function line(recording) {
    const box = el("input", { type: "checkbox", name: recording.name, checked: picked.has(recording.name), disabled: Boolean(recording.problem) });
    box.addEventListener("change", () => {
      picked[box.checked ? "add" : "delete"](recording.name);
      count();
    });
    return el("label", { class: "batch-line" }, box, el("span", { class: "batch-name" }, recording.name),
      recording.problem ? el("span", { class: "ap-tag bad", title: recording.problem }, t("project.unreadable"))
        : el("span", { class: "ap-dim" }, recording.preset || (recording.stages.length ? "" : t("project.not_run"))),
      el("span", { class: "ap-dim ap-num" }, recording.duration_s == null ? "–" : clock(recording.duration_s, 0)));
  }

  async function queue() {
    start.disabled = true;
    const keep = replace.box.checked ? [] : ["captions", "cues"];
    await settled();
    const answer = await post("run", { recordings: chosen(), keep, deliver: deliver.box.checked }).catch(fail);
    if (answer) {
      picked.clear();
      emit("tell", { text: t("batch.queued", { count: answer.jobs.length }), kind: "info" });
      if (answer.passed.length) emit("tell", { text: t("batch.passed", { names: answer.passed.join(", ") }), kind: "info" });
    }
    await beat();
    draw();
  }

  let turn = 0;
  async function show() {
    const mine = ++turn;
    const answer = await get("recordings").catch(() => null);
    if (!answer || mine !== turn) return; // an older answer must not take a newer one's place
    ({ recordings, max_bytes: limit } = answer);
    draw();
  }
  let seen = "";
  on("pulse", now => {
    const state = JSON.stringify([now.recordings, now.jobs.map(job => [job.id, job.state])]);
    if (state === seen) return;
    seen = state;
    show();
  });
  show();
}

function check(id, text, checked) {
  const box = el("input", { type: "checkbox", id, checked });
  return { box, label: el("label", { class: "batch-check" }, box, el("span", {}, text)) };
}
