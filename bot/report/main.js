// The page from top to bottom, drawn once for each change of language.
"use strict";
const hours = Array.from({ length: 24 }, (_, hour) => String(hour));
const count_of = (value) => number(value);

function card(name, value, meaning, state) {
  const mark = state ? tag(state, t(`state_${state}`)) : "";
  return h("div", { class: "card" }, h("dt", {}, t(`card_${name}`)), h("dd", {}, h("p", { class: "figure" }, value, mark), h("p", { class: "meaning" }, meaning)));
}

function target_card(one) {
  const value = one.mean ? span(one.mean_s) : percent(one.rate);
  const known = one.mean ? one.mean_s : one.rate;
  const line = one.pass_line === null ? "" : one.mean ? span(one.pass_line) : percent(one.pass_line, 0);
  const passed = one.mean ? known <= one.pass_line : known >= one.pass_line;
  const state = one.pass_line === null || known === null ? null : passed ? "good" : "bad";
  const said = one.mean ? t("meaning_mean", { n: number(one.population) }) : t("meaning_target", { met: number(one.met), n: number(one.population), limit: span(one.limit), late: number(one.late) });
  const judged = line ? t("meaning_line", { line, smallest: number(one.smallest) }) + (one.consequence ? t("meaning_cost", { what: one.consequence }) : "") : "";
  return h("div", { class: "card" }, h("dt", {}, one.label), h("dd", {}, h("p", { class: "figure" }, value, state ? tag(state, t(`state_${state}`)) : ""), h("p", { class: "meaning" }, said + judged)));
}

function overview() {
  const { suggest, guard, agreement, answering, silence, missed, waits, meta, inspection } = data;
  const compared = agreement.offered - agreement.too_short;
  const cards = [
    card("talks", number(meta.conversations), t("meaning_talks", { messages: number(meta.messages) })),
    card("coverage", percent(share(suggest.shown, suggest.asked)), t("meaning_coverage", { asked: number(suggest.asked), shown: number(suggest.shown), silent: number(suggest.silent) })),
    card("agreed", percent(agreement.rate), t("meaning_agreed", { compared: number(compared), agreed: number(agreement.agreed), same: percent(agreement.same, 0), other: number(agreement.other_script), own: number(agreement.own_words) })),
    card("missed", number(missed.count), t(meta.timed ? "meaning_missed" : "meaning_missed_untimed", { slow: span(missed.slow) })),
    card("silence", number(silence.missed), t("meaning_silence", { answered: number(silence.answered), missed: number(silence.missed) })),
    card("guard", number(guard.block), t("meaning_guard", { checked: number(guard.checked), block: number(guard.block), warn: number(guard.warn) }), guard.block ? "bad" : "good"),
  ];
  if (inspection.score !== null) cards.push(card("inspection", number(inspection.score, 1), t("meaning_inspection", { n: number(inspection.inspected), levels: Object.entries(inspection.levels).map(([name, n]) => `${name} ${number(n)}`).join(" · ") })));
  if (meta.timed) cards.push(card("wait", span(waits.median), t("meaning_wait", { slow: span(waits.slow), unanswered: number(waits.unanswered) })));
  if (answering.agreed.answers) cards.push(card("saved", span(answering.pick.saved_s), t("meaning_saved", { answers: number(answering.agreed.answers), real: span(answering.agreed.median_s), pick: span(answering.pick.median_s) })));
  at("cards").replaceChildren(...cards, ...data.targets.map(target_card));
  const when = meta.timed ? t("about_when", { start: stamp(meta.start), end: stamp(meta.end), zone: meta.timezone }) : t("about_untimed");
  at("about").textContent = `${t("about_platform", { platform: meta.platform })} · ${when}`;
  at("versions").textContent = t("versions", { library: meta.library, rules: meta.rules });
}

/** Days as short as they can be told apart. */
function day_labels(days) {
  const said = days.map(([at_day]) => day(at_day));
  return said.every((one) => one.slice(0, 4) === said[0].slice(0, 4)) ? said.map((one) => one.slice(5)) : said;
}

