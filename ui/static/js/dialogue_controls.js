// Controls out of Options: what controls.py describes, as fields that tell what was set.

import { el, t } from "./state.js";

const STEPS = 100;

/** The field of one option; `change(value)` is called when it was set. */
export function control(spec, change, { bare = false } = {}) {
  const id = `set-${spec.name.replaceAll(".", "-")}`;
  const field = input(spec, id, change);
  if (spec.kind === "bool") return el("label", { class: "dialogue-check", title: spec.help }, field, bare ? el("span", { class: "ap-hidden" }, spec.label) : spec.label);
  return el("label", { class: "ap-field dialogue-field", title: spec.help }, el("span", {}, spec.label), field);
}

function input(spec, id, change) {
  if (spec.kind === "bool") {
    const box = el("input", { type: "checkbox", id, checked: spec.value });
    box.addEventListener("change", () => change(box.checked));
    return box;
  }
  if (spec.choices.length) {
    const select = el("select", { class: "ap-select", id }, [...(spec.optional ? [""] : []), ...spec.choices].map(each => el("option", { value: each, selected: each === (spec.value ?? "") }, each || t("dialogue.not_set"))));
    select.addEventListener("change", () => change(select.value || null));
    return select;
  }
  if (spec.kind === "str") {
    const text = el("input", { class: "ap-input", id, value: spec.value ?? "" });
    text.addEventListener("change", () => change(text.value || null));
    return text;
  }
  return spec.low != null && spec.high != null && !spec.optional ? slider(spec, id, change) : number(spec, id, change);
}

const parsed = (spec, text) => {
  if (text.trim() === "") return spec.optional ? null : spec.value;
  const value = Number(text.replace(",", ".").replace("−", "-"));
  return Number.isFinite(value) ? value : spec.value;
};

function number(spec, id, change) {
  const field = el("input", { class: "ap-input ap-num dialogue-number", id, inputmode: "decimal", value: spec.value ?? "", placeholder: spec.optional ? t("dialogue.no_limit") : "" });
  field.addEventListener("change", () => change(parsed(spec, field.value)));
  return field;
}

function slider(spec, id, change) {
  const step = spec.kind === "int" ? 1 : (spec.high - spec.low) / STEPS;
  const range = el("input", { type: "range", id, min: spec.low, max: spec.high, step, value: spec.value });
  const field = el("input", { class: "ap-input ap-num dialogue-number", inputmode: "decimal", value: spec.value, "aria-label": spec.label });
  range.addEventListener("input", () => { field.value = Math.round(Number(range.value) * 100) / 100; });
  range.addEventListener("change", () => change(Number(range.value)));
  field.addEventListener("change", () => { range.value = parsed(spec, field.value); change(Number(range.value)); });
  return el("span", { class: "dialogue-slider" }, range, field);
}
