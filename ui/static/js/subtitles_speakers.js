// Who speaks: how much, in which colour; renamed once, everywhere; two made one after a question.

import { after, sheet } from "./subtitles_data.js";
import { ask } from "./subtitles_ask.js";
import { clock, el, t } from "./state.js";

export function speakers(table) {
  const list = el("ul", { class: "cap-speakers" });
  const none = el("p", { class: "ap-dim" }, t("subtitles.no_speakers"));
  const draw = () => {
    none.hidden = Boolean(sheet?.speakers.length);
    if (list.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return;
    list.replaceChildren(...(sheet?.speakers ?? []).map(each => speaker(table, each)));
  };
  return { element: el("div", {}, list, none), draw };
}

function speaker(table, each) {
  const name = el("input", {
    class: "ap-input", value: each.name, maxlength: 60, spellcheck: "false", autocomplete: "off",
    "aria-label": t("subtitles.rename_speaker", { name: each.name }),
  });
  const renamed = async () => {
    const wanted = name.value.trim();
    if (!wanted || wanted === each.name) {
      name.value = each.name;
      return;
    }
    const merge = sheet.speakers.some(other => other.name === wanted);
    if (merge && !(await ask(t("subtitles.ask_merge", { name: each.name, other: wanted }), t("subtitles.merge_speakers"), t("subtitles.ask_merge_detail")))) {
      name.value = each.name;
      return;
    }
    if (!(await after("rename", () => ({ old: each.name, new: wanted, merge })))) name.value = each.name;
  };
  name.addEventListener("change", renamed);
  name.addEventListener("keydown", event => {
    if (event.key === "Enter") name.blur();
    if (event.key === "Escape") name.value = each.name;
  });
  const only = table.who === each.name;
  return el("li", {},
    el("i", { class: "cap-dot", style: `--who: ${table.colour(each.name)}`, "aria-hidden": "true" }),
    name,
    el("span", { class: "ap-num ap-dim" }, t("subtitles.speaker_counts", { captions: each.captions, time: clock(each.seconds, 0) })),
    el("button", {
      class: "ap-btn quiet", "aria-pressed": String(only), title: t("subtitles.only_speaker", { name: each.name }),
      "aria-label": t("subtitles.only_speaker", { name: each.name }), onclick: () => table.chooseFilter(only ? "all" : `who:${each.name}`),
    }, t("subtitles.only")));
}
