// What goes out (sheets, markers, timelines, guides) and what comes back (an edited sheet); the head of the rights sheet.

import { get, post, put, url } from "./api.js";
import { desk, take } from "./cues_data.js";
import { el, emit, fail, t } from "./state.js";

/** Which formats belong together, in the order they are asked for. */
const GROUPS = {
  sheets: ["csv", "xlsx", "pdf", "html", "json"],
  timelines: ["otio", "edl", "resolve", "avid", "pro-tools", "midi", "aaf", "reaper", "premiere", "fcpxml", "audition"],
  rights: ["rights-csv", "rights-xlsx", "rights-pdf"],
  others: ["scenes-csv", "scenes-otio", "emotion-csv", "emotion-json"],
};

export function sheets() {
  const file = el("input", { type: "file", class: "ap-hidden", id: "cue-sheet-file", accept: ".csv,.tsv,.xlsx,.json", tabindex: "-1", "aria-hidden": "true", onchange: () => bringIn(file) });
  return el("span", { class: "cue-sheets" },
    el("button", { class: "ap-btn", id: "cues-export", onclick: takeOut, title: t("cuespage.do_export") }, t("cuespage.export")),
    el("button", { class: "ap-btn", id: "cues-import", onclick: () => file.click(), title: t("cuespage.do_import") }, t("cuespage.import")), file);
}

async function bringIn(file) {
  const [chosen] = file.files;
  file.value = "";
  if (!chosen) return;
  try {
    const answer = take(await put(`cues/sheet/${encodeURIComponent(chosen.name)}`, chosen));
    emit("tell", { kind: "info", text: t("cuespage.sheet_taken", { count: answer.count }) });
  } catch (error) {
    fail(error);
  }
}

export function dialog(title, ...content) {
  const close = el("button", { class: "ap-btn", onclick: () => box.close() }, t("cuespage.close"));
  const box = el("dialog", { class: "ap-dialog live cue-dialog", "aria-label": title }, el("h2", {}, title), ...content, el("div", { class: "cue-dialog-end" }, close));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

function takeOut() {
  const formats = new Map(desk.formats.map(each => [each.name, each]));
  const listed = Object.values(GROUPS).flat();
  // A format that is new stands under the others.
  const groups = { ...GROUPS, others: [...GROUPS.others, ...[...formats.keys()].filter(name => !listed.includes(name))] };
  const guides = el("div", { class: "cue-formats" }, link("guides", url("cues/guides"), t("cuespage.all_guides"), t("cuespage.do_all_guides")));
  dialog(t("cuespage.export"),
    ...Object.entries(groups).flatMap(([group, names]) => {
      const there = names.filter(name => formats.has(name) && desk.has[formats.get(name).needs]);
      if (!there.length) return [];
      return [
        el("h3", {}, t(`cuespage.group_${group}`), group === "rights" ? el("button", { class: "ap-btn quiet", id: "cues-programme", onclick: programme }, t("cuespage.programme")) : null),
        el("div", { class: "cue-formats" }, there.map(name => link(name, url(`cues/export/${name}`), formatName(formats.get(name)), t(`cuespage.format_${name.replaceAll("-", "_")}`)))),
      ];
    }),
    el("h3", {}, t("cuespage.group_guides")), guides);
}

const formatName = format => format.suffix.replace(/^\./, "");

const link = (name, href, title, help) => el("a", { class: "ap-btn cue-format", id: `cue-export-${name}`, href, download: "" },
  el("span", { class: "ap-mono" }, title), el("span", { class: "ap-dim" }, help));

async function programme() {
  const fields = await get("cues/programme").catch(fail);
  const inputs = (fields || []).map(({ name, title, value }) => el("label", { class: "ap-field" }, el("span", {}, title), el("input", { class: "ap-input", name, value, maxlength: 1000, autocomplete: "off" })));
  const form = el("form", { class: "cue-programme", method: "dialog" }, inputs, el("button", { class: "ap-btn primary" }, t("cuespage.keep")));
  const box = dialog(t("cuespage.programme"), el("p", { class: "ap-dim" }, t("cuespage.programme_help")), form);
  form.addEventListener("submit", async event => {
    event.preventDefault();
    try {
      await post("cues/programme", Object.fromEntries(new FormData(form)));
      box.close();
    } catch (error) {
      fail(error);
    }
  });
}
