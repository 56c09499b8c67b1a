// All jobs of the folder in their order: state, progress, time left, what came of each; cancel, retry, go on, take off.

import { post } from "./api.js";
import { ENDED, all, cancel, cancelAll, forget, forgetEnded, goOn, kindName, retry, stageName, stateName } from "./jobs.js";
import { beat, clock, el, fail, on, ready, t } from "./state.js";
import { offer } from "./presets.js";

let titles = new Map();

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("batch");
  titles = new Map((await offer()).presets.map(each => [each.name, each.title]));
  const counts = el("span", { class: "ap-dim ap-num", id: "queue-counts", role: "status" });
  const stopAll = el("button", { class: "ap-btn", id: "queue-cancel-all", onclick: () => cancelAll() }, t("batch.cancel_all"));
  const clear = el("button", { class: "ap-btn", id: "queue-clear", onclick: () => forgetEnded() }, t("batch.forget_ended"));
  const cut = el("div", { class: "ap-note warn queue-cut", hidden: true });
  const heads = ["what", "recording", "state", "at", "result", "actions"].map(name =>
    el("th", { scope: "col" }, name === "actions" ? el("span", { class: "ap-hidden" }, t("batch.col_actions")) : t(`batch.col_${name}`)));
  const body = el("tbody", {});
  const table = el("table", { class: "ap-table", id: "queue-table" }, el("thead", {}, el("tr", {}, heads)), body);
  const empty = el("p", { class: "ap-empty" }, t("batch.empty"));
  root.append(el("section", { class: "ap-panel", "aria-labelledby": "queue-title" },
    el("header", {}, el("span", { id: "queue-title", role: "heading", "aria-level": 2 }, t("batch.title")), counts, el("span", { class: "ap-gap" }), clear, stopAll),
    cut, el("div", { class: "queue-scroll" }, table), empty));

  const rows = new Map();
  const show = async () => {
    const jobs = (await all().catch(() => [])).filter(job => job.kind !== "open" || job.state !== "done");
    const number = state => jobs.filter(job => job.state === state).length;
    counts.textContent = jobs.length ? t("batch.counts", { running: number("running"), waiting: number("waiting"), done: number("done"), failed: number("failed") }) : "";
    stopAll.disabled = !jobs.some(job => !ENDED.has(job.state));
    clear.disabled = !jobs.some(job => job.state === "done" || job.state === "cancelled");
    table.hidden = !jobs.length;
    empty.hidden = jobs.length > 0;
    const lost = number("interrupted");
    if (cut.hidden !== !lost || cut.dataset.count !== String(lost)) {
      cut.hidden = !lost;
      cut.dataset.count = lost;
      cut.replaceChildren(el("span", {}, t("batch.interrupted", { count: lost })), " ",
        el("button", { class: "ap-btn", id: "queue-go-on", onclick: () => goOn() }, t("batch.go_on_all")));
    }
    place(body, rows, jobs);
  };
  on("jobs", show);
  show();
}

/** Rows are changed, not made anew: a button keeps its focus while a bar moves. */
function place(body, rows, jobs) {
  const kept = new Set(jobs.map(job => job.id));
  for (const [id, row] of rows) if (!kept.has(id)) { row.element.remove(); rows.delete(id); }
  let before = null;
  for (const job of jobs) {
    if (!rows.has(job.id)) rows.set(job.id, made(job));
    const row = rows.get(job.id);
    row.draw(job);
    const after = before ? before.nextSibling : body.firstChild;
    if (after !== row.element) body.insertBefore(row.element, after);
    before = row.element;
  }
}

const TAGS = { running: "", waiting: "", done: "ok", failed: "bad", cancelled: "", interrupted: "warn" };

function made(job) {
  const state = el("span", { class: "ap-tag" });
  const bar = el("i"), said = el("div", { class: "ap-dim ap-num queue-said" });
  const progress = el("span", { class: "ap-progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": job.recording }, bar);
  const result = el("td", { class: "queue-result" }), actions = el("td", { class: "queue-actions" });
  const preset = titles.get(job.settings.preset) || "";
  const element = el("tr", { "data-recording": job.recording, "data-kind": job.kind },
    el("td", {}, kindName(job), preset ? el("div", { class: "ap-dim" }, preset) : null),
    el("th", { scope: "row" }, job.recording ? el("button", { class: "recording-name", "aria-label": t("batch.open", { name: job.recording }),
      onclick: () => post("open", { name: job.recording }).then(beat).catch(fail) }, job.recording) : ""),
    el("td", {}, state), el("td", { class: "queue-at" }, progress, said), result, actions);
  let drawn = "";
  return { element, draw(now) {
    element.dataset.state = now.state;
    const percent = Math.round(now.share * 100);
    bar.style.width = `${percent}%`;
    progress.hidden = now.state !== "running";
    progress.setAttribute("aria-valuenow", percent);
    said.textContent = lineOf(now, percent);
    if (drawn === now.state) return;
    drawn = now.state;
    state.className = `ap-tag ${TAGS[now.state]}`;
    state.textContent = stateName(now.state);
    result.replaceChildren(...resultOf(now));
    actions.replaceChildren(...actionsOf(now));
  } };
}

function lineOf(job, percent) {
  if (job.state === "running") {
    const left = job.left_s == null ? "" : ` · ${t("project.left", { time: clock(job.left_s, 0) })}`;
    return `${job.stage ? stageName(job.stage) : ""} ${percent} %${left}`;
  }
  return ENDED.has(job.state) && job.ended > job.started && job.started ? clock(job.ended - job.started, 0) : "";
}

function resultOf(job) {
  if (job.message) return [el("span", { class: "queue-message" }, job.message)];
  const r = job.result;
  const parts = ["captions", "issues", "cues"].filter(name => r[name] != null && (name !== "issues" || r.captions != null)).map(name => t(`batch.result_${name}`, { count: r[name] }));
  if (r.findings != null) parts.unshift(t("batch.result_faults", { count: r.findings }));
  if (r.files) parts.push(t("batch.result_files", { count: r.files }));
  const tags = [];
  if (r.verdict) {
    const level = r.lufs == null ? "" : ` ${r.lufs.toFixed(1).replace("-", "−")} LUFS`;
    tags.push(el("span", { class: `ap-tag ${r.verdict === "pass" ? "ok" : r.verdict === "FAIL" ? "bad" : "warn"}` },
      `${r.verdict === "pass" ? "✓" : "✗"} ${r.spec}${level}`));
  }
  if (r.missing) tags.push(el("span", { class: "ap-tag warn" }, t("batch.result_missing", { count: r.missing })));
  if (r.kept?.length) parts.push(t("batch.result_kept", { parts: r.kept.map(part => t(`jobs.name_${part === "captions" ? "subtitles" : part}`)).join(", ") }));
  return [parts.join(" · "), tags.length ? el("div", { class: "recording-tags" }, tags) : "",
    r.remarks?.length ? el("ul", { class: "deliver-remarks" }, r.remarks.map(text => el("li", {}, text))) : ""];
}

function actionsOf(job) {
  const what = kindName(job), act = (key, run) => el("button", { class: "ap-btn quiet", "aria-label": t(`batch.${key}_name`, { what, name: job.recording }),
    onclick: event => { event.currentTarget.disabled = true; run(job); } }, key === "forget" ? "×" : t(`batch.${key}`));
  if (!ENDED.has(job.state)) return [act("cancel", cancel)];
  return [act(job.state === "interrupted" ? "go_on" : "retry", retry), act("forget", forget)];
}
