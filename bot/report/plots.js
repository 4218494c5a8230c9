// Plots, each with its figures as a table for those who cannot see it or want them exactly.
"use strict";
const charts = []; // functions that draw a plot anew: for another width, light, language, or for paper
const PLOT_HEIGHT = 180;
const PAPER_WIDTH = 325; // half of what an A4 page has between its margins

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function figures(labels, series, format) {
  const heads = [h("td"), ...series.map((one) => h("th", { scope: "col", class: "numeric" }, one.label))];
  const rows = labels.map((label, place) => h("tr", {}, h("th", { scope: "row" }, label),
    series.map((one) => h("td", { class: "numeric" }, format(one.values[place])))));
  return h("details", { class: "figures" }, h("summary", {}, t("figures")),
    h("div", { class: "frame", tabindex: "0", role: "region", "aria-label": t("figures") }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))));
}

function legend(series) {
  return h("ul", { class: "legend" }, series.map((one) => h("li", {}, h("span", { class: `key ${one.colour} ${one.dash ? "dash" : ""}`, "aria-hidden": "true" }), one.label)));
}

/** A plot in a figure. `series`: {label, values, colour, bars, side, dash}; `labels`: of the places from left to right. */
function plot(host, { title, note, labels, series, format, top }) {
  const area = h("div", { class: "plot", role: "img", "aria-label": `${title}。${note || ""}` });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  host.append(h("figure", {}, h("figcaption", {}, h("strong", {}, title), note ? h("span", {}, note) : ""), legend(series), area, readout, figures(labels, series, format)));
  const say = (u) => {
    const place = u.cursor.idx;
    readout.textContent = place === null || place === undefined ? "" : `${labels[place]}：${series.map((one) => `${one.label} ${format(one.values[place])}`).join("，")}`;
  };
  const lines = series.map((one) => ({
    label: one.label, stroke: () => colour(one.colour), width: 2, spanGaps: true, dash: one.dash ? [6, 4] : undefined,
    fill: one.bars ? () => colour(one.colour) : undefined, points: { show: !one.bars && !one.dash, size: 6 },
    paths: one.bars ? uPlot.paths.bars({ size: [one.side ? 0.38 : 0.7, 36], align: one.side || 0 }) : undefined,
  }));
  const y_size = 20 + 7 * Math.max(3, ...series.flatMap((one) => one.values.map((value) => format(value).length)));
  const axis = { stroke: () => colour("muted"), grid: { stroke: () => colour("grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  let drawn = null;
  const draw = () => {
    if (drawn) drawn.destroy();
    const width = "print" in document.documentElement.dataset ? PAPER_WIDTH : area.clientWidth || PAPER_WIDTH;
    const broadest = Math.max(...labels.map((label) => [...label].reduce((sum, one) => sum + (one > "\u2e80" ? 12 : 7), 12)));
    const wanted = Math.max(1, Math.ceil((labels.length * broadest) / Math.max(1, width - 60)));
    drawn = new uPlot({
      width, height: PLOT_HEIGHT, legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: false, range: [-0.6, labels.length - 0.4] }, y: { range: (u, low, high) => [0, top || Math.max(1, high * 1.08)] } },
      axes: [
        { ...axis, size: 26, grid: { show: false }, splits: () => labels.map((_, place) => place).filter((place) => place % wanted === 0), values: (u, splits) => splits.map((place) => labels[place]) },
        { ...axis, size: Math.min(y_size, 90), values: (u, splits) => splits.map(format) },
      ],
      series: [{}, ...lines], hooks: { setCursor: [say] },
    }, [labels.map((_, place) => place), ...series.map((one) => one.values.map((value) => (one.bars && !value ? null : value)))], area);
  };
  charts.push({ draw, area });
}

/** Bars of words and a number, longest first; each part of a bar has its own colour and pattern. */
function bars(host, { title, note, rows, parts, head }) {
  const longest = Math.max(1, ...rows.map((row) => row.values.reduce((a, b) => a + b, 0)));
  const lines = rows.map((row) => {
    const pieces = row.values.map((value, place) => {
      const piece = h("span", { class: `piece ${parts[place].colour}` });
      piece.style.width = `${(100 * value) / longest}%`;
      return piece;
    });
    const said = row.values.map((value, place) => (value ? `${parts[place].label} ${number(value)}` : "")).filter(Boolean).join("，");
    return h("tr", {}, h("th", { scope: "row" }, row.label), h("td", { class: "bar" }, h("span", { class: "pieces", "aria-hidden": "true" }, pieces)), h("td", { class: "said" }, said || number(0)));
  });
  const heads = [head, "col_bar", "col_count"].map((name) => h("th", { scope: "col" }, t(name)));
  host.append(h("figure", {}, h("figcaption", {}, h("strong", {}, title), note ? h("span", {}, note) : ""), legend(parts),
    h("table", { class: "bars" }, h("thead", { class: "unseen" }, h("tr", {}, heads)), h("tbody", {}, lines))));
}

const redraw = () => charts.forEach((one) => one.draw());
let width_before = 0;
new ResizeObserver(() => {
  const width = document.documentElement.clientWidth;
  if (width !== width_before) { width_before = width; redraw(); }
}).observe(document.documentElement);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => { document.documentElement.dataset.print = ""; redraw(); });
addEventListener("afterprint", () => { delete document.documentElement.dataset.print; redraw(); });
