// The checks; what was delivered: the files with how each was made, downloads, all as one zip, and the report to be read here.

import { url } from "./api.js";
import { latest } from "./deliver.js";
import { drawChecks } from "./deliver_checks.js";
import { el, on, ready, t } from "./state.js";

const SIZES = [[1e9, "GB", 2], [1e6, "MB", 1], [1e3, "kB", 0]];
const size = bytes => {
  const [unit, name, decimals] = SIZES.find(([least]) => bytes >= least) || SIZES[2];
  return `${(bytes / unit).toFixed(decimals)} ${name}`;
};

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  const checks = el("section", { class: "ap-panel", id: "deliver-checks", hidden: true, "aria-label": t("deliver.checks") });
  const files = el("section", { class: "ap-panel", id: "delivered-files", "aria-labelledby": "delivered-title" });
  const page = el("section", { class: "ap-panel", id: "delivered-page", hidden: true, "aria-label": t("deliver.report") });
  root.classList.add("deliver");
  root.append(checks, files, page);
  let shown = "";
  const show = file => {
    page.hidden = false;
    const where = url("deliver/page", { key: file.kind });
    page.replaceChildren(
      el("header", {}, el("span", { role: "heading", "aria-level": 2 }, file.file), el("span", { class: "ap-gap" }),
        el("a", { class: "ap-btn", href: where, target: "_blank", rel: "noopener" }, t("deliver.open_tab"))),
      el("iframe", { sandbox: "", title: file.file, src: where, class: "delivered-frame" }));
    shown = file.kind;
  };
  const take = found => {
    checks.hidden = !found;
    if (found) drawChecks(checks, found);
    draw(files, found, show);
    const report = found?.delivered.find(each => each.page && each.kind === (shown || "report"));
    if (report) show(report);
    else page.hidden = true;
  };
  on("deliverables", take);
  if (latest !== undefined) take(latest);
}

function draw(panel, found, show) {
  const files = found?.delivered ?? [];
  panel.replaceChildren(
    el("header", {}, el("span", { id: "delivered-title", role: "heading", "aria-level": 2 }, t("deliver.files")),
      files.length ? el("span", { class: "ap-tag ap-num" }, String(files.length)) : null, el("span", { class: "ap-gap" }),
      files.length ? el("a", { class: "ap-btn", id: "delivered-zip", href: url("deliver/zip"), download: "" }, t("deliver.zip")) : null),
    ...(files.length && found.stale ? [el("p", { class: "ap-note warn", role: "status" }, t("deliver.stale"))] : []),
    files.length ? table(files, show) : el("p", { class: "ap-empty" }, t("deliver.files_none")),
  );
}

function table(files, show) {
  const heads = ["file", "size", "made", "get"].map(name => el("th", { scope: "col", class: name === "size" ? "num" : null }, t(`deliver.col_${name}`)));
  return el("div", { class: "delivered-scroll" }, el("table", { class: "ap-table", id: "delivered-table" }, el("thead", {}, el("tr", {}, heads)),
    el("tbody", {}, files.map(file => el("tr", { "data-kind": file.kind },
      el("th", { scope: "row" }, file.file,
        file.edited ? el("span", { class: "ap-tag warn", title: t("deliver.edited_why") }, t("deliver.edited")) : null,
        file.earlier ? el("span", { class: "ap-tag" }, t("deliver.earlier")) : null),
      el("td", { class: "num" }, size(file.size)),
      el("td", { class: "delivered-made" }, file.disclosure, file.encoding ? el("div", { class: "ap-dim" }, file.encoding) : null),
      el("td", { class: "delivered-get" },
        el("a", { class: "ap-btn quiet", href: url("deliver/file", { key: file.kind }), download: file.file, "aria-label": t("deliver.download_name", { name: file.file }) }, t("deliver.download")),
        file.page ? el("button", { class: "ap-btn quiet", "aria-label": t("deliver.show_name", { name: file.file }), onclick: () => show(file) }, t("deliver.show")) : null))))));
}
