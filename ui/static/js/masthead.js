// The line above everything: which project and recording, what is being done, undo, language, light or dark.

import { post } from "./api.js";
import { icon } from "./icons.js";
import { beat, clock, el, emit, fail, language, on, pulse, ready, redo, t, undo } from "./state.js";
import { watchTabs } from "./tabs.js";
import { mountMessages } from "./messages.js";

const LANGUAGES = [["", "auto"], ["en", "English"], ["zh-hant", "繁體中文"], ["zh-hans", "简体中文"]];
const THEME = "audiopost-theme";

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("masthead");
  root.append(
    el("strong", { class: "masthead-name" }, "audiopost"),
    projectName(),
    recordings(),
    el("span", { class: "ap-gap" }),
    work(),
    history(),
    languages(),
    themes(),
    el("button", {
      class: "ap-btn quiet", title: t("workbench.help_title"), "aria-label": t("workbench.help_title"), id: "help",
      onclick: () => emit("key", { command: "help" }),
    }, "?"),
    leave(),
  );
  mountMessages();
  openLast();
  watchTabs();
  window.addEventListener("audiopost:signed-out", () => emit("tell", { kind: "error", text: t("workbench.signed_out") }), { once: true });
}

/** What was open when the page, or the server, went is opened again. */
function openLast() {
  let asked = "";
  on("pulse", now => {
    if (now.ready || !now.recording || asked === now.recording) return;
    asked = now.recording;
    post("open", { name: now.recording }).then(beat).catch(fail);
  });
}

function projectName() {
  const name = el("span", { class: "ap-dim masthead-project" });
  on("pulse", now => {
    name.textContent = now.login ? `${now.project} · ${now.login}` : now.project;
  });
  return name;
}

function recordings() {
  const select = el("select", { class: "ap-select masthead-recording", id: "recording", "aria-label": t("workbench.recording") });
  const draw = () => {
    const options = pulse.recordings.map(name => el("option", { value: name, selected: name === pulse.recording }, name));
    select.replaceChildren(...(options.length ? options : [el("option", { value: "" }, t("workbench.no_recording"))]));
    select.disabled = pulse.recordings.length === 0;
    select.value = pulse.recording;
  };
  let shown = null;
  on("pulse", now => {
    const state = JSON.stringify([now.recordings, now.recording]);
    if (state !== shown && document.activeElement !== select) draw();
    shown = state;
  });
  select.addEventListener("change", async () => {
    await post("open", { name: select.value }).catch(fail);
    await beat();
    draw();
  });
  return select;
}

/** What is being done now: its stage, a bar, time left, and a button that stops it. */
function work() {
  const what = el("span", { class: "masthead-stage" });
  const bar = el("i");
  const left = el("span", { class: "ap-num ap-dim" });
  const stop = el("button", { class: "ap-btn quiet", id: "stop" }, t("workbench.stop"));
  const box = el("div", { class: "masthead-work", role: "status", hidden: true }, what, el("span", { class: "ap-progress" }, bar), left, stop);
  let running = null;
  stop.addEventListener("click", async () => {
    if (!running) return;
    stop.disabled = true;
    await post("jobs/cancel", { id: running.id }).catch(fail);
    await beat();
  });
  on("pulse", now => {
    const job = now.jobs.find(each => each.state === "running");
    const waiting = now.jobs.filter(each => each.state === "waiting").length;
    box.hidden = !job;
    if (running?.id !== job?.id) stop.disabled = false;
    running = job;
    if (!job) return;
    const name = t(`jobs.${job.kind}`), stage = job.stage ? t(`jobs.stage_${job.stage}`) : "";
    const staged = stage && !stage.startsWith("jobs.") ? `${name}: ${stage}` : name;
    what.textContent = waiting ? `${staged} · ${t("workbench.waiting", { count: waiting })}` : staged;
    what.title = job.recording;
    bar.style.width = `${Math.round(job.share * 100)}%`;
    left.textContent = job.left_s == null ? "" : t("workbench.left", { time: clock(job.left_s, 0) });
  });
  return box;
}

function history() {
  const button = (id, sign, run) => el("button", { class: "ap-btn quiet", id, onclick: run }, sign);
  const back = button("undo", icon("undo"), undo), forth = button("redo", icon("redo"), redo);
  on("pulse", now => {
    for (const [made, change, key] of [[back, now.undo, "undo"], [forth, now.redo, "redo"]]) {
      const what = change ? `${t(change.label)} ${change.detail}`.trim() : "";
      const title = what ? t(`workbench.${key}_what`, { what }) : t(`workbench.${key}`);
      made.disabled = !change;
      made.title = title;
      made.setAttribute("aria-label", title);
    }
  });
  return el("span", { class: "ap-group" }, back, forth);
}

function languages() {
  const chosen = /(?:^|; )audiopost_language=([\w-]+)/.exec(document.cookie)?.[1] || "";
  const select = el("select", { class: "ap-select", id: "language-choice", "aria-label": t("workbench.language") },
    LANGUAGES.map(([value, name]) => el("option", { value, selected: value === chosen },
      value ? name : t("workbench.language_auto", { language: LANGUAGES.find(each => each[0] === language)[1] }))));
  select.addEventListener("change", () => {
    const age = select.value ? 365 * 86400 : 0;
    document.cookie = `audiopost_language=${select.value}; path=/; max-age=${age}; SameSite=Strict`;
    location.reload();
  });
  return select;
}

function themes() {
  const apply = theme => theme && document.body.classList.toggle("dark", theme === "dark");
  apply(localStorage.getItem(THEME));
  const button = el("button", { class: "ap-btn quiet", id: "theme", "aria-label": t("workbench.theme"), title: t("workbench.theme") }, icon("theme"));
  button.addEventListener("click", () => {
    const theme = document.body.classList.contains("dark") ? "light" : "dark";
    localStorage.setItem(THEME, theme);
    apply(theme);
  });
  return button;
}

function leave() {
  const form = el("form", { method: "post", action: "logout", hidden: true }, el("button", { class: "ap-btn quiet" }, t("workbench.leave")));
  on("pulse", now => { form.hidden = !now.login; });
  return form;
}
