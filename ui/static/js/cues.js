// The cues tab: the list of cues, the card of the one that is selected, what goes out and comes in, spotting anew.

import "./lane_cues.js";
import { change, cues, desk, hear, hush, load, messages, nudge, selected, set, step, timebase, watch } from "./cues_data.js";
import { card, details } from "./cues_card.js";
import { list } from "./cues_list.js";
import { sheets } from "./cues_sheets.js";
import { spotting } from "./cues_spotting.js";
import { command } from "./keys.js";
import { player } from "./player.js";
import { el, emit, on, pulse, ready, t } from "./state.js";
import { show, tab } from "./tabs.js";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("cues");
  const parts = [list(), details(), card()];
  const [rows, more, side] = parts;
  const empty = nothingYet(), told = notes(), where = readout();
  const bar = el("div", { class: "ap-bar cue-bar", role: "toolbar", "aria-label": t("cuespage.toolbar") },
    button("previous", "↑", () => step(-1)), button("next", "↓", () => step(1)),
    button("add", "＋", add), button("spot", "", () => spotting()),
    where, el("span", { class: "ap-gap" }), sheets());
  const work = el("div", { class: "cue-work" },
    el("div", { class: "cue-main" }, told.element, rows.element, more.element), side.element);
  root.append(empty.element, bar, work);
  const draw = () => {
    const none = !desk || desk.cues === null;
    empty.draw();
    empty.element.hidden = !none;
    bar.hidden = work.hidden = none;
    if (none) return;
    told.draw();
    parts.forEach(part => part.draw());
  };
  watch(draw);
  commands();
  on("jobs", () => empty.draw());
  await load();
  draw();
}

const button = (name, sign, run) => el("button", { class: "ap-btn", id: `cues-${name}`, onclick: run, title: t(`cuespage.do_${name}`) },
  sign ? el("span", { "aria-hidden": "true" }, sign) : null, t(`cuespage.${name}`));

/** A new cue over the region that is marked, else from the cursor on. */
function add() {
  const region = player.region;
  if (!region) {
    emit("tell", { kind: "info", text: t("cuespage.no_region") });
    return;
  }
  change("add", { start_s: region.start_s, end_s: region.end_s });
}

/** What followed from the last change, until it is put away. */
function notes() {
  const lines = el("ul", {});
  const element = el("div", { class: "ap-note cue-notes", role: "status", hidden: true }, lines,
    el("button", { class: "ap-btn quiet", "aria-label": t("cuespage.hush"), title: t("cuespage.hush"), onclick: hush }, "✕"));
  return {
    element,
    draw() {
      element.hidden = messages.length === 0;
      lines.replaceChildren(...messages.map(text => el("li", {}, text)));
    },
  };
}

/** Where a cue lands while it is dragged, for eyes and screen readers. */
function readout() {
  const element = el("output", { class: "ap-mono cue-readout", "aria-live": "polite" });
  let timer = null;
  on("cue-moving", text => {
    element.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { element.textContent = ""; }, 4000);
  });
  return element;
}

function nothingYet() {
  const text = el("p", {}), work = el("button", { class: "ap-btn primary", id: "cues-first", onclick: () => spotting() }, t("cuespage.spot_first"));
  const project = el("button", { class: "ap-btn", onclick: () => show("project") }, t("cuespage.to_project"));
  const row = el("div", { class: "cue-first" }, work, project);
  const element = el("div", { class: "ap-empty cue-empty" }, text, row);
  return {
    element,
    draw() {
      const busy = pulse.jobs.some(job => job.kind === "spot" && ["waiting", "running"].includes(job.state));
      text.textContent = !pulse.ready ? t("cuespage.nothing_open") : busy ? t("cuespage.spotting") : t("cuespage.none_yet");
      work.hidden = !pulse.ready || busy;
    },
  };
}

function commands() {
  const can = () => tab === "cues" && Boolean(selected);
  const add_ = (name, keys, run, when = can) => command(name, keys, { label: () => t(`cuespage.key_${name.replaceAll("-", "_")}`), run, when, group: "cues" });
  add_("next-cue", "c", () => step(1), () => cues().length > 0);
  add_("previous-cue", "Shift+c", () => step(-1), () => cues().length > 0);
  add_("cue-in-here", "[", () => set({ in_s: timebase.snap(player.time()) }));
  add_("cue-out-here", "]", () => set({ out_s: timebase.snap(player.time()) }));
  add_("cue-in-earlier", "Alt+ArrowLeft", () => nudge("in", -1));
  add_("cue-in-later", "Alt+ArrowRight", () => nudge("in", 1));
  add_("cue-out-earlier", "Alt+Shift+ArrowLeft", () => nudge("out", -1));
  add_("cue-out-later", "Alt+Shift+ArrowRight", () => nudge("out", 1));
  add_("cue-accept", "Enter", () => set({ status: "accepted" }));
  add_("cue-reject", "Delete", () => set({ status: "rejected" }));
  add_("cue-hear", "g", () => hear(selected));
}
