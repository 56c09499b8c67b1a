// The Stems tab: a mixer whose faders are heard at once, the null test, and the mix down.

import { show } from "./tabs.js";
import { el, on, pulse, ready, t } from "./state.js";
import { player } from "./player.js";
import { desk, job, listen, listening, load, mixDown, move, names, trackOf, watch } from "./stems_data.js";
import { master, strip, together } from "./stems_strip.js";

const FORMATS = ["wav", "wav-float", "flac"];

export async function mount(element) {
  await ready;
  const root = element.querySelector(".live");
  root.classList.add("stems");
  const formats = el("select", { class: "ap-select", id: "stems-format", "aria-label": t("stems.format") },
    FORMATS.map(form => el("option", { value: form }, t(`stems.format_${form.replace("-", "_")}`))));
  const console = mixer(() => formats.value);
  const empty = nothingYet();
  const panels = [mixdown(), nullTest()];
  const work = el("div", { class: "stems-work" },
    el("div", { class: "ap-panel stems-console" }, bar(formats), console.element),
    el("div", { class: "stems-side" }, panels.map(panel => panel.element)));
  root.append(empty.element, work);
  let recording = null;
  const draw = () => {
    const none = names().length === 0;
    empty.draw();
    empty.element.hidden = !none;
    work.hidden = none;
    if (none) return;
    if (recording !== pulse.recording) {
      recording = pulse.recording;
      if (desk.is_float) formats.value = "wav-float";
    }
    console.draw();
    panels.forEach(panel => panel.draw());
    root.querySelector("#stems-listen").setAttribute("aria-pressed", String(listening()));
  };
  watch(draw);
  on("cursor", () => work.offsetParent && console.meter());
  await load();
  draw();
}

/** Above the strips: whether the faders are heard, all back to 0 dB, the format of files. */
function bar(formats) {
  return el("div", { class: "ap-bar", role: "toolbar", "aria-label": t("stems.toolbar") },
    el("button", { class: "ap-btn", id: "stems-listen", title: t("stems.listen_hint"), onclick: () => listen(!listening()) }, t("stems.listen")),
    el("button", { class: "ap-btn", id: "stems-reset", onclick: () => names().forEach(name => move(name, { gain_db: 0, muted: false })) }, t("stems.reset")),
    el("span", { class: "ap-gap" }),
    el("label", { class: "stems-formats" }, el("span", { class: "ap-dim" }, t("stems.format")), formats));
}

function mixer(form) {
  const element = el("div", { class: "stems-strips" });
  let strips = [], made = "";
  const draw = () => {
    const both = Boolean(trackOf("m_and_e")) && !names().includes("m_and_e");
    const wanted = JSON.stringify([pulse.recording, names(), both]);
    if (wanted !== made) {
      made = wanted;
      strips = [...names().map(name => strip(name, form)), ...(both ? [together(form)] : []), master(form)];
      element.replaceChildren(...strips.map(each => each.element));
    }
    strips.forEach(each => each.draw());
    if (!player.playing) strips.forEach(each => each.meter());
  };
  return { element, draw, meter: () => strips.forEach(each => each.meter()) };
}

const same = (a, b) => names().every(name => (a[name]?.muted && b[name]?.muted)
  || (a[name]?.muted === b[name]?.muted && a[name]?.gain_db === b[name]?.gain_db));

function mixdown() {
  const state = el("p", { id: "stems-state" });
  const button = el("button", { class: "ap-btn primary", id: "stems-mixdown", onclick: mixDown }, t("stems.mixdown"));
  const result = el("div", { role: "status", id: "stems-result" });
  const element = el("section", { class: "ap-panel", "aria-label": t("stems.mixdown") },
    el("header", {}, t("stems.mixdown_title")),
    el("div", { class: "stems-body" }, state, el("p", { class: "ap-dim" }, t("stems.mixdown_hint")), button, result));
  const draw = () => {
    const now = job(), going = now && ["waiting", "running"].includes(now.state);
    const equal = same(desk.faders, desk.mixed_at);
    state.textContent = t(equal ? "stems.mix_is_so" : "stems.mix_differs");
    button.disabled = going || names().every(name => desk.faders[name].muted);
    button.textContent = going ? t("stems.mixing") : t("stems.mixdown");
    result.replaceChildren(...(now && !going ? outcome(now) : []));
  };
  return { element, draw };
}

const number = value => (value === 0 ? "0.0" : value.toFixed(1).replace("-", "−"));

/** What a mix down came to. */
function outcome(done) {
  if (done.state === "failed") return [el("p", { class: "ap-note bad" }, done.message)];
  if (done.state !== "done") return [];
  const { lufs, peak_dbtp: truePeak, peak_dbfs: peak, master: remade } = done.result;
  const told = lufs == null || truePeak == null ? t("stems.mixed_unmeasured")
    : t("stems.mixed", { lufs: number(lufs), peak: number(truePeak) });
  return [
    el("p", { class: "ap-note ok" }, told),
    peak > 0 ? el("p", { class: "ap-note warn", id: "stems-over" }, t("stems.over", { peak: number(peak) })) : null,
    remade ? el("p", { class: "ap-dim" }, t("stems.remastered")) : null,
  ].filter(Boolean);
}

function nullTest() {
  const rows = el("tbody");
  const waiting = el("p", { class: "ap-dim", role: "status" });
  const element = el("section", { class: "ap-panel", "aria-label": t("stems.null") },
    el("header", {}, t("stems.null")),
    el("div", { class: "stems-body" },
      el("table", { class: "ap-table", id: "stems-null" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("stems.null_of")),
          el("th", { scope: "col", class: "num" }, t("stems.null_peak")), el("th", { scope: "col", class: "num" }, t("stems.null_rms")), el("th", { scope: "col" }, t("stems.null_verdict")))),
        rows),
      waiting, el("p", { class: "ap-dim" })));
  const hint = element.querySelector(".stems-body > p:last-child");
  const draw = () => {
    rows.replaceChildren(...desk.null.map(test => el("tr", {},
      el("th", { scope: "row" }, t(`stems.null_${test.of}`)),
      el("td", { class: "num" }, test.peak_dbfs == null ? "−∞" : number(test.peak_dbfs)),
      el("td", { class: "num" }, test.rms_dbfs == null ? "−∞" : number(test.rms_dbfs)),
      el("td", {}, el("span", { class: `ap-tag ${test.nulls ? "ok" : "warn"}` }, t(test.nulls ? "stems.nulls" : "stems.nulls_not"))))));
    waiting.hidden = desk.share >= 1;
    waiting.textContent = t("stems.null_going", { share: Math.round(desk.share * 100) });
    hint.textContent = t("stems.null_hint", { limit: number(desk.null_dbfs) });
  };
  return { element, draw };
}

function nothingYet() {
  const text = el("p");
  const go = el("button", { class: "ap-btn", id: "stems-go", onclick: () => show("project") }, t("stems.go"));
  const element = el("div", { class: "ap-panel ap-empty", id: "stems-empty" }, text, go);
  const draw = () => {
    text.textContent = t(pulse.ready ? "stems.none" : "stems.no_recording");
  };
  return { element, draw };
}