function coverage(host) {
  const { suggest, agreement, days } = data;
  const parts = [["shown", "one"], ["silent", "two"], ["same", "three"], ["other_script", "five"], ["own_words", "four"]].map(([name, colour]) => ({ label: t(`part_${name}`), colour }));
  bars(host, { title: t("plot_coverage"), note: t("plot_coverage_note"), parts, head: "col_what", rows: [
    { label: t("questions"), values: [suggest.shown, suggest.silent, 0, 0, 0] },
    { label: t("answers"), values: [0, 0, agreement.agreed, agreement.other_script, agreement.own_words] },
  ] });
  if (agreement.wording.some((one) => one.answers)) {
    plot(host, { title: t("plot_wording"), note: t("plot_wording_note", { same: percent(agreement.same, 0) }), labels: agreement.wording.map((one) => `${Math.round(one.from * 100)}–${Math.round(one.to * 100)}%`), format: count_of,
      series: [{ label: t("answers"), colour: "one", bars: true, values: agreement.wording.map((one) => one.answers) }] });
  }
  if (suggest.groups.length) {
    bars(host, { title: t("plot_groups"), note: t("plot_rules_note"), parts: [{ label: t("part_shown"), colour: "one" }], head: "col_group", rows: suggest.groups.slice(0, 20).map((one) => ({ label: one.group || "—", values: [one.shown] })) });
  }
  if (days.length > 1) {
    plot(host, { title: t("plot_coverage_days"), labels: day_labels(days), format: (value) => percent(value, 0), top: 1.02,
      series: [{ label: t("card_coverage"), colour: "one", values: days.map(([, asked, shown]) => share(shown, asked)) }] });
  }
}

function timed_plots(host) {
  const { load, waits } = data;
  plot(host, { title: t("plot_load"), note: t("plot_load_note"), labels: hours, format: count_of, series: [
    { label: t("role_buyer"), colour: "one", bars: true, side: -1, values: load.buyer }, { label: t("role_agent"), colour: "two", bars: true, side: 1, values: load.agent }] });
  const edges = waits.edges.map((edge) => `≤${span(edge)}`);
  const labels = [...edges, t("longer"), t("never")];
  plot(host, { title: t("plot_waits"), note: t("plot_waits_note"), labels, format: count_of, series: [
    { label: t("waits_answered"), colour: "one", bars: true, values: [...waits.bars, 0] }, { label: t("waits_never"), colour: "bad", bars: true, values: [...waits.bars.map(() => 0), waits.unanswered] }] });
  for (const one of data.targets.filter((target) => target.days.length > 1)) {
    const format = one.mean ? span : (value) => percent(value, 0);
    const series = [{ label: one.label, colour: "one", values: one.days.map(([, value]) => value) }];
    if (one.pass_line !== null) series.push({ label: t("pass_line", { line: format(one.pass_line) }), colour: "bad", dash: true, values: one.days.map(() => one.pass_line) });
    plot(host, { title: t("plot_days", { target: one.label }), note: one.pass_line === null ? "" : t("plot_days_note"), labels: day_labels(one.days), format, top: one.mean ? undefined : 1.02, series });
  }
  const late = data.targets.filter((one) => one.late);
  if (late.length) {
    const colours = ["one", "two", "three", "four"];
    plot(host, { title: t("plot_late"), note: t("plot_late_note"), labels: hours, format: count_of, series: late.slice(0, 4).map((one, place) => ({ label: one.label, colour: colours[place], values: one.hours })) });
  }
}

function rule_bars(host) {
  const rules = new Map();
  for (const row of data.rules.rows) {
    const values = rules.get(row.rule) || [0, 0];
    values[row.action === "block" ? 0 : 1] += row.messages;
    rules.set(row.rule, values);
  }
  const rows = [...rules].map(([label, values]) => ({ label, values })).sort((a, b) => b.values[0] + b.values[1] - a.values[0] - a.values[1]).slice(0, 20);
  if (rows.length) bars(host, { title: t("plot_rules"), note: t("plot_rules_note"), rows, head: "col_rule", parts: [{ label: t("action_block"), colour: "bad" }, { label: t("action_warn"), colour: "warn" }] });
}

function plots() {
  const host = at("plot_area");
  charts.length = 0;
  host.replaceChildren();
  coverage(host);
  rule_bars(host);
  if (data.meta.timed) timed_plots(host);
  else host.append(h("p", { class: "none" }, t("no_times")));
  redraw();
}

const linked = (row) => talk_link(row.conversation, row.id);
const action = (row) => tag(row.action, t(`action_${row.action}`));

