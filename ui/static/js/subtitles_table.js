// The table: of thousands of captions only the rows in view exist. The caption that is on, and the one being edited, are marked.

import { at, commitWith, current, goTo, select, selected, sheet, watch } from "./subtitles_data.js";
import { height, Row } from "./subtitles_row.js";
import { el, on, t } from "./state.js";

/** Rows beyond the edges of the view that exist too. */
const AHEAD = 6;
const COLUMNS = ["number", "in", "out", "duration", "speaker", "text", "cps", "cpl", "issues", "reviewed"];
const HUES = 8;

/** Which captions a filter shows: its name to a test. */
export const FILTERS = {
  all: () => true,
  issues: row => row.issues.length > 0,
  errors: row => row.issues.some(issue => issue.severity === "error"),
  open: row => !row.reviewed,
  unsure: row => row.unsure.length > 0,
  selected: row => selected.has(row.index),
};

export class Table {
  constructor() {
    this.rows = new Map();
    this.shown = [];
    this.tops = [0];
    this.filter = "all";
    this.who = "";
    this.follow = true;
    this.now = -1;
    this.space = el("div", { class: "cap-space", role: "rowgroup" });
    this.view = el("div", { class: "cap-view", tabindex: "-1" }, this.space);
    this.names = el("datalist", { id: "cap-speakers" });
    const head = el("div", { class: "cap-row cap-head", role: "row" },
      COLUMNS.map(key => el("div", { role: "columnheader", title: t(`subtitles.${key}_title`) }, t(`subtitles.${key}`))));
    this.element = el("div", { class: "cap-table", role: "grid", "aria-label": t("subtitles.table"), "aria-multiselectable": "true" },
      head, this.view, this.names);
    this.view.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.view);
    watch(({ kind, focus }) => (kind === "sheet" ? this.refresh() : this.moved(focus)));
    on("cursor", cursor => this.played(cursor));
    commitWith(async () => { for (const row of this.rows.values()) if (row.dirty()) await row.commit(); });
  }

  /** Another filter: a name of FILTERS, or one speaker. */
  filtered(filter, who = "") {
    Object.assign(this, { filter, who });
    this.view.scrollTop = 0;
    this.refresh();
  }

  colour(speaker) {
    const place = sheet.speakers.findIndex(each => each.name === speaker);
    return place < 0 ? "transparent" : `var(--cap-hue-${place % HUES})`;
  }

  /** The caption of a row together with the other selected ones. */
  chosen(index) {
    return selected.has(index) && selected.size > 1 ? [...selected].sort((a, b) => a - b) : [index];
  }

  refresh() {
    const captions = sheet?.captions ?? [];
    const test = this.who ? row => row.speaker === this.who || row.line_speakers.includes(this.who) : FILTERS[this.filter];
    this.shown = captions.filter(test).map(row => row.index);
    this.names.replaceChildren(...(sheet?.speakers ?? []).map(each => el("option", { value: each.name })));
    this.element.setAttribute("aria-rowcount", this.shown.length + 1);
    this.measure();
    for (const [index, row] of this.rows) if (index < captions.length) row.show(index);
    this.draw();
    this.listeners?.();
  }

  measure() {
    this.tops = [0];
    for (const index of this.shown) {
      const row = this.rows.get(index);
      this.tops.push(this.tops.at(-1) + (row?.dirty() ? row.rowHeight : height(sheet.captions[index])));
    }
    this.space.style.height = `${this.tops.at(-1)}px`;
  }

  /** Makes the rows in view, and only those; one that is being typed in is kept. */
  draw() {
    const top = this.view.scrollTop, bottom = top + this.view.clientHeight;
    let first = this.place(top), last = first;
    while (last < this.shown.length && this.tops[last] < bottom) last += 1;
    first = Math.max(0, first - AHEAD);
    last = Math.min(this.shown.length, last + AHEAD);
    const wanted = new Map(this.shown.slice(first, last).map((index, n) => [index, this.tops[first + n]]));
    for (const [index, row] of this.rows) {
      if (wanted.has(index) || (row.element.contains(document.activeElement) && sheet?.captions[index])) continue;
      row.element.remove();
      this.rows.delete(index);
    }
    let before = null;
    for (const [index, y] of wanted) {
      let row = this.rows.get(index);
      if (!row) {
        row = new Row(this, index);
        this.rows.set(index, row);
        row.show(index);
      }
      row.element.style.transform = `translateY(${y}px)`;
      row.element.classList.toggle("now", index === this.now);
      // In the order of the captions, for the tab key and screen readers.
      const there = before ? before.nextSibling : this.space.firstChild;
      if (row.element !== there && !row.element.contains(document.activeElement)) this.space.insertBefore(row.element, there);
      before = row.element;
    }
  }

  /** The place in `shown` of the row at a height. */
  place(y) {
    let low = 0, high = Math.max(this.shown.length - 1, 0);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  grew() {
    this.measure();
    this.draw();
  }

  /** What the check says of a caption whose neighbour is being typed in. */
  checked(row) {
    this.rows.get(row.index)?.verdict(row);
  }

  clicked(index, event) {
    if (event.shiftKey && current >= 0) {
      const [low, high] = [Math.min(current, index), Math.max(current, index)];
      select(this.shown.filter(each => each >= low && each <= high));
    } else if (event.ctrlKey || event.metaKey) {
      const set = new Set(selected);
      if (!set.delete(index)) set.add(index);
      select(set);
    } else goTo(index, { focus: "row" });
  }

  moved(focus) {
    for (const row of this.rows.values()) row.place();
    this.listeners?.();
    if (focus) {
      this.reveal(current);
      const row = this.rows.get(current);
      if (focus === "text") row?.text.focus({ preventScroll: true });
      if (focus === "row") row?.number.focus({ preventScroll: true });
    }
  }

  /** Scrolls a caption into view, where it is shown at all. */
  reveal(index, centre = false) {
    const n = this.shown.indexOf(index);
    if (n < 0) return;
    const top = this.tops[n], bottom = this.tops[n + 1], view = this.view;
    const low = view.scrollTop, high = low + view.clientHeight;
    if (centre && (top < low || bottom > high - 60)) view.scrollTop = Math.max(0, top - view.clientHeight / 3);
    else if (top < low) view.scrollTop = top;
    else if (bottom > high) view.scrollTop = bottom - view.clientHeight;
    this.draw();
  }

  played({ time_s, playing }) {
    if (!sheet || !this.element.offsetParent) return;
    const index = at(time_s);
    const now = index >= 0 && sheet.captions[index].end_s > time_s ? index : -1;
    if (now === this.now) return;
    this.rows.get(this.now)?.element.classList.remove("now");
    this.now = now;
    this.rows.get(now)?.element.classList.add("now");
    const typing = this.space.contains(document.activeElement) && /^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName);
    if (playing && this.follow && now >= 0 && !typing) this.reveal(now, true);
  }

  /** The next caption that is shown, `step` places on. */
  beside(step) {
    if (!this.shown.length) return -1;
    const n = this.shown.findIndex(index => index >= current);
    if (n < 0) return step > 0 ? -1 : this.shown.at(-1);
    const exact = this.shown[n] === current;
    return this.shown[n + (step > 0 && !exact ? step - 1 : step)] ?? -1;
  }
}
