// The Dialogue tab: the chain of repairs and the denoiser, tried on ten seconds around the cursor, rendered when wished.

import { get, post } from "./api.js";
import { control } from "./dialogue_controls.js";
import { historyPanel, presetsPanel } from "./dialogue_side.js";
import { command } from "./keys.js";
import { player } from "./player.js";
import { beat, el, fail, on, pulse, ready, t } from "./state.js";
import { tab } from "./tabs.js";

const SETTLED_MS = 350;

let state = null, numbers = null;
let links, previewing, empty, work, side;
let automatic = localStorage.getItem("audiopost-preview") !== "off";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("dialogue");
  links = el("div", { class: "ap-panel dialogue-chain", id: "chain" });
  previewing = el("section", { class: "ap-panel", "aria-label": t("dialogue.preview") });
  side = [presetsPanel(load), historyPanel(load)];
  empty = el("div", { class: "ap-panel ap-empty" }, t("dialogue.nothing_open"));
  work = el("div", { class: "dialogue-work" }, links, el("div", { class: "dialogue-side" }, previewing, side.map(each => each.element)));
  root.append(empty, work);
  on("recording", () => { numbers = null; load(); });
  on("revision", load);
  on("jobs", () => state && drawPreview());
  on("tab", ({ name }) => name === "dialogue" && load());
  const can = () => tab === "dialogue" && Boolean(state);
  command("preview", "p", { label: () => t("dialogue.key_preview"), run: () => preview(), when: can, group: "dialogue" });
  await load();
}

async function load() {
  try {
    state = pulse.ready ? await get("dialogue") : null;
  } catch (error) {
    if (error.status !== 409) fail(error);
    state = null;
  }
  empty.hidden = Boolean(state);
  work.hidden = !state;
  if (!state) return;
  drawLinks();
  drawPreview();
  side.forEach(each => each.draw(state));
}

async function set(name, value) {
  const answer = await post("dialogue/set", { name, value }).catch(fail);
  await beat();
  if (!answer) await load(); // what was refused shows its old value again
  else if (automatic) later();
}

// The chain ----------------------------------------------------------------------------------------------------------

function drawLinks() {
  const focused = links.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = new Set([...links.querySelectorAll("details[open]")].map(each => each.dataset.of));
  links.replaceChildren(
    el("header", {}, t("dialogue.chain"), el("span", { class: "ap-gap" }), mending()),
    ...state.links.filter(link => link.found).map(link => row(link, opened)),
    denoiser(opened),
    el("details", { class: "dialogue-idle", "data-of": "idle", open: opened.has("idle") },
      el("summary", {}, t("dialogue.not_needed", { count: state.links.filter(link => !link.found).length })),
      state.links.filter(link => !link.found).map(link => row(link, opened))));
  if (focused) document.getElementById(focused)?.focus();
}

function mending() {
  const select = el("select", { class: "ap-select", id: "mend", "aria-label": t("dialogue.mend") },
    ["all", "accepted"].map(each => el("option", { value: each, selected: each === state.mend }, t(`dialogue.mend_${each}`))));
  select.addEventListener("change", () => set("mend", select.value));
  return select;
}

function row(link, opened) {
  const [on_, amount, most, ...others] = link.controls;
  const change = spec => value => set(spec.name, value);
  return el("div", { class: `dialogue-link ${on_.value ? "" : "off"}`, "data-link": link.name },
    el("div", { class: "dialogue-head" },
      control(on_, change(on_)),
      link.found ? el("span", { class: "ap-tag warn" }, t("dialogue.found", { count: link.found })) : el("span", { class: "ap-tag" }, t("dialogue.nothing_found")),
      el("span", { class: "ap-gap" }),
      link.removed_dbfs == null ? null : el("span", { class: "ap-dim ap-num" }, t("dialogue.removed", { level: link.removed_dbfs.toFixed(1).replace("-", "−") })),
      link.track ? el("button", { class: "ap-btn quiet", onclick: () => hear(link.track) }, t("dialogue.hear_removed")) : null),
    link.because ? el("p", { class: "ap-dim" }, link.because) : null,
    link.done ? el("p", {}, link.done) : null,
    el("div", { class: "dialogue-fields" }, control(amount, change(amount)), control(most, change(most))),
    others.length ? el("details", { "data-of": link.name, open: opened.has(link.name) }, el("summary", {}, t("dialogue.more")), el("div", { class: "dialogue-fields" }, others.map(spec => control(spec, change(spec))))) : null);
}

