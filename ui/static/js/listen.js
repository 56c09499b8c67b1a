// The Listen tab: what is wrong, where, how badly, what helps; heard, mended for a trial, decided on.

import { command } from "./keys.js";
import { redraw } from "./lanes.js";
import { decide, diagnose, found, hearRemedy, load, render, select, selected, step } from "./findings_data.js";
import { clock, el, on, pulse, ready, t } from "./state.js";
import { show, tab } from "./tabs.js";
import "./lane_findings.js";

const STATES = ["all", "open", "accepted", "mended", "dismissed"];
const MARKS = { open: "", accepted: "ok", mended: "ok", dismissed: "" };

let filter = "all", kind = "", sorting = "time";
let rows, bar, card, empty, work;

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("listen");
  bar = el("div", { class: "ap-bar listen-bar" });
  rows = el("tbody", { id: "findings-rows" });
  card = el("div", { class: "ap-panel listen-card", id: "finding-card", "aria-live": "polite" });
  empty = el("div", { class: "ap-panel ap-empty", id: "listen-empty" });
  work = el("div", { class: "listen-work" },
    el("div", { class: "ap-panel" }, bar, el("div", { class: "listen-scroll" }, el("table", { class: "ap-table", id: "findings" }, heads(), rows))),
    card);
  root.append(empty, work);
  on("findings", draw);
  on("jobs", draw);
  const can = () => tab === "listen" && found.findings.length > 0;
  command("next-finding", "n", { label: () => t("listen.key_next"), run: () => step(1), when: can, group: "listen" });
  command("previous-finding", "Shift+n", { label: () => t("listen.key_previous"), run: () => step(-1), when: can, group: "listen" });
  const chosen = () => can() && selected != null;
  command("hear-finding", "h", { label: () => t("listen.key_hear"), run: () => select(selected, true), when: chosen, group: "listen" });
  command("hear-remedy", "Shift+h", { label: () => t("listen.key_remedy"), run: () => tryRemedy(), when: () => chosen() && found.findings[selected].mendable, group: "listen" });
  command("apply-finding", "a", { label: () => t("listen.key_apply"), run: () => decide([selected], "accepted"), when: () => chosen() && found.findings[selected].mendable, group: "listen" });
  command("dismiss-finding", "d", { label: () => t("listen.key_dismiss"), run: () => decide([selected], "dismissed"), when: chosen, group: "listen" });
  await load();
}

const heads = () => el("thead", {}, el("tr", {}, ["kind", "time", "severity", "state", "detail"].map(name => el("th", { scope: "col" }, t(`listen.${name}`)))));

const busy = name => pulse.jobs.some(job => job.kind === name && job.recording === pulse.recording && ["waiting", "running"].includes(job.state));

function draw() {
  redraw();
  const nothing = !pulse.ready || !found.diagnosed || !found.findings.length;
  empty.hidden = !nothing;
  work.hidden = nothing;
  if (nothing) drawEmpty();
  else {
    drawBar();
    drawRows();
    drawCard();
  }
}

function drawEmpty() {
  const going = busy("diagnose");
  const text = !pulse.ready ? t("listen.nothing_open") : found.diagnosed ? t("listen.no_fault") : t("listen.not_diagnosed");
  const button = pulse.ready && !found.diagnosed
    ? el("button", { class: "ap-btn primary", id: "diagnose", disabled: going, onclick: diagnose }, t(going ? "listen.diagnosing" : "listen.diagnose")) : null;
  empty.replaceChildren(el("p", {}, text), button || "");
}

