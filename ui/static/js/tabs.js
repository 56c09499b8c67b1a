// Which of Gradio's tabs is shown: told to the other parts, and found again after a reload.

import { emit } from "./state.js";

const KEPT = "audiopost-tab";
const selected = () => document.querySelector("#tabs [role=tab][aria-selected=true]")?.dataset.tabId;

export let tab = "";

export function watchTabs() {
  const bar = document.querySelector("#tabs [role=tablist]");
  if (!bar) {
    setTimeout(watchTabs, 50); // Gradio has not drawn its tabs yet
    return;
  }
  const tell = () => {
    const now = selected();
    if (!now || now === tab) return;
    tab = now;
    sessionStorage.setItem(KEPT, now);
    document.body.dataset.tab = now;
    emit("tab", { name: now });
  };
  new MutationObserver(tell).observe(bar, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-selected"] });
  const before = sessionStorage.getItem(KEPT);
  if (before && before !== selected()) document.getElementById(`tab-${before}-button`)?.click();
  tell();
}

/** Shows a tab, as a click on it would. */
export const show = name => document.getElementById(`tab-${name}-button`)?.click();
