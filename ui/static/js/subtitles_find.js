// Find and replace: counted as one types, plain or by regular expression, in all captions or those selected.

import { post } from "./api.js";
import { after, commit, current, goTo, selected, sheet } from "./subtitles_data.js";
import { el, emit, t } from "./state.js";

const COUNT_AFTER_MS = 250;

export function findAndReplace() {
  const find = el("input", { class: "ap-input", id: "cap-find", spellcheck: "false", autocomplete: "off" });
  const by = el("input", { class: "ap-input", id: "cap-replace", spellcheck: "false", autocomplete: "off" });
  const option = key => el("input", { type: "checkbox", id: `cap-${key}` });
  const cased = option("match_case"), whole = option("whole_words"), regex = option("regex"), only = option("only_selected");
  const count = el("span", { class: "cap-count", role: "status", "aria-live": "polite" });
  let hits = [], timer = 0, asking = 0;

  const asked = () => ({
    find: find.value, match_case: cased.checked, whole_words: whole.checked, regex: regex.checked,
    indices: only.checked ? [...selected] : null,
  });
  async function counted() {
    clearTimeout(timer);
    const turn = ++asking; // an answer that comes after a later question is none
    hits = [];
    count.classList.remove("bad");
    count.textContent = "";
    if (!find.value || !sheet) return;
    try {
      const answer = await post("captions/find", asked());
      if (turn !== asking) return;
      hits = answer.indices;
      count.textContent = t("subtitles.found", { hits: answer.hits, captions: hits.length });
    } catch (error) {
      if (turn !== asking) return;
      count.textContent = error.message; // half a pattern is none: said here, not in a box of its own
      count.classList.add("bad");
    }
  }
  const soon = () => { clearTimeout(timer); timer = setTimeout(counted, COUNT_AFTER_MS); };
  find.addEventListener("input", soon);
  [cased, whole, regex, only].forEach(each => each.addEventListener("change", counted));

  async function next(step) {
    await commit();
    await counted();
    if (!hits.length) return;
    const on = step > 0 ? hits.find(index => index > current) ?? hits[0] : hits.findLast(index => index < current) ?? hits.at(-1);
    goTo(on, { focus: "row", keep: only.checked });
    find.focus();
  }
  async function replace() {
    if (!find.value) return;
    const answer = await after("replace", () => ({ ...asked(), by: by.value }));
    if (answer) emit("tell", { text: t("subtitles.replaced", { hits: answer.hits, captions: answer.changed }) });
    counted();
  }
  find.addEventListener("keydown", event => event.key === "Enter" && next(event.shiftKey ? -1 : 1));
  by.addEventListener("keydown", event => event.key === "Enter" && replace());

  const check = (box, key) => el("label", { class: "cap-option" }, box, t(`subtitles.${key}`));
  const element = el("div", { class: "cap-form" },
    el("label", { class: "ap-field" }, el("span", {}, t("subtitles.find")), find),
    el("label", { class: "ap-field" }, el("span", {}, t("subtitles.replace_by")), by),
    el("div", { class: "cap-options" }, check(cased, "match_case"), check(whole, "whole_words"), check(regex, "regex"), check(only, "only_selected")),
    el("div", { class: "ap-bar cap-tight" },
      el("button", { class: "ap-btn", id: "cap-find-previous", "aria-label": t("subtitles.find_previous"), title: t("subtitles.find_previous"), onclick: () => next(-1) }, "↑"),
      el("button", { class: "ap-btn", id: "cap-find-next", "aria-label": t("subtitles.find_next"), title: t("subtitles.find_next"), onclick: () => next(1) }, "↓"),
      el("button", { class: "ap-btn", id: "cap-replace-all", onclick: replace }, t("subtitles.replace_all")), count));
  return { element, draw: () => {}, open: () => find.focus() };
}
