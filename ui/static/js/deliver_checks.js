// How the open recording stands against a delivery spec and a subtitle style, and what is missing.

import { post } from "./api.js";
import { beat, el, emit, fail, t } from "./state.js";

/** Fills `panel` with what GET deliver says. */
export function drawChecks(panel, { loudness, style, missing }) {
  const held = document.activeElement?.id === "deliver-spec";
  const title = name => loudness.specs.find(each => each.name === name)?.title || name;
  const select = el("select", { class: "ap-select", id: "deliver-spec", onchange: () => emit("deliver-spec", select.value) },
    loudness.specs.map(each => el("option", { value: each.name, selected: each.name === loudness.spec }, each.title)));
  const other = loudness.made_for !== loudness.spec;
  panel.replaceChildren(
    el("header", {}, el("span", { role: "heading", "aria-level": 2 }, t("deliver.checks")), el("span", { class: "ap-gap" }),
      el("label", { class: "deliver-spec" }, el("span", {}, t("deliver.spec")), select)),
    el("div", { class: "deliver-part" },
      el("p", {}, loudness.made_for ? t("deliver.made_for", { spec: title(loudness.made_for) }) : t("deliver.no_master"), " ",
        other ? el("button", { class: "ap-btn", id: "remaster", onclick: event => remaster(event.currentTarget, loudness.spec) }, t("deliver.remaster", { spec: title(loudness.spec) })) : null),
      loudness.checks.length ? checkTable(loudness.checks) : null,
      other && loudness.checks.some(check => check.verdict === "not measured") ? el("p", { class: "ap-dim" }, t("deliver.not_measured_why")) : null),
    el("div", { class: "deliver-part", id: "deliver-style" }, el("h3", {}, t("deliver.style_title")), ...styleOf(style)),
    el("div", { class: "deliver-part", id: "deliver-missing" }, el("h3", {}, t("deliver.missing")),
      missing.length ? el("ul", {}, missing.map(text => el("li", {}, text))) : el("p", { class: "ap-dim" }, t("deliver.missing_none"))),
  );
  if (held) select.focus();
}

async function remaster(button, name) {
  button.disabled = true;
  await post("deliver/master", { spec: name }).catch(fail);
  await beat();
}

const SIGNS = { pass: ["ok", "✓"], FAIL: ["bad", "✗"], note: ["warn", "!"], "not measured": ["", "–"] };
const round = value => +value.toFixed(2);
const limit = ({ low, high, unit }) => {
  if (low == null) return `≤ ${round(high)} ${unit}`;
  if (low === high) return `${round(low)} ${unit}`;
  return unit === "LUFS" ? `${round((low + high) / 2)} ±${round((high - low) / 2)} ${unit}` : `${round(low)} – ${round(high)} ${unit}`;
};
const minus = text => String(text).replace(/-(?=\d)/g, "−");

function checkTable(checks) {
  const head = ["rule", "value", "limit", "verdict"].map(name => el("th", { scope: "col", class: name === "value" ? "num" : null }, t(`deliver.col_${name}`)));
  return el("table", { class: "ap-table", id: "deliver-loudness" }, el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, checks.map(check => {
      const [kind, sign] = SIGNS[check.verdict];
      return el("tr", {},
        el("th", { scope: "row", title: check.remark }, t(`deliver.rule_${check.name.replaceAll(" ", "_")}`)),
        el("td", { class: "num" }, check.value == null ? "–" : minus(`${check.value} ${check.unit}`)),
        el("td", {}, minus(limit(check)), check.recommended ? ` (${t("deliver.recommended")})` : ""),
        el("td", {}, el("span", { class: `ap-tag ${kind}` }, `${sign} ${t(`deliver.verdict_${check.verdict.replace(" ", "_")}`)}`)));
    })));
}

function styleOf(style) {
  if (!style) return [el("p", { class: "ap-dim" }, t("deliver.style_none"))];
  const issues = Object.values(style.issues).reduce((sum, count) => sum + count, 0);
  const list = Object.entries(style.issues).map(([rule, count]) => `${rule} × ${count}`).join(", ");
  return [
    el("p", {}, el("span", { class: `ap-tag ${issues ? "warn" : "ok"}` }, issues ? "!" : "✓"), " ",
      issues ? t("deliver.style_broken", { name: style.name, issues, count: style.captions, list }) : t("deliver.style_met", { name: style.name, count: style.captions })),
    el("p", { class: "ap-dim" }, t("deliver.style_reviewed", { reviewed: style.reviewed, edited: style.edited, count: style.captions })),
  ];
}