function drawBar() {
  const kinds = new Map(found.findings.map(each => [each.kind, each.title]));
  const choose = (id, label, options, value, change) => {
    const select = el("select", { class: "ap-select", id, "aria-label": label }, options.map(([key, name]) => el("option", { value: key, selected: key === value }, name)));
    select.addEventListener("change", () => { change(select.value); draw(); });
    return select;
  };
  const shown = listed();
  const mendable = shown.filter(each => each.mendable && each.state === "open").map(each => each.index);
  const open = shown.filter(each => each.state !== "dismissed").map(each => each.index);
  const rendering = busy("render");
  bar.replaceChildren(
    choose("listen-state", t("listen.state"), STATES.map(each => [each, t(`listen.state_${each}`)]), filter, value => { filter = value; }),
    choose("listen-kind", t("listen.kind"), [["", t("listen.every_kind")], ...kinds], kind, value => { kind = value; }),
    choose("listen-sort", t("listen.sort"), [["time", t("listen.by_time")], ["severity", t("listen.by_severity")]], sorting, value => { sorting = value; }),
    el("span", { class: "ap-dim" }, t("listen.count", { count: shown.length, all: found.findings.length })),
    el("span", { class: "ap-gap" }),
    el("button", { class: "ap-btn", disabled: !mendable.length, onclick: () => decide(mendable, "accepted") }, t("listen.apply_all", { count: mendable.length })),
    el("button", { class: "ap-btn", disabled: !open.length, onclick: () => decide(open, "dismissed") }, t("listen.dismiss_all", { count: open.length })),
    el("button", { class: "ap-btn", disabled: busy("diagnose"), onclick: diagnose }, t("listen.again")),
    found.pending.length ? el("span", { class: "ap-tag warn", id: "listen-pending", role: "status" }, t("listen.pending")) : el("span", { class: "ap-tag ok", id: "listen-rendered" }, t("listen.rendered")),
    el("button", { class: "ap-btn primary", id: "listen-render", disabled: !found.pending.length || rendering, onclick: render, title: t("listen.render_hint") }, t(rendering ? "listen.rendering" : "listen.render")),
  );
}

function listed() {
  const chosen = found.findings.filter(each => (filter === "all" || each.state === filter) && (!kind || each.kind === kind));
  return chosen.sort((a, b) => (sorting === "time" ? a.start_s - b.start_s : b.severity - a.severity) || a.index - b.index);
}

const grade = severity => t(severity > 0.66 ? "listen.severe" : severity > 0.33 ? "listen.marked" : "listen.slight");

function drawRows() {
  const shown = listed();
  rows.replaceChildren(...shown.map(each => {
    const bar = el("i");
    bar.style.width = `${Math.round(each.severity * 100)}%`;
    const row = el("tr", { class: each.index === selected ? "on" : "", "data-index": each.index, "aria-selected": String(each.index === selected) },
      el("td", {}, el("button", { class: "ap-btn quiet listen-name", onclick: () => select(each.index, true), title: t("listen.hear") }, each.title)),
      el("td", { class: "ap-num" }, `${clock(each.start_s, 1)} – ${clock(each.end_s, 1)}`),
      el("td", {}, el("span", { class: "listen-severity" }, el("span", { class: "ap-progress" }, bar), grade(each.severity))),
      el("td", {}, el("span", { class: `ap-tag ${MARKS[each.state]}` }, t(`listen.state_${each.state}`))),
      el("td", { class: "ap-dim" }, each.detail));
    row.addEventListener("click", event => event.target.closest("button") || select(each.index));
    return row;
  }));
}

async function tryRemedy() {
  const button = card.querySelector("#hear-remedy");
  if (button) button.disabled = true;
  const answer = await hearRemedy(selected);
  if (button) button.disabled = false;
  if (!answer) return;
  const number = value => (value == null ? "−∞" : value.toFixed(1).replace("-", "−"));
  card.querySelector(".listen-numbers")?.replaceChildren(
    t("listen.heard", { removed: number(answer.removed_dbfs), before: number(answer.before_floor_dbfs), after: number(answer.after_floor_dbfs) }),
    ...answer.repairs.map(each => el("div", {}, each.done)));
}

function drawCard() {
  const finding = found.findings[selected];
  if (!finding) {
    card.replaceChildren(el("div", { class: "ap-empty" }, t("listen.choose")));
    return;
  }
  const action = (id, text, run, more = {}) => el("button", { class: "ap-btn", id, onclick: run, ...more }, text);
  const decided = (state, text, id) => action(id, text, () => decide([finding.index], finding.status === state ? "open" : state), { "aria-pressed": String(finding.status === state) });
  card.replaceChildren(
    el("header", {}, finding.title, el("span", { class: `ap-tag ${MARKS[finding.state]}` }, t(`listen.state_${finding.state}`))),
    el("div", { class: "listen-body" },
      el("p", {}, finding.detail),
      el("p", {}, el("b", {}, t("listen.helps")), " ", finding.remedy),
      el("div", { class: "ap-bar" },
        action("hear-finding", t("listen.hear"), () => select(finding.index, true)),
        finding.mendable ? action("hear-remedy", t("listen.hear_remedy"), tryRemedy) : null,
        finding.by === "denoise" ? action("to-dialogue", t("listen.to_dialogue"), () => show("dialogue")) : null),
      el("div", { class: "listen-numbers ap-dim", role: "status" }),
      el("div", { class: "ap-bar" },
        finding.mendable ? decided("accepted", t("listen.apply"), "apply-finding") : null,
        decided("dismissed", t("listen.dismiss"), "dismiss-finding"))));
}
