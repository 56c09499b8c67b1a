// What is told to the person in passing: at the corner, read out by screen readers, gone by itself unless it is an error.

import { el, on, t } from "./state.js";

const SECONDS = { info: 6, error: 20 };
const MOST = 4;

export function mountMessages() {
  const polite = el("div", { role: "status", "aria-live": "polite" });
  const urgent = el("div", { role: "alert", "aria-live": "assertive" });
  document.body.append(el("div", { class: "live messages", id: "messages" }, urgent, polite));
  on("tell", ({ text, kind = "info" }) => {
    const box = kind === "error" ? urgent : polite;
    const same = [...box.children].find(each => each.dataset.text === text);
    same?.remove();
    const close = el("button", { class: "ap-btn quiet", "aria-label": t("workbench.close") }, "×");
    const message = el("div", { class: `message ${kind}`, "data-text": text }, el("span", {}, text), close);
    close.addEventListener("click", () => message.remove());
    box.append(message);
    while (box.children.length > MOST) box.firstChild.remove();
    setTimeout(() => message.remove(), 1000 * SECONDS[kind]);
  });
}
