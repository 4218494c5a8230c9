// What the page stands on: its data, its words in two languages, and elements made of text, never of markup.
"use strict";
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const data = read("data");
const words = read("words");
let language = "zh";
const views = []; // everything that is drawn anew when the language changes

/** What the page says under a name, with {blanks} filled. */
function t(name, blanks = {}) {
  return words[name][language].replace(/\{(\w+)\}/g, (all, key) => (key in blanks ? String(blanks[key]) : all));
}

/** An element; children are elements, or text that stays text whatever it holds. */
function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

const at = (id) => document.getElementById(id);

function number(value, digits = 0) {
  if (value === null || value === undefined) return "—";
  return value.toLocaleString(language === "zh" ? "zh-CN" : "en", { maximumFractionDigits: digits });
}

const share = (part, whole) => (whole ? part / whole : null);
const percent = (value, digits = 1) => (value === null || value === undefined ? "—" : `${(value * 100).toFixed(digits)}%`);

/** Seconds as people say them: the two greatest units. */
function span(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  const left = Math.abs(Math.round(seconds));
  const units = [["day", Math.floor(left / 86400)], ["hour", Math.floor(left / 3600) % 24],
    ["minute", Math.floor(left / 60) % 60], ["second", left % 60]];
  const first = units.findIndex(([, count]) => count > 0);
  if (first < 0) return t("unit_second", { n: 0 });
  const said = units.slice(first, first + 2).filter(([, count]) => count > 0);
  return (seconds < 0 ? "−" : "") + said.map(([unit, n]) => t(`unit_${unit}`, { n })).join(language === "zh" ? "" : " ");
}

// Times are those of the shop's wall, so they are read as if they were UTC.
const stamp = (wall) => (wall === null || wall === undefined ? "—" : new Date(wall * 1000).toISOString().slice(0, 19).replace("T", " "));
const clock = (wall) => stamp(wall).slice(11);
const day = (wall) => stamp(wall).slice(0, 10);

const targets = new Map(data.targets.map((one) => [one.name, one]));
const target_name = (name) => (targets.has(name) ? targets.get(name).label : name);

/** A coloured word; the colour says nothing that the word does not. */
const tag = (kind, text) => h("span", { class: `tag ${kind}` }, text);
