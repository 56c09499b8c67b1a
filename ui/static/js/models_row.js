// One model in the table: what it is for, what it would change, its licence, and how it stands.

import { icon } from "./icons.js";
import { cancel, retry } from "./jobs.js";
import { askLicence } from "./models_licence.js";
import { going, jobOf, known, pull, stageTitle, verify } from "./models_data.js";
import { el, t } from "./state.js";

const open = new Set();

/** The rows of a model: its line, and the details below it where they are wanted. */
export function rowsOf(model) {
  const shown = open.has(model.name);
  const details = el("tr", { class: "models-details", id: `details-${model.name}`, hidden: !shown }, el("td", { colspan: 5 }, facts(model)));
  const button = el("button", { class: "ap-btn quiet models-name", "aria-expanded": String(shown), "aria-controls": details.id, onclick: () => {
    open[open.has(model.name) ? "delete" : "add"](model.name);
    details.hidden = !open.has(model.name);
    button.setAttribute("aria-expanded", String(!details.hidden));
  } }, icon("right"), model.name);
  return [el("tr", { "data-model": model.name, class: model.where ? "here" : "" },
    el("th", { scope: "row" }, button, el("div", { class: "ap-dim models-note" }, model.note)),
    el("td", { class: "num" }, `${model.size_mb} MB`),
    el("td", {}, el("span", {}, model.licence), el("div", {}, commercial(model), gated(model))),
    el("td", {}, gains(model)),
    el("td", { class: "models-state" }, state(model))), details];
}

const commercial = model => el("span", { class: `ap-tag ${model.commercial ? "ok" : "warn"}`, title: model.licence_means },
  t(model.commercial ? "models.commercial" : "models.not_commercial"));
const gated = model => (model.gated ? [" ", el("span", { class: "ap-tag warn", title: t("models.gated_how") }, t("models.gated"))] : null);

function gains(model) {
  const first = model.package ? [el("div", { class: "models-package" }, t("models.package_first", { command: model.package }))] : [];
  if (model.where) return first;
  if (!model.gains.length) return [el("span", { class: "ap-dim" }, serves(model)), ...first];
  return [...model.gains.map(gain => el("div", {}, change(gain), el("span", { class: "ap-dim models-presets", title: gain.presets.join("\n") }, where(gain.presets)))), ...first];
}

const change = ({ stage, before, after }) => t("models.change", { stage: stageTitle(stage), before: before || t("models.nothing_runs"), after });
const where = presets => (presets.length > 1 ? t("models.change_in", { count: presets.length }) : t("models.change_in_one", { preset: presets[0] }));

/** What a model is for that no choice of `auto` waits for. */
function serves(model) {
  const stage = stageTitle(model.stage), { backend } = model;
  const suggested = known.models.find(each => each.gains.some(gain => gain.stage === model.stage && gain.after === backend));
  if (suggested && model.commercial) return t("models.sibling", { backend, model: suggested.name });
  return model.nameable && !model.commercial ? t("models.by_name", { backend, stage }) : t("models.serves", { stage });
}

function facts(model) {
  const hashes = Object.entries(model.sha256);
  const fact = (name, ...value) => [el("dt", {}, t(`models.${name}`)), el("dd", {}, value)];
  return el("dl", { class: "models-facts" },
    fact("backend", `${stageTitle(model.stage)} · ${model.backend}`),
    fact("version", model.version),
    fact("source", model.source),
    fact("licence", model.licence, ". ", model.licence_means),
    model.gains.map(gain => fact("in_presets", `${change(gain)}: ${gain.presets.join(", ")}`)),
    model.path ? fact("place", model.path) : null,
    fact("hashes", hashes.length
      ? hashes.map(([file, digest]) => el("div", { class: "ap-mono" }, file.slice(-40), " ", digest))
      : t("models.hash_later")),
    model.gated ? el("dd", { class: "models-wide" }, t("models.gated_how")) : null);
}

// How it stands -----------------------------------------------------------------------------------------------------

const button = (key, name, run, more = {}) => el("button", { class: "ap-btn", "aria-label": t(`models.${key}_of`, { model: name }), onclick: run, ...more }, t(`models.${key}`));

async function fetched(model) {
  const accepted = await askLicence(model, known.store);
  if (accepted) await pull(model, accepted);
}

/** What is said and can be done of a model as it stands. */
export function state(model) {
  const pulling = jobOf(model, "pull"), checking = jobOf(model, "verify");
  if (going(pulling)) return progress(model, pulling);
  if (!model.where) {
    const goesOn = ["failed", "interrupted"].includes(pulling?.state);
    return [...told(pulling), goesOn ? el("button", { class: "ap-btn", onclick: () => retry(pulling) }, t("models.again"))
      : button("pull", model.name, () => fetched(model), { class: model.gains.length ? "ap-btn primary" : "ap-btn" })];
  }
  const here = el("span", { class: "ap-tag ok" }, `${t("models.here")} · ${t(`models.where_${model.where.replace(" ", "_")}`)}`);
  // What was read before the model was fetched anew says nothing of it now.
  const check = checking && !(pulling?.ended > checking.added) ? checking : null;
  const damaged = check?.state === "done" && check.result.problems[model.name].length;
  return [here, ...checked(model, check), el("div", {}, damaged ? button("pull", model.name, () => fetched(model), { class: "ap-btn primary" })
    : button("verify", model.name, () => verify(model.name), { disabled: going(check) }))];
}

function progress(model, job) {
  const done = Math.round(job.share * model.size_mb), percent = Math.round(job.share * 100);
  const bar = el("i");
  bar.style.width = `${percent}%`;
  const said = job.state === "waiting" ? t("models.waiting") : job.share ? t("models.progress", { done, size: model.size_mb }) : t("models.connecting");
  return [el("div", { class: "ap-progress", role: "progressbar", "aria-label": model.name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent }, bar),
    el("div", { class: "ap-num models-progress" }, said), button("cancel", model.name, () => cancel(job))];
}

function told(job) {
  if (job?.state === "cancelled") return [el("div", { class: "ap-dim" }, t("models.stopped"))];
  if (job?.state === "interrupted") return [el("div", { class: "models-failed" }, t("models.cut_off"))];
  return job?.state === "failed" ? [el("div", { class: "models-failed", role: "alert" }, job.message)] : [];
}

function checked(model, job) {
  if (!job) return [];
  if (going(job)) return [" ", el("span", { class: "ap-dim" }, t(job.state === "waiting" ? "models.waiting" : "models.verifying"))];
  if (job.state !== "done") return job.message ? [el("div", { class: "models-failed" }, job.message)] : [];
  const problems = job.result.problems[model.name];
  return problems.length ? problems.map(text => el("div", { class: "models-failed", role: "alert" }, text)) : [" ", el("span", { class: "ap-tag ok" }, t("models.intact"))];
}
