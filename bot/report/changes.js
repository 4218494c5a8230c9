// What a second library or config changes: figures of both replays side by side, and each change.
"use strict";
const said_as = { percent: (value) => percent(value), number: (value) => number(value), score: (value) => number(value, 1), span: (value) => span(value) };

function both(one, side) {
  return one[side] === null ? "—" : said_as[one.kind](one[side]);
}

function changes() {
  const { figures, rows, total } = data.changes;
  table("figures_table", { rows: figures, total: figures.length, columns: [
    { key: "name", label: "col_figure", kept: true, value: (row) => (row.name ? t(`card_${row.name}`) : row.label) },
    { key: "before", label: "col_was", numeric: true, cell: (row) => both(row, "before") }, { key: "after", label: "col_now", numeric: true, cell: (row) => both(row, "after") }] });
  table("changes_table", { rows, total, columns: [
    { key: "kind", label: "col_change", kept: true, value: (row) => t(`change_${row.kind}`), pick: true }, { key: "conversation", label: "col_talk", cell: linked },
    { key: "text", label: "col_text", wide: true }, { key: "before", label: "col_was", wide: true }, { key: "after", label: "col_now", wide: true }] });
  views.push(() => {
    const [was, now] = data.changes.versions;
    at("changes_versions").textContent = t("changes_versions", { was: was.library, now: now.library, rules_was: was.rules, rules_now: now.rules });
  });
}
