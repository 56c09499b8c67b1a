// What concerns many captions: the style they are held against, shifting, files in and out.

import { get, post, put, url } from "./api.js";
import { after, change, commit, current, load, selected, sheet, timebase } from "./subtitles_data.js";
import { ask } from "./subtitles_ask.js";
import { beat, el, emit, fail, t } from "./state.js";

const choices = get("captions/choices");
const field = (key, control) => el("label", { class: "ap-field" }, el("span", {}, t(`subtitles.${key}`)), control);

/** The style: another one to judge by, all text laid out anew, what can be mended. */
export function style() {
  const chosen = el("select", { class: "ap-select", id: "cap-style" });
  const numbers = el("p", { class: "ap-dim cap-limits" });
  choices.then(({ styles }) => {
    chosen.append(el("option", { value: "" }, t("subtitles.style_own")), ...styles.map(each => el("option", { value: each.name }, `${each.title} (${each.name})`)));
    draw();
  }).catch(fail);
  chosen.addEventListener("change", async () => {
    await commit();
    await post("captions/style", { style: chosen.value }).catch(fail);
    await load();
    beat();
  });
  const anew = el("button", { class: "ap-btn", id: "cap-layout", onclick: async () => {
    const title = chosen.selectedOptions[0]?.textContent ?? "";
    await commit();
    const kept = sheet.captions.filter(row => row.edited || row.reviewed).length;
    if (!(await ask(t("subtitles.ask_layout", { style: title }), t("subtitles.layout"), t("subtitles.ask_layout_detail", { count: kept })))) return;
    await post("captions/layout", { style: chosen.value || sheet.style.name }).catch(fail);
    beat();
  } }, t("subtitles.layout"));
  const mending = mend();
  const draw = () => {
    anew.disabled = !sheet?.transcribed;
    mending.draw();
    if (!sheet) return;
    if (document.activeElement !== chosen) chosen.value = sheet.chosen;
    const own = chosen.options[0];
    if (own) own.textContent = sheet.chosen ? t("subtitles.style_own") : t("subtitles.style_own_named", { style: sheet.style.name });
    const { style: used } = sheet;
    const row = sheet.captions[Math.max(current, 0)];
    numbers.textContent = t("subtitles.limits", {
      lines: used.max_lines, cpl: row?.cpl_limit[0] ?? "–", cps: row?.cps_limit ?? "–", gap: used.gap_frames,
      shortest: used.min_duration_s, longest: used.max_duration_s,
    });
  };
  return { element: el("div", { class: "cap-form" }, field("style", chosen), numbers, el("div", { class: "ap-bar cap-tight" }, mending.element, anew)), draw };
}

/** Mends what can be mended, and says how much that was. */
function mend() {
  const button = el("button", { class: "ap-btn", id: "cap-mend", title: t("subtitles.mend_title"), onclick: async () => {
    button.disabled = true;
    const answer = await after("mend", () => ({}));
    if (answer) emit("tell", { text: t("subtitles.mended", { mended: answer.mended, left: answer.left }) });
    draw();
  } });
  const draw = () => {
    button.textContent = t("subtitles.mend", { count: sheet?.mendable ?? 0 });
    button.disabled = !sheet?.mendable;
  };
  return { element: button, draw };
}

/** Captions earlier or later: one, those selected, all from here on, or all. */
export function shift() {
  const amount = el("input", { class: "ap-input ap-num", id: "cap-shift", type: "number", value: "1", min: "0", step: "any" });
  const unit = el("select", { class: "ap-select", id: "cap-shift-unit" },
    ["frames", "seconds"].map(key => el("option", { value: key }, t(`subtitles.${key}`))));
  const which = el("select", { class: "ap-select", id: "cap-shift-which" },
    ["selected", "onwards", "every"].map(key => el("option", { value: key }, t(`subtitles.shift_${key}`))));
  const moved = sign => after("shift", () => {
    const by = Number(amount.value) * sign, count = sheet.captions.length, from = Math.max(current, 0);
    if (!Number.isFinite(by) || by === 0) return null;
    const indices = which.value === "selected" ? [...(selected.size ? selected : [from])]
      : Array.from({ length: which.value === "every" ? count : count - from }, (_, n) => (which.value === "every" ? n : from + n));
    return { indices, by_s: unit.value === "frames" ? timebase.seconds(by) : by };
  });
  const element = el("div", { class: "cap-form" },
    el("div", { class: "cap-pair" }, field("shift_by", amount), field("unit", unit)),
    field("shift_which", which),
    el("div", { class: "ap-bar cap-tight" },
      el("button", { class: "ap-btn", id: "cap-earlier", onclick: () => moved(-1) }, "←", t("subtitles.earlier")),
      el("button", { class: "ap-btn", id: "cap-later", onclick: () => moved(1) }, t("subtitles.later"), "→")));
  return { element, draw: () => {} };
}

/** A subtitle file in place of the captions. */
export function bringIn(id) {
  const file = el("input", { type: "file", class: "ap-hidden", id: `${id}-file`, tabindex: "-1", "aria-label": t("subtitles.import") });
  choices.then(({ formats }) => file.setAttribute("accept", [...new Set(formats.map(each => `.${each.suffix.split(".").at(-1)}`)), ".xml", ".dfxp", ".itt"].join(",")));
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    await commit();
    if (sheet?.captions.length && !(await ask(t("subtitles.ask_import", { name: chosen.name }), t("subtitles.import_yes"), t("subtitles.ask_import_detail", { count: sheet.captions.length })))) return;
    try {
      const answer = await put(`captions/file/${encodeURIComponent(chosen.name)}`, chosen);
      emit("tell", { text: [t("subtitles.imported", { count: answer.captions.length }), ...answer.notes].join(" ") });
    } catch (error) {
      fail(error);
    }
    await load();
    beat();
  });
  return el("span", {}, file, el("button", { class: "ap-btn", id, onclick: () => file.click() }, t("subtitles.import")));
}

/** A file in any format, and what it would not hold. */
export function files() {
  const kind = el("select", { class: "ap-select", id: "cap-format" });
  const lost = el("ul", { class: "cap-losses ap-dim", "aria-live": "polite" });
  const link = el("a", { class: "ap-btn", id: "cap-export", download: "" }, t("subtitles.export"));
  choices.then(({ formats }) => {
    kind.append(...formats.map(each => el("option", { value: each.kind }, `${each.kind.toUpperCase()} (${each.suffix})`)));
    draw();
  }).catch(fail);
  let told = "";
  async function draw() {
    const any = Boolean(sheet?.captions.length);
    link.classList.toggle("disabled", !any);
    link.setAttribute("aria-disabled", String(!any));
    if (!any || !kind.value) return;
    link.href = url("captions/file", { kind: kind.value });
    const key = `${sheet.stamp} ${kind.value}`;
    if (key === told || !link.offsetParent) return;
    told = key;
    const { losses } = await get("captions/losses", { kind: kind.value }).catch(() => ({ losses: [] }));
    if (key === told) lost.replaceChildren(...losses.map(text => el("li", {}, text)));
  }
  kind.addEventListener("change", draw);
  link.addEventListener("click", async event => {
    if (link.getAttribute("aria-disabled") === "true") event.preventDefault();
    else await commit(); // what is being typed belongs to the file
  });
  return {
    element: el("div", { class: "cap-form" }, field("format", kind), lost, el("div", { class: "ap-bar cap-tight" }, link, bringIn("cap-import"))),
    draw,
  };
}