function denoiser(opened) {
  const { controls, on: runs, ran } = state.denoise;
  const change = spec => value => set(spec.name, value);
  const box = el("input", { type: "checkbox", id: "set-denoised", checked: runs });
  box.addEventListener("change", () => set("denoised", box.checked));
  const usual = controls.filter(spec => ["denoise.backend", "denoise.amount", "denoise.max_reduction_db"].includes(spec.name));
  const others = controls.filter(spec => !usual.includes(spec));
  return el("div", { class: `dialogue-link ${runs ? "" : "off"}`, "data-link": "denoise" },
    el("div", { class: "dialogue-head" }, el("label", { class: "dialogue-check" }, box, t("dialogue.denoise")), ran ? el("span", { class: "ap-tag" }, ran.backend) : null),
    ran ? el("p", { class: "ap-dim" }, ran.reason) : null,
    el("div", { class: "dialogue-fields" }, usual.map(spec => control(spec, change(spec)))),
    el("details", { "data-of": "denoise", open: opened.has("denoise") }, el("summary", {}, t("dialogue.more")), el("div", { class: "dialogue-fields" }, others.map(spec => control(spec, change(spec))))));
}

function hear(track) {
  player.setAB("source", track);
  player.setTrack(track);
  player.play();
}

// Ten seconds --------------------------------------------------------------------------------------------------------

let timer = null, asked = 0;

function later() {
  clearTimeout(timer);
  timer = setTimeout(preview, SETTLED_MS);
}

async function preview() {
  clearTimeout(timer);
  const mine = asked += 1;
  const begun = performance.now();
  drawPreview(true);
  const answer = await post("dialogue/preview", { time_s: player.time() }).catch(fail);
  if (mine !== asked) return; // a newer one is on its way
  if (answer) {
    numbers = { ...answer, took_s: (performance.now() - begun) / 1000 };
    if (tab === "dialogue") await player.audition(answer.track, answer.start_s, answer.end_s);
  }
  drawPreview();
}

const level = value => (value == null ? "−∞" : value.toFixed(1).replace("-", "−"));

function drawPreview(busy = false) {
  const rendering = pulse.jobs.some(job => job.kind === "render" && job.recording === pulse.recording && ["waiting", "running"].includes(job.state));
  const auto = el("input", { type: "checkbox", id: "auto-preview", checked: automatic });
  auto.addEventListener("change", () => {
    automatic = auto.checked;
    localStorage.setItem("audiopost-preview", automatic ? "on" : "off");
  });
  const rows = numbers && [
    [t("dialogue.loudness"), numbers.before_lufs, numbers.after_lufs, "LUFS"],
    [t("dialogue.floor"), numbers.before_floor_dbfs, numbers.after_floor_dbfs, "dBFS"],
  ];
  previewing.replaceChildren(
    el("header", {}, t("dialogue.preview")),
    el("div", { class: "dialogue-body" },
      el("div", { class: "ap-bar" },
        el("button", { class: "ap-btn primary", id: "preview", disabled: busy, onclick: preview }, t(busy ? "dialogue.previewing" : "dialogue.preview_now"), el("kbd", {}, "P")),
        el("label", { class: "dialogue-check" }, auto, t("dialogue.auto"))),
      rows ? el("table", { class: "ap-table", id: "preview-numbers" }, el("tbody", {},
        rows.map(([name, before, after, unit]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "num" }, `${level(before)} → ${level(after)} ${unit}`))),
        el("tr", {}, el("th", { scope: "row" }, t("dialogue.took_away")), el("td", { class: "num" }, `${level(numbers.removed_dbfs)} dBFS`)))) : el("p", { class: "ap-dim" }, t("dialogue.preview_hint")),
      numbers ? el("div", { class: "ap-bar" },
        el("button", { class: "ap-btn", onclick: () => player.audition(numbers.track, numbers.start_s, numbers.end_s) }, t("dialogue.hear_again")),
        el("button", { class: "ap-btn", onclick: () => player.audition(numbers.removed, numbers.start_s, numbers.end_s) }, t("dialogue.hear_removed"))) : null,
      el("div", { class: "dialogue-render" },
        state.pending.length ? el("span", { class: "ap-tag warn" }, t("dialogue.pending")) : el("span", { class: "ap-tag ok" }, t("dialogue.rendered")),
        el("span", { class: "ap-gap" }),
        el("button", { class: "ap-btn", disabled: !state.pending.includes("settings"), onclick: () => post("dialogue/reset").then(beat).catch(fail) }, t("dialogue.reset")),
        el("button", { class: "ap-btn primary", id: "render", disabled: rendering || !state.pending.length, onclick: () => post("findings/render").then(beat).catch(fail) }, t(rendering ? "dialogue.rendering" : "dialogue.render"))),
      el("p", { class: "ap-dim dialogue-small" }, t("dialogue.render_hint"))));
}
