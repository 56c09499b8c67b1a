// The preset and the spoken language of what runs next: chosen here, kept by the server for the folder.
//
// Events: preset (what is chosen now), preset-reset (its options are as the preset ships).

import { get, post } from "./api.js";
import { el, emit, fail, on, t } from "./state.js";

let known = null;

/** {presets, languages, chosen}, asked once and after changes. */
export const offer = async (anew = false) => {
  if (!known || anew) known = await get("presets");
  return known;
};

let keeping = Promise.resolve();
/** Resolves once the last choice is with the server: what runs next is what is shown. */
export const settled = () => keeping;

/** Keeps another choice, and tells every part by the event `preset`. */
export function choose(choice) {
  keeping = keeping.then(() => keep(choice));
  return keeping;
}

async function keep(choice) {
  const chosen = await post("presets/choose", choice).catch(fail);
  if (!chosen) return;
  known.chosen = chosen;
  emit("preset", chosen);
}

/** The preset's own options again. */
export async function reset() {
  known.chosen = await post("presets/reset");
  emit("preset", known.chosen);
  emit("preset-reset", known.chosen);
}

const current = () => known.presets.find(each => each.name === known.chosen.preset);

/**
 * Two fields, preset and spoken language, with a line that says what the preset does; `id` begins their ids.
 * Every such pair on the page shows the same choice.
 */
export async function fields(id) {
  await offer();
  const preset = el("select", { class: "ap-select", id: `${id}-preset`, "aria-describedby": `${id}-about`,
    onchange: () => choose({ preset: preset.value }) },
    known.presets.map(each => el("option", { value: each.name }, each.title)));
  const language = el("select", { class: "ap-select", id: `${id}-language`, onchange: () => choose({ language: language.value }) });
  const about = el("p", { class: "ap-dim preset-about", id: `${id}-about` });
  const changed = el("p", { class: "preset-changed", role: "status" });

  const show = () => {
    const now = current();
    preset.value = now.name;
    about.textContent = now.summary;
    const own = known.languages.find(each => each.tag === now.language)?.name || now.language;
    language.replaceChildren(
      el("option", { value: "" }, now.language ? t("project.by_preset_language", { language: own }) : t("project.detect")),
      ...known.languages.map(each => el("option", { value: each.tag }, each.name)));
    language.value = now.speaks ? known.chosen.language : "";
    language.disabled = !now.speaks;
    const options = Object.entries(known.chosen.options);
    changed.hidden = !options.length;
    changed.replaceChildren(
      t("project.options_changed", { list: options.map(([name, value]) => `${name} = ${value ?? "–"}`).join(", ") }), " ",
      el("button", { class: "ap-btn quiet", onclick: () => reset().catch(fail) }, t("project.options_reset")));
  };
  on("preset", show);
  show();
  return {
    row: el("div", { class: "preset-fields" },
      el("label", { class: "ap-field" }, el("span", {}, t("project.preset")), preset),
      el("label", { class: "ap-field" }, el("span", {}, t("project.spoken")), language)),
    about,
    changed,
  };
}
