// The Models tab: what is on this machine, what each model would change, its licence before it is fetched.

import { going, known, load, stageTitle, verify } from "./models_data.js";
import { rowsOf } from "./models_row.js";
import { el, on, pulse, ready, t } from "./state.js";
import { tab } from "./tabs.js";

const SHOWN = { all: () => true, here: model => model.where, gains: model => model.gains.length };
let shown = "all";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  const panel = el("section", { class: "ap-panel models", "aria-labelledby": "models-title" });
  root.append(panel);
  const draw = () => drawAll(panel);
  const fresh = async () => {
    await load();
    draw();
  };
  on("tab", ({ name }) => name === "models" && fresh());
  on("job-ended", job => ["pull", "verify"].includes(job.kind) && fresh());
  on("preset", () => known && fresh());
  let before = "";
  on("jobs", jobs => {
    const ours = JSON.stringify(jobs.filter(job => ["pull", "verify"].includes(job.kind)));
    if (!known || ours === before) return;
    before = ours;
    draw();
  });
  if (tab === "models") await fresh();
}

function drawAll(panel) {
  if (!known) return;
  const focus = focused(panel);
  const rows = known.models.filter(SHOWN[shown]);
  panel.replaceChildren(head(panel), el("p", { class: "ap-dim models-lead" }, t("models.lead")), now(),
    rows.length ? table(rows) : el("p", { class: "ap-empty" }, t("models.none")));
  if (focus) panel.querySelector(focus)?.focus();
}

/** A selector of what has the focus, which drawing anew must not take away. */
function focused(panel) {
  const at = document.activeElement;
  if (!panel.contains(at)) return "";
  if (at.id) return `#${CSS.escape(at.id)}`;
  const row = at.closest("[data-model]");
  if (!row) return "";
  const place = [...row.querySelectorAll("button")].indexOf(at);
  return `[data-model="${CSS.escape(row.dataset.model)}"] ${place ? ".models-state button" : "button"}`;
}

function head(panel) {
  const choice = el("select", { class: "ap-select", id: "models-shown", "aria-label": t("models.show") }, Object.entries(SHOWN).map(([key, keep]) =>
    el("option", { value: key, selected: key === shown }, t(`models.show_${key}`, { count: known.models.filter(keep).length }))));
  choice.addEventListener("change", () => {
    shown = choice.value;
    drawAll(panel);
  });
  const checking = pulse.jobs.some(job => job.kind === "verify" && going(job));
  return el("header", {}, el("span", { id: "models-title", role: "heading", "aria-level": 2 }, t("models.title")), choice,
    el("span", { class: "models-store ap-dim" }, t("models.store", { path: known.store })), el("span", { class: "ap-gap" }),
    el("button", { class: "ap-btn", id: "models-verify", title: t("models.verify_all_hint"), disabled: checking || !known.models.some(SHOWN.here), onclick: () => verify() }, t("models.verify_all")));
}

/** What the preset that is chosen runs as things are. */
function now() {
  return el("div", { class: "models-now" }, el("strong", {}, t("models.now", { preset: known.now.preset })),
    known.now.stages.map(({ stage, backend, why }) => el("span", { class: `ap-tag ${backend ? "" : "warn"}`, title: why }, `${stageTitle(stage)}: ${backend || t("models.nothing_runs")}`)));
}

function table(rows) {
  const stages = [...new Set(rows.map(model => model.stage))];
  return el("table", { class: "ap-table models-table" },
    el("thead", {}, el("tr", {}, ["model", "size", "licence", "gives", "state"].map(key => el("th", { scope: "col" }, t(`models.${key}`))))),
    stages.map(stage => el("tbody", {},
      el("tr", { class: "models-stage" }, el("th", { scope: "rowgroup", colspan: 5 }, stageTitle(stage))),
      rows.filter(model => model.stage === stage).map(rowsOf))));
}
