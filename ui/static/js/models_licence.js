// The question before a model is fetched: what comes from where, under which licence; it goes on only once that is accepted.

import { el, t } from "./state.js";

/** Resolves to the licence that the person accepted, to "" where it was not. */
export function askLicence(model, store) {
  return new Promise(resolve => {
    const accept = el("input", { type: "checkbox", id: "models-accept" });
    const go = el("button", { class: "ap-btn primary", id: "models-go", disabled: true }, t("models.ask_go"));
    const line = (text, more = {}) => el("p", more, text);
    const dialog = el("dialog", { class: "ap-dialog live models-ask", "aria-labelledby": "models-ask-title" },
      el("h2", { id: "models-ask-title" }, t("models.ask_title", { model: model.name })),
      line(model.note, { class: "ap-dim" }),
      line(t("models.ask_what", { size: model.size_mb, source: model.source, path: `${store}/${model.name}` })),
      el("div", { class: model.commercial ? "ap-note" : "ap-note warn", id: "models-licence" },
        el("strong", {}, t("models.ask_terms", { licence: model.licence })), " ", model.licence_means),
      line(t("models.read_terms", { url: model.source }), { class: "models-url" }),
      model.gated ? el("div", { class: "ap-note warn" }, t("models.gated_how")) : null,
      model.package ? el("div", { class: "ap-note warn" }, t("models.package_first", { command: model.package })) : null,
      el("label", { class: "models-accept" }, accept, el("span", {}, t("models.ask_accept", { model: model.name }))),
      el("div", { class: "ap-bar" }, el("span", { class: "ap-gap" }),
        el("button", { class: "ap-btn", onclick: () => dialog.close() }, t("models.ask_cancel")), go));
    let accepted = "";
    accept.addEventListener("change", () => { go.disabled = !accept.checked; });
    go.addEventListener("click", () => {
      accepted = model.licence;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(accepted);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
