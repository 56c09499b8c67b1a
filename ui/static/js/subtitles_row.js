// One row of the table: a caption with fields that are edited in place, and what the style says of it as one types.

import { post } from "./api.js";
import { change, goTo, said, selected, sheet, timebase } from "./subtitles_data.js";
import { el, fail, t } from "./state.js";

const CHECK_AFTER_MS = 150, NUDGED_AFTER_MS = 700;
export const LINE = 20, PADDING = 14;
const lines = text => text.split("\n");

/** Pixels that a row takes. */
export const height = row => PADDING + LINE * Math.max(1, row.lines.length, Math.min(row.issues.length, 4));

export class Row {
  /** `table` is told of typing: table.grew(row) when its height changed, table.checked(index, row) for the one before. */
  constructor(table, index) {
    this.table = table;
    this.index = index;
    this.number = el("button", { class: "cap-number", tabindex: "-1", onclick: event => table.clicked(this.index, event) });
    this.in = this.time("start_s", "in");
    this.out = this.time("end_s", "out");
    this.duration = el("span", { class: "ap-num" });
    this.speaker = el("input", { class: "ap-input cap-who", list: "cap-speakers", autocomplete: "off", maxlength: 60 });
    this.speaker.addEventListener("change", () => this.speak());
    this.behind = el("div", { class: "cap-behind", "aria-hidden": "true" });
    this.text = el("textarea", { class: "cap-area", rows: 1, dir: "auto", spellcheck: "false" });
    this.cps = el("span", { class: "ap-num" });
    this.cpl = el("span", { class: "ap-num" });
    this.issues = el("span", { class: "cap-issues" });
    this.reviewed = el("input", { type: "checkbox" });
    this.reviewed.addEventListener("change", () => this.mark());
    this.element = el("div", { class: "cap-row", role: "row" },
      cell("rowheader", this.number), cell("gridcell", this.in), cell("gridcell", this.out), cell("gridcell", this.duration),
      cell("gridcell", this.speaker), cell("gridcell", el("div", { class: "cap-text" }, this.behind, this.text)),
      cell("gridcell", this.cps), cell("gridcell", this.cpl), cell("gridcell", this.issues),
      cell("gridcell", el("label", { class: "cap-check" }, this.reviewed)));
    this.element.addEventListener("keydown", event => event.key === "Escape" && this.revert());
    this.element.addEventListener("focusin", event => this.entered(event));
    this.text.addEventListener("input", () => this.typed());
    this.text.addEventListener("scroll", () => { this.behind.scrollLeft = this.text.scrollLeft; });
    this.text.addEventListener("blur", () => this.commit());
  }

  get row() {
    return sheet.captions[this.index];
  }

