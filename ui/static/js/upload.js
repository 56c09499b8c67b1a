// Files on their way in: several at once wait for each other, each with its bar; what is refused says why and stays.

import { put } from "./api.js";
import { beat, el, emit, t } from "./state.js";

/**
 * A button, a place to drop files, and the list of what is coming in.
 *   opened    whether what came in becomes the recording that is open
 *   done      called with the name of each recording that is here
 *   limit     () -> the largest file the server takes, in bytes
 * Returns {button, list, drop(target)}.
 */
export function uploads({ id, opened = true, done = () => {}, limit = () => Infinity }) {
  const input = el("input", { type: "file", multiple: true, id: `${id}-file`, class: "ap-hidden", tabindex: -1,
    accept: "audio/*,video/*,.mkv,.mxf,.flac,.opus,.aiff,.aif,.caf,.w64,.rf64", "aria-label": t("project.bring_in_title") });
  const button = el("button", { class: "ap-btn primary", id: `${id}-button`, title: t("project.bring_in_title"), onclick: () => input.click() },
    t("project.bring_in"));
  const list = el("ul", { class: "uploads", id: `${id}-list`, "aria-live": "polite" });
  const waiting = [];
  let busy = false;

  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = ""; // the same file can be chosen again
  });

  function add(files) {
    for (const file of files) waiting.push({ file, row: row(file) });
    if (!busy) next();
  }

  function row(file) {
    const bar = el("i"), said = el("span", { class: "ap-dim ap-num" }, t("project.queued_upload"));
    const progress = el("span", { class: "ap-progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("project.uploading", { name: file.name }) }, bar);
    const close = el("button", { class: "ap-btn quiet", "aria-label": t("project.stop_upload", { name: file.name }) }, "×");
    const item = el("li", {}, el("span", { class: "upload-name" }, file.name), progress, said, close);
    const made = { item, bar, progress, said, close, stopped: new AbortController() };
    close.addEventListener("click", () => {
      made.stopped.abort();
      const at = waiting.findIndex(each => each.row === made);
      if (at >= 0) waiting.splice(at, 1);
      item.remove();
    });
    list.append(item);
    return made;
  }

  async function next() {
    const first = waiting.shift();
    busy = Boolean(first);
    if (!first) return;
    await send(first).catch(error => refused(first, error.message));
    next();
  }

  async function send({ file, row }) {
    if (file.size > limit()) throw new Error(t("project.too_large_here", { limit: Math.round(limit() / 1e6) }));
    if (!file.size) throw new Error(t("project.empty_file"));
    const path = `media/${encodeURIComponent(file.name)}?opened=${opened}`;
    const answer = await put(path, file, share => {
      const percent = Math.round(share * 100);
      row.bar.style.width = `${percent}%`;
      row.progress.setAttribute("aria-valuenow", percent);
      row.said.textContent = `${percent} %`;
    }, row.stopped.signal);
    if (!answer) return;
    row.item.remove();
    emit("tell", { text: t("project.uploaded", { name: answer.recording }), kind: "info" });
    done(answer.recording);
    await beat();
  }

  function refused({ file, row }, why) {
    row.item.className = "refused";
    row.item.setAttribute("role", "alert");
    row.close.setAttribute("aria-label", t("project.dismiss"));
    row.item.replaceChildren(el("span", { class: "upload-name" }, t("project.refused", { name: file.name, why })), row.close);
  }

  function drop(target) {
    const over = event => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      target.classList.add("over");
    };
    target.addEventListener("dragenter", over);
    target.addEventListener("dragover", over);
    target.addEventListener("dragleave", event => target.contains(event.relatedTarget) || target.classList.remove("over"));
    target.addEventListener("drop", event => {
      target.classList.remove("over");
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      add([...event.dataTransfer.files]);
    });
  }

  return { button, input, list, drop };
}