function tables() {
  if (data.meta.timed) {
    table("late_table", { ...data.late, columns: [
      { key: "target", label: "col_target", kept: true, value: (row) => target_name(row.target), pick: true }, { key: "conversation", label: "col_talk", cell: linked },
      { key: "buyer", label: "col_buyer" }, { key: "start", label: "col_start", kept: true, cell: (row) => stamp(row.start) }, { key: "due", label: "col_due", kept: true, cell: (row) => stamp(row.due) },
      { key: "over", label: "col_over", numeric: true, cell: (row) => (row.over === null ? t("never") : span(row.over)) }, { key: "agent", label: "col_agent", pick: true }, { key: "why", label: "col_why", wide: true }] });
  } else at("late").hidden = true;
  table("rules_table", { ...data.rules, columns: [
    { key: "rule", label: "col_rule", kept: true }, { key: "action", label: "col_action", cell: action, pick: true }, { key: "agent", label: "col_agent", pick: true },
    { key: "messages", label: "col_messages", numeric: true }, { key: "excerpt", label: "col_excerpt" }, { key: "conversation", label: "col_example", cell: linked }, { key: "reason", label: "col_why", wide: true }] });
  table("findings_table", { ...data.findings, columns: [
    { key: "action", label: "col_action", cell: action, pick: true }, { key: "rule", label: "col_rule", kept: true, pick: true }, { key: "agent", label: "col_agent", pick: true },
    { key: "conversation", label: "col_talk", cell: linked }, { key: "excerpt", label: "col_excerpt" }, { key: "text", label: "col_text", wide: true }, { key: "before", label: "col_before", wide: true }, { key: "reason", label: "col_why", wide: true }] });
  table("scripts_table", { ...data.scripts, columns: [
    { key: "title", label: "col_title" }, { key: "script", label: "col_script", kept: true }, { key: "offered", label: "col_offered", numeric: true },
    { key: "agreed", label: "col_agreed", numeric: true }, { key: "rate", label: "col_use_rate", numeric: true, value: (row) => share(row.agreed, row.offered), cell: (row) => percent(share(row.agreed, row.offered)) },
    { key: "preferred", label: "col_preferred", numeric: true }, { key: "text", label: "col_text", wide: true }] });
  table("gaps_table", { ...data.gaps, columns: [
    { key: "word", label: "col_word" }, { key: "asked", label: "col_asked", numeric: true },
    { key: "examples", label: "col_examples", wide: true, value: (row) => row.examples.join(" / "), cell: (row) => h("ul", {}, row.examples.map((one) => h("li", {}, one))) }, { key: "nearest", label: "col_nearest", value: (row) => (row.nearest ? `${row.nearest.title}（${percent(row.nearest.score, 0)}）` : "") }] });
  table("inspection_table", { ...data.inspection, columns: [
    { key: "name", label: "col_fault", kept: true }, { key: "group", label: "col_group", pick: true }, { key: "level", label: "col_level", pick: true }, { key: "score", label: "col_points", numeric: true },
    { key: "sessions", label: "col_sessions", numeric: true }, { key: "conversation", label: "col_example", cell: linked }, { key: "reason", label: "col_why", wide: true }] });
  const timed = data.meta.timed ? [{ key: "mean", label: "col_mean", numeric: true, cell: (row) => span(row.mean) }, { key: "late", label: "col_late", numeric: true }] : [];
  table("agents_table", { ...data.agents, columns: [
    { key: "agent", label: "col_agent", value: (row) => row.agent || t("unnamed") }, { key: "messages", label: "col_messages", numeric: true }, ...timed,
    { key: "block", label: "action_block", numeric: true }, { key: "warn", label: "action_warn", numeric: true },
    { key: "sessions", label: "col_sessions", numeric: true }, { key: "faults", label: "col_faults", numeric: true }, { key: "score", label: "col_score", numeric: true }] });
}

function spoken() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
}

tables();
if (data.changes) changes();
views.unshift(spoken, overview, plots);
at("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  views.forEach((view) => view());
});
const asked = data.talks.find((talk) => location.hash === `#talk=${encodeURIComponent(talk.id)}`);
if (asked) chosen.id = asked.id;
else if (data.talks.length) chosen.id = (data.talks.find((one) => one.tags.length > 1) || data.talks[0]).id;
views.forEach((view) => view());
