// The subtitles tab: the table of captions, what is done to them, and beside it speakers, style, search and files.

import "./lane_captions.js";
import { button, commands, register } from "./subtitles_commands.js";
import { commit, current, goTo, selected, sheet, startWatching } from "./subtitles_data.js";
import { findAndReplace } from "./subtitles_find.js";
import { speakers } from "./subtitles_speakers.js";
import { FILTERS, Table } from "./subtitles_table.js";
import { bringIn, files, shift, style } from "./subtitles_tools.js";
import { el, on, pulse, ready, t } from "./state.js";
import { show } from "./tabs.js";

const FOLLOW = "audiopost-captions-follow";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("captions");
  const table = new Table(), all = commands(table), parts = [];
  const panel = (key, made, open = false) => {
    parts.push(made);
    const box = el("details", { class: "cap-panel", id: `cap-panel-${key}`, open }, el("summary", {}, t(`subtitles.panel_${key}`)), made.element);
    box.addEventListener("toggle", () => box.open && made.draw());
    return box;
  };
  const state = counts(), empty = nothingYet();
  const find = panel("find", findAndReplace());
  const work = el("div", { class: "cap-work" },
    el("div", { class: "cap-main" },
      el("div", { class: "ap-bar cap-bar", role: "toolbar", "aria-label": t("subtitles.toolbar") },
        filter(table),
        el("span", { class: "ap-group" }, button("previous", all.previous, "↑", true), button("next", all.next, "↓", true)),
        el("span", { class: "ap-group" }, button("split", all.split, "⊣⊢"), button("merge", all.merge, "⊢⊣"), button("insert", all.insert, "＋"), button("remove", all.remove, "✕")),
        el("span", { class: "ap-group" }, button("set_in", all.set_in, "⇤"), button("set_out", all.set_out, "⇥")),
        button("play_caption", all.play_caption, "▶", true),
        button("review_next", all.review_next, "✓"),
        el("span", { class: "ap-gap" }), follow(table)),
      table.element, state.element),
    el("aside", { class: "cap-side", "aria-label": t("subtitles.side") },
      panel("speakers", speakers(table), true), panel("style", style(), true), find, panel("shift", shift()), panel("files", files())));
  root.append(empty.element, work);
  register(root, { ...all, find: { key: "Mod+f", run: () => { find.open = true; find.querySelector("input").focus(); } } });
  table.listeners = () => {
    const any = Boolean(sheet?.captions.length);
    empty.draw();
    empty.element.hidden = any;
    work.hidden = !any;
    parts.forEach(each => each.draw());
    state.draw();
  };
  on("select", ({ kind, index }) => kind === "caption" && index !== current && goTo(index, { seek: false, focus: "row" }));
  window.addEventListener("beforeunload", () => { commit(); });
  await startWatching();
  table.listeners();
}

/** All captions, or only some; one speaker's too. */
function filter(table) {
  const select = el("select", { class: "ap-select", id: "cap-filter", "aria-label": t("subtitles.filter") },
    Object.keys(FILTERS).map(key => el("option", { value: key }, t(`subtitles.filter_${key}`))));
  table.chooseFilter = value => {
    const who = value.startsWith("who:") ? value.slice(4) : "";
    select.querySelector("option[data-who]")?.remove();
    if (who) select.append(el("option", { value, "data-who": "" }, t("subtitles.filter_speaker", { name: who })));
    select.value = value;
    table.filtered(who ? "all" : value, who);
  };
  select.addEventListener("change", async () => {
    await commit();
    table.chooseFilter(select.value);
  });
  return select;
}

function follow(table) {
  table.follow = localStorage.getItem(FOLLOW) !== "no";
  const made = el("button", { class: "ap-btn", id: "cap-follow", "aria-pressed": String(table.follow), title: t("subtitles.follow_title") }, t("subtitles.follow"));
  made.addEventListener("click", () => {
    table.follow = !table.follow;
    localStorage.setItem(FOLLOW, table.follow ? "yes" : "no");
    made.setAttribute("aria-pressed", String(table.follow));
  });
  return made;
}

/** How much is reviewed, what is left, how many are selected. */
function counts() {
  const bar = el("i"), words = el("span", { id: "cap-reviewed", role: "status" }), more = el("span", { class: "ap-dim" });
  const draw = () => {
    if (!sheet) return;
    const count = sheet.captions.length, issues = sheet.captions.reduce((sum, row) => sum + row.issues.length, 0);
    words.textContent = t("subtitles.reviewed_count", { reviewed: sheet.reviewed, count });
    bar.style.width = count ? `${(100 * sheet.reviewed) / count}%` : "0";
    more.textContent = [
      t("subtitles.issue_count", { issues }), t("subtitles.edited_count", { edited: sheet.edited }),
      selected.size > 1 ? t("subtitles.selected_count", { selected: selected.size }) : "", sheet.draft ? t("subtitles.draft") : "",
    ].filter(Boolean).join(" · ");
    more.title = sheet.draft;
  };
  return { element: el("div", { class: "ap-bar cap-state" }, words, el("span", { class: "ap-progress" }, bar), more), draw };
}

/** What to do where there are no captions. */
function nothingYet() {
  const words = el("p", {}), file = bringIn("cap-import-first");
  const element = el("div", { class: "ap-empty ap-panel", id: "cap-empty" }, words,
    el("div", { class: "ap-bar cap-centre" }, el("button", { class: "ap-btn primary", onclick: () => show("project") }, t("subtitles.to_project")), file));
  const draw = () => {
    words.textContent = t(pulse.recording ? "subtitles.no_captions" : "subtitles.no_recording");
    file.hidden = !sheet;
  };
  return { element, draw };
}
