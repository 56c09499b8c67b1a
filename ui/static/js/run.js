// The main job: what runs, Run, how far it is, and what to do where it was cut off or failed.

import { get, post } from "./api.js";
import { ENDED, cancel, retry, stageName } from "./jobs.js";
import { fields, offer, settled } from "./presets.js";
import { beat, clock, el, emit, fail, on, pulse, ready, t } from "./state.js";

export async function mount(element, { props }) {
  await ready;
  const root = element.querySelector(".live");
  const { row, about, changed } = await fields("run").catch(error => { fail(error); throw error; });
  const start = el("button", { class: "ap-btn primary run-start", id: "run", onclick: () => begin(start) }, t("project.run"));
  const status = el("div", { class: "run-status", id: "run-status", role: "status" });
  row.append(start);
  root.append(el("section", { class: "ap-panel run-bar", "aria-label": t("project.run") }, row, about, changed, status));

  // Gradio's side draws the options of the preset that is chosen, once for every change of the value.
  let drawn = (await offer()).chosen.preset;
  const draw = preset => {
    drawn = preset;
    props.value = `${preset} ${Date.now()}`;
  };
  on("preset", chosen => chosen.preset === drawn || draw(chosen.preset));
  on("preset-reset", chosen => draw(chosen.preset));
  watchOptions();

  let shown = "";
  on("pulse", now => {
    const job = latest(now);
    const state = JSON.stringify([now.recording, now.ready, job]);
    if (state === shown) return;
    shown = state;
    tell(status, start, now, job);
  });
}

/** The options lie on Gradio's side: what changed there is asked for a moment after somebody touched them. */
function watchOptions() {
  let timer = null;
  const touched = event => {
    if (!event.target.closest?.("#options")) return;
    clearTimeout(timer);
    timer = setTimeout(async () => emit("preset", (await offer(true)).chosen), 900);
  };
  for (const kind of ["change", "input", "click"]) document.addEventListener(kind, touched, true);
}

const latest = now => now.jobs.findLast(job => job.kind === "run" && job.recording === now.recording);

async function begin(button) {
  button.disabled = true;
  await settled();
  const found = await get("run/replaces").catch(fail);
  if (found) {
    const keep = found.parts.length ? await whatToKeep(found) : [];
    if (keep) await post("run", { recordings: [pulse.recording], keep }).catch(fail);
  }
  button.disabled = false;
  await beat();
}

/** Asks what becomes of what people did; null where the run is not wanted after all. */
function whatToKeep(found) {
  const said = {
    captions: () => t("project.replaces_captions", { count: found.captions, edited: found.captions_edited, reviewed: found.captions_reviewed }),
    cues: () => t("project.replaces_cues", { count: found.cues, decided: found.cues_decided }),
  };
  return new Promise(resolve => {
    const answer = value => () => { resolve(value); dialog.close(); };
    const dialog = el("dialog", { class: "ap-dialog live", id: "run-replaces", "aria-label": t("project.replaces") },
      el("p", {}, el("strong", {}, t("project.replaces"))),
      el("ul", {}, found.parts.map(part => el("li", {}, said[part]()))),
      el("div", { class: "ap-bar" }, el("span", { class: "ap-gap" }),
        el("button", { class: "ap-btn", onclick: answer(null) }, t("project.cancel")),
        el("button", { class: "ap-btn danger", onclick: answer([]) }, t("project.replace_them")),
        el("button", { class: "ap-btn primary", autofocus: true, onclick: answer(found.parts) }, t("project.keep_them"))));
    dialog.addEventListener("close", () => { resolve(null); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

async function tell(status, start, now, job) {
  const under = job && !ENDED.has(job.state);
  start.disabled = !now.recording || Boolean(under);
  start.setAttribute("aria-label", now.recording ? t("project.run_on", { name: now.recording }) : t("project.run"));
  if (!now.recording) {
    status.replaceChildren(el("span", { class: "ap-dim" }, t("project.nothing_open")));
  } else if (under) {
    const line = await progress(job);
    status.replaceChildren(...line);
  } else {
    status.replaceChildren(...after(job));
  }
}

async function progress(job) {
  const stop = el("button", { class: "ap-btn", id: "run-stop", onclick: () => { stop.disabled = true; stop.textContent = t("project.stopping"); cancel(job); } }, t("project.stop"));
  if (job.state === "waiting") return [el("span", { class: "run-line" }, t("project.run_waits")), stop];
  const stages = (await offer()).presets.find(each => each.name === job.settings.preset)?.stages || [];
  const order = ["open", ...stages, ...(job.settings.deliver ? ["deliver"] : [])];
  const at = Math.max(order.indexOf(job.stage), 0) + 1, percent = Math.round(job.share * 100);
  const said = t("project.run_at", { stage: stageName(job.stage), at, count: order.length });
  return [
    el("span", { class: "run-line" }, said),
    el("span", { class: "ap-progress", role: "progressbar", "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": said },
      el("i", { style: `width: ${percent}%` })),
    el("span", { class: "ap-num ap-dim" }, `${percent} %`),
    el("span", { class: "ap-num ap-dim" }, job.left_s == null ? "" : t("project.left", { time: clock(job.left_s, 0) })),
    stop,
  ];
}

function after(job) {
  const again = (text, key) => [el("span", {}, text), el("button", { class: "ap-btn", id: "run-again", onclick: () => retry(job) }, t(key))];
  switch (job?.state) {
    case "interrupted": return again(t("project.run_interrupted"), "project.go_on");
    case "failed": return again(t("project.run_failed", { why: job.message }), "project.try_again");
    case "cancelled": return [el("span", { class: "ap-dim" }, t("project.run_cancelled"))];
    default: return [];
  }
}
