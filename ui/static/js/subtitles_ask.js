// A question before something that cannot be wanted by mistake.

import { el, t } from "./state.js";

/** Resolves to whether the person said yes. */
export function ask(question, yes, detail = "") {
  return new Promise(resolve => {
    const done = answer => () => { dialog.close(); resolve(answer); };
    const dialog = el("dialog", { class: "ap-dialog live cap-ask", "aria-label": question },
      el("p", {}, el("strong", {}, question)), detail ? el("p", {}, detail) : null,
      el("div", { class: "ap-bar" }, el("span", { class: "ap-gap" }),
        el("button", { class: "ap-btn", onclick: done(false) }, t("subtitles.cancel")),
        el("button", { class: "ap-btn primary", onclick: done(true) }, yes)));
    dialog.addEventListener("cancel", () => resolve(false));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}
