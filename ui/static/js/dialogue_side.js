// Beside the chain: presets of one's own, and what was done, to go back to.

import { post } from "./api.js";
import { beat, el, emit, fail, t } from "./state.js";

export function presetsPanel(reload) {
  const select = el("select", { class: "ap-select", id: "chain-preset", "aria-label": t("dialogue.presets") });
  const name = el("input", { class: "ap-input", id: "chain-name", maxlength: 60, placeholder: t("dialogue.preset_name"), "aria-label": t("dialogue.preset_name") });
  const remove = el("button", { class: "ap-btn danger", onclick: () => act("delete", { name: select.value }) }, t("dialogue.delete"));
  let own = [];
  const act = async (path, body) => {
    const answer = await post(`dialogue/${path}`, body).catch(fail);
    if (!answer) return;
    if (path === "save") emit("tell", { text: t("dialogue.saved", { name: answer.name }) });
    await beat();
    await reload();
  };
  const save = () => {
    const wanted = name.value.trim();
    if (!wanted) return name.focus();
    const there = own.some(each => each.name === wanted);
    if (there && !window.confirm(t("dialogue.replace", { name: wanted }))) return null;
    return act("save", { name: wanted, replace: there });
  };
  select.addEventListener("change", () => { remove.disabled = !own.some(each => each.name === select.value); });
  const element = el("section", { class: "ap-panel", "aria-label": t("dialogue.presets") },
    el("header", {}, t("dialogue.presets")),
    el("div", { class: "dialogue-body" },
      el("div", { class: "ap-bar" }, select, el("button", { class: "ap-btn", id: "chain-load", onclick: () => act("load", { name: select.value }) }, t("dialogue.load")), remove),
      el("div", { class: "ap-bar" }, name, el("button", { class: "ap-btn", id: "chain-save", onclick: save }, t("dialogue.save")))));
  const draw = state => {
    own = state.presets.own;
    const chosen = select.value || state.preset;
    const group = (label, list) => (list.length ? el("optgroup", { label }, list.map(each => el("option", { value: each.name, selected: each.name === chosen }, each.title))) : "");
    select.replaceChildren(group(t("dialogue.own"), own), group(t("dialogue.shipped"), state.presets.shipped));
    remove.disabled = !own.some(each => each.name === select.value);
  };
  return { element, draw };
}

export function historyPanel(reload) {
  const list = el("ol", { class: "dialogue-history", reversed: true });
  const element = el("section", { class: "ap-panel", "aria-label": t("dialogue.history") }, el("header", {}, t("dialogue.history")), el("div", { class: "dialogue-body" }, list));
  const back = async seq => {
    const answer = await post("dialogue/back", { seq }).catch(fail);
    if (!answer) return;
    await beat();
    await reload();
  };
  const draw = state => {
    const entries = [...state.history].reverse();
    const time = at => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    list.replaceChildren(...entries.map((entry, n) => el("li", {},
      el("button", { class: "ap-btn quiet", disabled: n === 0, title: t("dialogue.back_to"), onclick: () => back(entry.seq) },
        el("span", { class: "ap-dim ap-num" }, time(entry.at)), ` ${t(entry.label)} ${entry.detail}`))),
    entries.length ? el("li", {}, el("button", { class: "ap-btn quiet", onclick: () => back(entries.at(-1).seq - 1) }, t("dialogue.beginning"))) : el("li", { class: "ap-dim" }, t("dialogue.no_history")));
  };
  return { element, draw };
}
