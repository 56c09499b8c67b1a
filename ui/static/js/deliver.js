// What to deliver: chosen by group, with what has to run first.
//
// Events: deliverables (what the server says of the open recording, null for none), deliver-spec (another spec to check).

import { get, post } from "./api.js";
import { ENDED, cancel, retry, stageTitle } from "./jobs.js";
import { beat, clock, el, emit, fail, on, pulse, ready, t } from "./state.js";

const GROUPS = ["audio", "film", "subtitles", "lists", "cues", "record"];
let spec = "";
/** What the event said last, for parts that come later; undefined before the first answer. */
export let latest;

export async function mount(element, { watch }) {
  await ready;
  const root = element.querySelector(".live");
  const choice = el("section", { class: "ap-panel", "aria-labelledby": "deliver-title" });
  root.classList.add("deliver");
  root.append(choice);

  let turn = 0;
  const show = async () => {
    const mine = ++turn;
    const found = pulse.ready ? await get("deliver", { spec }).catch(untold) : null;
    if (mine !== turn) return;
    latest = found;
    emit("deliverables", found);
    if (!found) {
      choice.replaceChildren(el("p", { class: "ap-empty" }, t("deliver.nothing_open")));
      return;
    }
    draw(choice, found);
    drawWork(pulse);
  };
  on("recording", () => { spec = ""; show(); });
  on("deliver-spec", name => { spec = name; show(); });
  on("revision", show);
  on("job-ended", show);
  on("pulse", drawWork);
  watch("value", show);
  show();
}

function untold(error) {
  if (error.status !== 409) fail(error); // 409: nothing is open
  return null;
}

const PREFIX = { subtitles: "sub", cues: "cue" };

function itemName(group, name) {
  if (name.startsWith("removed-")) return t("deliver.name_removed_by", { name: name.slice(8) });
  if (name.startsWith("no_")) return t("deliver.name_no", { name: name.slice(3) });
  const key = `deliver.${PREFIX[group] || "name"}_${name}`, text = t(key);
  return text === key ? name.toUpperCase() : text;
}

// The choice --------------------------------------------------------------------------------------------------------

function draw(choice, found) {
  const chosen = new Set(found.chosen);
  const button = el("button", { class: "ap-btn primary", id: "deliver-start" });
  const work = el("div", { class: "deliver-work", id: "deliver-work", role: "status" });
  const boxes = new Map();

  const count = () => {
    const wanted = found.items.filter(item => chosen.has(item.key) && !item.needs);
    button.textContent = t("deliver.deliver", { count: wanted.length });
    button.disabled = !wanted.length;
    return wanted.map(item => item.key);
  };
  const keep = () => {
    count();
    post("deliver/choose", { keys: [...chosen] }).catch(fail);
  };
  const set = (items, to) => {
    for (const item of items) {
      chosen[to(item) ? "add" : "delete"](item.key);
      const box = boxes.get(item.key);
      if (!box.disabled) box.checked = chosen.has(item.key);
    }
    keep();
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    await post("deliver", { keys: count() }).catch(fail);
    await beat();
    count();
  });

  const groups = GROUPS.map(group => [group, found.items.filter(item => item.group === group)]).filter(([, items]) => items.length);
  choice.replaceChildren(
    el("header", {}, el("span", { id: "deliver-title", role: "heading", "aria-level": 2 }, t("deliver.title")), el("span", { class: "ap-gap" }),
      el("button", { class: "ap-btn quiet", onclick: () => set(found.items, item => item.usual) }, t("deliver.usual")), button),
    work,
    ...groups.map(([group, items]) => groupOf(group, items, { chosen, boxes, set, keep, found })),
    el("p", { class: "ap-dim deliver-always" }, t("deliver.always")),
  );
  count();
}

function groupOf(group, items, { chosen, boxes, set, keep, found }) {
  const name = t(`deliver.group_${group}`);
  const several = items.filter(item => !item.needs).length > 2;
  const legend = el("legend", {}, name);
  const act = (key, to) => el("button", { class: "ap-btn quiet", "aria-label": t(`deliver.${key}_of`, { group: name }), onclick: () => set(items, to) }, t(`deliver.${key}`));
  return el("fieldset", { class: "deliver-group", "data-group": group }, legend,
    several ? el("div", { class: "deliver-acts" }, act("all", () => true), act("none", () => false)) : null,
    el("div", { class: "deliver-items" }, items.map(item => {
      const problem = group === "film" && !item.needs ? found.film : "";
      const box = el("input", { type: "checkbox", name: item.key, checked: chosen.has(item.key) && !item.needs, disabled: Boolean(item.needs) });
      boxes.set(item.key, box);
      box.addEventListener("change", () => { chosen[box.checked ? "add" : "delete"](item.key); keep(); });
      return el("label", { class: item.needs ? "deliver-item off" : "deliver-item" }, box, el("span", {}, itemName(group, item.name)),
        item.needs ? el("span", { class: "ap-dim deliver-why" }, t("deliver.needs", { stage: stageTitle(item.needs) })) : null,
        problem ? el("span", { class: "deliver-problem" }, problem) : null);
    })));
}

/** How far the delivery is, and what became of it. */
function drawWork(now) {
  const work = document.getElementById("deliver-work");
  if (!work) return;
  const job = now.jobs.findLast(each => (each.kind === "deliver" || each.kind === "master") && each.recording === now.recording);
  const state = JSON.stringify(job ? [job.id, job.state, Math.round(job.share * 100), Math.round(job.left_s ?? -1)] : null);
  if (work.dataset.state === state) return;
  work.dataset.state = state;
  work.replaceChildren(...(job ? told(job) : []));
}

function told(job) {
  if (!ENDED.has(job.state)) {
    const percent = Math.round(job.share * 100);
    const said = t(job.kind === "deliver" ? "deliver.delivering" : "deliver.remastering");
    return [el("span", {}, said),
      el("span", { class: "ap-progress", role: "progressbar", "aria-label": said, "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100 }, el("i", { style: `width: ${percent}%` })),
      el("span", { class: "ap-dim ap-num" }, job.left_s == null ? `${percent} %` : t("project.left", { time: clock(job.left_s, 0) })),
      el("button", { class: "ap-btn", onclick: () => cancel(job) }, t("project.stop"))];
  }
  const again = text => [el("span", {}, text), el("button", { class: "ap-btn", onclick: () => retry(job) }, t("project.try_again"))];
  if (job.state === "failed") return again(t("deliver.failed", { why: job.message }));
  if (job.state === "interrupted") return again(t("deliver.interrupted"));
  if (job.state !== "done" || job.kind !== "deliver") return [];
  const remarks = job.result.remarks || [];
  return [el("span", { class: "ap-tag ok" }, "✓"), el("span", {}, t("deliver.delivered", { count: job.result.files })),
    remarks.length ? el("ul", { class: "deliver-remarks" }, remarks.map(text => el("li", {}, text))) : null].filter(Boolean);
}
