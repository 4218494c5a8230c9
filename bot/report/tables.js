// Tables that sort by a click on a head, and show only rows that hold what was typed or picked.
"use strict";
const PAGE_ROWS = 25;

const value_of = (column, row) => (column.value ? column.value(row) : row[column.key]);

function shown_of(column, row) {
  if (column.cell) return column.cell(row);
  const value = value_of(column, row);
  if (value === null || value === undefined || value === "") return "—";
  return typeof value === "number" ? number(value, 1) : String(value);
}

/** Long words are cut to a few lines, and stand whole where the pointer rests, in the conversation, and on paper. */
const boxed = (column, shown) => (column.wide ? h("div", { class: "clamp", title: plain(shown) }, shown) : shown);

const plain = (shown) => (shown instanceof Node ? shown.textContent : shown);

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "zh-CN", { numeric: true });
}

/** Rows in the order of a column, empty ones last either way; equal ones stay as they came. */
function sorted(rows, column, down) {
  const empty = (value) => value === null || value === undefined || value === "";
  return [...rows].sort((a, b) => {
    const [one, other] = [value_of(column, a), value_of(column, b)];
    if (empty(one) || empty(other)) return empty(one) - empty(other);
    return down ? compare(other, one) : compare(one, other);
  });
}

/** Draw a table into the element `id`. Columns: key, value, cell, numeric, pick (a list to choose from), wide. */
function table(id, { rows, total, columns }) {
  const host = at(id);
  const state = { by: null, down: false, typed: "", picked: {}, most: PAGE_ROWS };
  const status = h("p", { class: "count", role: "status" });
  const more = h("button", { type: "button", class: "more", onclick: () => { state.most += 4 * PAGE_ROWS; fill(); } });
  const body = h("tbody");
  const head = h("tr");
  const tools = h("div", { class: "tools" });
  const grid = h("table", {}, h("thead", {}, head), body);
  const frame = h("div", { class: "frame", tabindex: "0", role: "region" }, grid);
  host.append(tools, frame, more);

  function matching() {
    const typed = state.typed.trim().toLowerCase();
    return rows.filter((row) => columns.every((column) => !state.picked[column.key] || plain(shown_of(column, row)) === state.picked[column.key])
      && (!typed || columns.some((column) => plain(shown_of(column, row)).toLowerCase().includes(typed))));
  }

  function fill() {
    let found = matching();
    const column = columns.find((one) => one.key === state.by);
    if (column) found = sorted(found, column, state.down);
    const on_page = found.slice(0, state.most);
    body.replaceChildren(...on_page.map((row) => h("tr", {}, columns.map((one) => h("td", { class: classes(one) }, boxed(one, shown_of(one, row)))))));
    if (!on_page.length) body.append(h("tr", {}, h("td", { colspan: columns.length, class: "none" }, t("no_rows"))));
    const left_out = total > rows.length ? t("rows_cut", { total: number(total), kept: number(rows.length) }) : "";
    status.textContent = t("rows_shown", { shown: number(on_page.length), found: number(found.length) }) + left_out;
    more.hidden = found.length <= state.most;
    more.textContent = t("more_rows", { left: number(found.length - on_page.length) });
  }

  const classes = (column) => [column.numeric ? "numeric" : "", column.wide ? "wide" : "", column.kept ? "kept" : ""].join(" ").trim() || null;

  function heads() {
    head.replaceChildren(...columns.map((column) => {
      const sorting = state.by === column.key ? (state.down ? "descending" : "ascending") : null;
      const click = () => {
        state.down = state.by === column.key ? !state.down : Boolean(column.numeric);
        state.by = column.key;
        heads();
        fill();
        head.children[columns.indexOf(column)].firstChild.focus();
      };
      const arrow = h("span", { "aria-hidden": "true", class: "arrow" }, sorting ? (state.down ? "▼" : "▲") : "↕");
      return h("th", { scope: "col", class: classes(column), "aria-sort": sorting },
        h("button", { type: "button", onclick: click, title: t("sort_by", { column: t(column.label) }) }, t(column.label), arrow));
    }));
  }

  function picker(column) {
    const values = [...new Set(rows.map((row) => plain(shown_of(column, row))))].sort(compare);
    if (values.length < 2) return null;
    const choose = (event) => { state.picked[column.key] = event.target.value; state.most = PAGE_ROWS; fill(); };
    const options = values.map((one) => h("option", { value: one, selected: state.picked[column.key] === one }, one));
    return h("label", {}, t(column.label), h("select", { onchange: choose }, h("option", { value: "" }, t("all")), options));
  }

  views.push(() => {
    state.picked = {};
    const type = (event) => { state.typed = event.target.value; state.most = PAGE_ROWS; fill(); };
    const box = h("input", { type: "search", value: state.typed, placeholder: t("filter_hint"), oninput: type });
    tools.replaceChildren(...[h("label", {}, t("filter"), box), ...columns.filter((one) => one.pick).map(picker), status].filter(Boolean));
    frame.setAttribute("aria-label", t(host.dataset.rows));
    heads();
    fill();
  });
}
