// Spotting the music anew: by which rules, how densely, in which language; what people decided is kept, or not.

import { post } from "./api.js";
import { desk } from "./cues_data.js";
import { dialog } from "./cues_sheets.js";
import { beat, el, emit, fail, t } from "./state.js";

const LANGUAGES = { en: "English", "zh-hant": "繁體中文", "zh-hans": "简体中文" };

export function spotting() {
  if (!desk) return;
  const decided = desk.decided;
  const keep = el("input", { type: "checkbox", id: "cue-keep", checked: true });
  const rest = desk.spotting.filter(option => !["rules", "language", "share"].includes(option.name));
  const pick = name => desk.spotting.find(option => option.name === name);
  const form = el("form", { class: "cue-spotting", method: "dialog" },
    field(pick("rules")), field(pick("language")), field(pick("share")),
    el("details", {}, el("summary", {}, t("cuespage.more")), el("div", { class: "cue-spotting-more" }, rest.map(field))),
    desk.cues === null ? null : el("label", { class: "cue-check" }, keep, el("span", {}, t("cuespage.keep_decided", { count: decided }))),
    el("p", { class: "ap-note" }, t(desk.cues === null ? "cuespage.spot_makes" : "cuespage.spot_replaces", { count: desk.count, decided })),
    el("button", { class: "ap-btn primary", id: "cue-spot-go" }, t("cuespage.spot_go")));
  const box = dialog(t("cuespage.spot"), form);
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const options = Object.fromEntries(desk.spotting.map(option => [option.name, value(form, option)]));
    try {
      await post("cues/spot", { options, keep: keep.checked });
      box.close();
      emit("tell", { kind: "info", text: t("cuespage.spot_began") });
      beat();
    } catch (error) {
      fail(error);
    }
  });
}

function field(option) {
  const id = `cue-spot-${option.name}`, shown = option.value ?? "";
  const names = { language: LANGUAGES, rules: Object.fromEntries(option.choices.map(name => [name, t(`cuespage.rules_${name.replaceAll("-", "_")}`)])) }[option.name] || {};
  const input = option.choices.length
    ? el("select", { class: "ap-select", id, name: option.name }, option.choices.map(choice => el("option", { value: choice, selected: choice === option.value }, names[choice] || choice)))
    : el("input", { class: "ap-input", id, name: option.name, type: "number", step: "any", min: option.low, max: option.high, value: option.name === "share" && option.value != null ? 100 * option.value : shown, placeholder: t("cuespage.by_rules") });
  if (option.name === "share") Object.assign(input, { min: 0, max: 100 });
  return el("label", { class: "ap-field" }, el("span", {}, t(`cuespage.option_${option.name}`)), input);
}

function value(form, option) {
  const typed = form.elements[option.name].value;
  if (option.choices.length) return typed;
  return typed === "" ? null : Number(typed) / (option.name === "share" ? 100 : 1);
}