  time(name, key) {
    const field = el("input", { class: "ap-input ap-mono cap-time", spellcheck: "false", autocomplete: "off" });
    field.dataset.key = key;
    field.addEventListener("keydown", event => {
      if (event.key === "Enter") this.commit();
      if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
        event.preventDefault();
        this.nudge(field, (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
      }
    });
    field.addEventListener("input", () => this.check());
    field.addEventListener("blur", () => this.commit());
    return field;
  }

  /** Shows a caption; what is being typed in stays. */
  show(index) {
    this.index = index;
    const row = this.row;
    const label = key => t(`subtitles.${key}_of`, { number: index + 1 });
    this.number.textContent = index + 1;
    this.number.setAttribute("aria-label", label("number"));
    for (const [field, key] of [[this.in, "in"], [this.out, "out"], [this.speaker, "speaker"], [this.text, "text"], [this.reviewed, "reviewed"]]) {
      field.setAttribute("aria-label", label(key));
    }
    this.element.setAttribute("aria-rowindex", index + 2);
    if (!this.dirty()) this.reset();
    this.text.lang = row.language || "";
    this.reviewed.checked = row.reviewed;
    this.element.classList.toggle("reviewed", row.reviewed);
    this.verdict(row);
    this.place();
  }

  /** Puts the fields back to what the caption is. */
  reset() {
    const row = this.row;
    this.was = { text: row.lines.join("\n"), in: timebase.code(row.start_s), out: timebase.code(row.end_s) };
    if (this.text.value !== this.was.text) this.text.value = this.was.text;
    this.in.value = this.was.in;
    this.out.value = this.was.out;
    if (document.activeElement !== this.speaker) {
      const several = row.line_speakers.filter(Boolean);
      this.speaker.value = several.length ? row.line_speakers.map(name => name || "").join(" / ") : row.speaker || "";
      this.speaker.dataset.was = this.speaker.value;
      this.speaker.style.setProperty("--who", this.table.colour(row.speaker || several[0]));
    }
    this.mirror(row);
  }

  place() {
    this.element.classList.toggle("on", selected.has(this.index));
    this.element.setAttribute("aria-selected", String(selected.has(this.index)));
  }

  dirty() {
    return Boolean(this.was) && (this.text.value !== this.was.text || this.in.value !== this.was.in || this.out.value !== this.was.out);
  }

  /** Speeds, widths and issues of a caption as it is, or as it would be. */
  verdict(row) {
    const seconds = row.end_s - row.start_s;
    this.duration.textContent = seconds.toFixed(2);
    over(this.cps, [[row.cps == null ? "∞" : row.cps.toFixed(1), row.cps == null || row.cps > row.cps_limit + 0.05, row.cps_limit]]);
    over(this.cpl, row.cpl.map((width, n) => [String(width), width > row.cpl_limit[n], row.cpl_limit[n]]));
    this.issues.replaceChildren(...row.issues.map(issue =>
      el("span", { class: `ap-tag ${issue.severity === "error" ? "bad" : "warn"}`, title: issue.detail }, said(issue))));
    this.rowHeight = Math.max(height(row), PADDING + LINE * lines(this.text.value).length);
    this.element.style.height = `${this.rowHeight}px`;
  }

  /** The same text behind the field, with what to look at marked: words the recogniser was not sure of, what is too long. */
  mirror(row, live = false) {
    const made = lines(this.text.value).map((line, n) => {
      const marks = live ? [] : row.unsure.filter(mark => mark[0] === n);
      const limit = row.cpl_limit[n];
      const cut = row.cpl[n] > limit ? Math.max(0, Math.round((line.length * limit) / row.cpl[n])) : line.length;
      const parts = [];
      for (let from = 0; from < line.length;) {
        const mark = marks.find(each => each[1] <= from && from < each[2]);
        const next = Math.min(line.length, ...[...marks.flatMap(each => [each[1], each[2]]), cut].filter(at => at > from));
        const names = [mark && "unsure", from >= cut && "long"].filter(Boolean).join(" ");
        const title = mark ? t("subtitles.unsure", { percent: Math.round(mark[3] * 100) }) : null;
        parts.push(names ? el("mark", { class: names, title }, line.slice(from, next)) : line.slice(from, next));
        from = next;
      }
      return [...parts, "\n"];
    });
    this.behind.replaceChildren(...made.flat());
    this.text.title = live || !row.unsure.length ? "" : t("subtitles.unsure_words", {
      words: row.unsure.map(([line, a, b, sure]) => `${row.lines[line]?.slice(a, b)} ${Math.round(sure * 100)} %`).join(", "),
    });
  }

  entered(event) {
    if (event.target !== this.number && !event.shiftKey) goTo(this.index, { keep: selected.has(this.index) && selected.size > 1 });
  }

  typed() {
    const old = this.rowHeight, needed = Math.max(height(this.row), PADDING + LINE * lines(this.text.value).length);
    if (needed !== old) {
      this.rowHeight = needed;
      this.element.style.height = `${needed}px`;
      this.table.grew(this);
    }
    this.mirror(this.row, true);
    this.check();
  }

  nudge(field, frames) {
    const now = timebase.parse(field.value);
    if (now == null) return;
    field.value = timebase.code(Math.max(0, timebase.seconds(timebase.frame(now) + frames)));
    this.check();
    clearTimeout(this.nudged);
    this.nudged = setTimeout(() => this.commit(), NUDGED_AFTER_MS);
  }

  /** The caption as it is being typed: {lines, start_s, end_s}; times that are none are those that stand. */
  typedNow() {
    const time = (field, was, now) => (field.value === was ? now : timebase.parse(field.value) ?? now);
    return {
      index: this.index, lines: lines(this.text.value),
      start_s: time(this.in, this.was.in, this.row.start_s), end_s: time(this.out, this.was.out, this.row.end_s),
    };
  }

  check() {
    for (const field of [this.in, this.out]) field.setAttribute("aria-invalid", String(timebase.parse(field.value) == null));
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const asked = this.typedNow(), turn = (this.asking = (this.asking ?? 0) + 1);
      const answer = await post("captions/check", asked).catch(fail);
      if (!answer || turn !== this.asking || this.index !== asked.index || !this.dirty()) return;
      this.verdict(answer.row);
      this.mirror(answer.row, true);
      this.table.grew(this);
      if (answer.before) this.table.checked(answer.before);
    }, CHECK_AFTER_MS);
  }

  /** Keeps what was typed. */
  async commit(reviewed = false) {
    clearTimeout(this.timer);
    clearTimeout(this.nudged);
    if (!this.was || !sheet?.captions[this.index]) return;
    const typed = this.typedNow(), text = this.text.value !== this.was.text;
    const moved = Math.abs(typed.start_s - this.row.start_s) > 1e-6 || Math.abs(typed.end_s - this.row.end_s) > 1e-6;
    this.was = { text: this.text.value, in: this.in.value, out: this.out.value };
    // The text first: other times may give the caption another number.
    if (text || reviewed) await change("text", { index: typed.index, lines: typed.lines, reviewed });
    if (moved) await change("times", { index: typed.index, start_s: typed.start_s, end_s: typed.end_s });
    if (!moved && !text && !reviewed) this.reset();
  }

  revert() {
    clearTimeout(this.timer);
    this.text.value = this.was.text;
    this.reset();
    this.verdict(this.row);
    this.table.grew(this);
  }

  async speak() {
    if (this.speaker.value === this.speaker.dataset.was) return;
    // One for each line ("S1 / S2"), else one for all of it.
    const names = this.speaker.value.split(" / "), each = this.row.lines.length > 1 && names.length === this.row.lines.length;
    const indices = each ? [this.index] : this.table.chosen(this.index);
    if (!(await change("speaker", { indices, speakers: each ? names : [this.speaker.value] }))) this.speaker.value = this.speaker.dataset.was;
  }

  async mark() {
    const reviewed = this.reviewed.checked;
    await this.commit();
    await change("review", { indices: this.table.chosen(this.index), reviewed });
  }
}

const cell = (role, child) => el("div", { role }, child);

/** Numbers, those over their limit in words and colour. */
function over(element, numbers) {
  element.replaceChildren(...numbers.map(([shown, beyond, limit]) =>
    el("span", beyond ? { class: "cap-over", title: t("subtitles.at_most", { limit }) } : {},
      beyond ? `${shown} > ${limit}` : shown)));
}
