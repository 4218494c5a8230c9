// Conversations: a list to choose from, and the one chosen with what the bot would have said beside each message.
"use strict";
const talks = new Map(data.talks.map((talk) => [talk.id, talk]));
const LISTED = 100;
const chosen = { id: null, message: null, typed: "", tag: "", most: LISTED };

/** A link to a conversation, or its name alone where it is not on the page. */
function talk_link(id, message) {
  if (!talks.has(id)) return h("span", { class: "short", title: `${id} ${t("not_on_page")}` }, id);
  return h("a", { class: "short", title: id, href: `#talk=${encodeURIComponent(id)}`, onclick: (event) => { event.preventDefault(); open_talk(id, message); } }, id);
}

/** Show a conversation; `from` says who asked: a link moves the focus to it, the list and the buttons keep theirs. */
function open_talk(id, message = null, from = "link") {
  chosen.id = id;
  chosen.message = message;
  mark_current();
  draw_talk();
  history.replaceState(null, "", `#talk=${encodeURIComponent(id)}`);
  const talk = at("talk");
  if (from === "previous" || from === "next") talk.querySelector(`[data-step=${from}]:not(:disabled)`)?.focus({ preventScroll: true });
  if (from === "link") {
    talk.focus({ preventScroll: true });
    const line = message !== null && [...talk.querySelectorAll("[data-id]")].find((one) => one.dataset.id === message);
    (line || at("talks")).scrollIntoView({ block: line ? "center" : "start" });
    return;
  }
  const { top } = talk.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.7) talk.scrollIntoView();
}

/** The list has one place for the tab key, and arrows go through it. */
function mark_current() {
  const buttons = [...at("talk_list").querySelectorAll("button")];
  const current = buttons.find((one) => one.dataset.talk === chosen.id) || buttons[0];
  for (const one of buttons) {
    one.tabIndex = one === current ? 0 : -1;
    if (one.dataset.talk === chosen.id) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

function move_in_list(event) {
  const away = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!away) return;
  const buttons = [...at("talk_list").querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + away];
  event.preventDefault();
  if (next) next.focus();
}

function listed() {
  const typed = chosen.typed.trim().toLowerCase();
  const holds = (talk) => `${talk.id} ${talk.buyer}`.toLowerCase().includes(typed)
    || talk.lines.some((line) => (line.text || "").toLowerCase().includes(typed) || (line.agent || "").toLowerCase().includes(typed));
  return data.talks.filter((talk) => (!chosen.tag || talk.tags.includes(chosen.tag)) && (!typed || holds(talk)));
}

const tags = (talk) => talk.tags.map((name) => tag(name, t(`tag_${name}`)));

function draw_list() {
  const found = listed();
  const items = found.slice(0, chosen.most).map((talk) => h("li", {}, h("button", { type: "button", "data-talk": talk.id, onclick: () => open_talk(talk.id, null, "list") },
    h("span", { class: "name" }, talk.id), h("span", { class: "about" }, [talk.start === null ? "" : stamp(talk.start), t("lines", { n: number(talk.count) })].filter(Boolean).join(" · ")), h("span", { class: "tags" }, tags(talk)))));
  if (found.length > chosen.most) {
    items.push(h("li", {}, h("button", { type: "button", class: "more", onclick: () => { chosen.most += LISTED; draw_list(); } }, t("more_rows", { left: number(found.length - chosen.most) }))));
  }
  at("talk_list").replaceChildren(...items);
  mark_current();
  at("talk_count").textContent = t("talks_found", { n: number(found.length) });
}

/** The text with the places that were found marked; places count code points. */
function marked(line) {
  const points = Array.from(line.text || "");
  const spans = (line.findings || []).filter((one) => one.span && one.span[0] < points.length).map((one) => [...one.span, one.action]).sort((a, b) => a[0] - b[0]);
  const pieces = [];
  let place = 0;
  for (const [start, end, action] of spans) {
    if (end <= place) continue;
    pieces.push(points.slice(place, Math.max(place, start)).join(""));
    pieces.push(h("mark", { class: action }, points.slice(Math.max(place, start), end).join("")));
    place = end;
  }
  pieces.push(points.slice(place).join(""));
  return pieces;
}

function offer(one) {
  const [script, score, why] = one;
  const [title, text] = data.scripts_shown[script];
  const filled = one.length > 3 ? one[3] : text;
  return h("li", {}, h("p", { class: "head" }, h("b", {}, title), h("span", { class: "score" }, t("score", { n: score })), h("span", { class: "why" }, why)), filled ? h("p", { class: "words" }, filled) : "");
}

function offered(line) {
  if (!line.offered) return [];
  if (!line.offered.length) return [h("p", { class: "note silent" }, t("would_be_silent"))];
  const [first, ...others] = line.offered;
  const rest = others.length ? h("details", {}, h("summary", {}, t("others", { n: others.length })), h("ul", {}, others.map(offer))) : "";
  return [h("div", { class: "note offered" }, h("p", { class: "lead" }, tag("offer", t("would_offer"))), h("ul", {}, offer(first)), rest)];
}

function found(line) {
  return (line.findings || []).map((one) => h("div", { class: `note ${one.action}` },
    h("p", {}, tag(one.action, t(`would_${one.action}`)), h("code", {}, one.rule), " ", one.reason), one.rewrite ? h("p", { class: "words" }, t("say_instead"), one.rewrite) : ""));
}

function taken(line) {
  if (line.used) return [h("p", { class: "note" }, tag("used", t("same")), t("same_as", { script: (data.scripts_shown[line.used] || [line.used])[0], n: line.alike }))];
  if (!line.stood) return [];
  const said = t(line.missed ? "chance_missed" : "wrote_else", { n: line.stood }) + (line.alike === undefined ? "" : t("likest", { n: line.alike }));
  return [h("p", { class: "note silent" }, line.missed ? tag("missed", t("tag_missed")) : "", said)];
}

function clocks(line) {
  const notes = (line.due || []).map(([name, due]) => h("li", {}, t("due_at", { target: target_name(name), at: clock(due) })));
  for (const [name, took, over] of line.ended || []) {
    notes.push(h("li", {}, target_name(name), " ", over > 0 ? tag("late", t("over_by", { span: span(over) })) : tag("intime", t("in_time", { span: span(took) }))));
  }
  if (line.waited !== undefined && !line.ended) notes.push(h("li", {}, t("waited", { span: span(line.waited) })));
  return notes.length ? [h("ul", { class: "clocks" }, notes)] : [];
}

function message(line) {
  if (line.gap) return h("li", { class: "gap" }, t("gap", { n: number(line.gap) }));
  if (line.alarm) {
    const said = line.alarm === "warning" ? t("alarm_warning", { target: target_name(line.target), left: span(line.stage) }) : t("alarm_missed", { target: target_name(line.target) });
    return h("li", { class: "alarm" }, h("time", {}, clock(line.at)), tag(line.alarm === "warning" ? "warn" : "late", t(`alarm_${line.alarm}_tag`)), said);
  }
  const who = [t(`role_${line.role}`), line.agent].filter(Boolean).join(" ");
  const words = line.text ? h("p", { class: "text" }, marked(line)) : h("p", { class: "text" }, h("em", {}, t("without_words", { kind: t(`kind_${line.kind || "text"}`) })));
  return h("li", { class: `said ${line.role}`, "data-id": line.id, "data-chosen": line.id === chosen.message }, h("p", { class: "who" }, h("b", {}, who), line.at === undefined ? "" : h("time", {}, clock(line.at))),
    words, clocks(line), taken(line), found(line), offered(line));
}

function faults(talk) {
  if (!talk.faults.length) return [];
  return [h("details", { class: "faults", open: true }, h("summary", {}, t("faults_found", { n: talk.faults.length })),
    h("ul", {}, talk.faults.map((one) => h("li", {}, tag("fault", `${one.level} ${number(one.score, 1)}`), h("b", {}, one.name), "：", one.reason, one.excerpt ? h("q", {}, one.excerpt) : ""))))];
}

/** The conversation with a line wherever a new day begins. */
function lines_of(talk) {
  let today = "";
  return talk.lines.flatMap((line) => {
    const began = line.at === undefined ? today : day(line.at);
    const head = began === today ? [] : [h("li", { class: "day" }, began)];
    today = began;
    return [...head, message(line)];
  });
}

function draw_talk() {
  const talk = talks.get(chosen.id);
  if (!talk) { at("talk").replaceChildren(h("p", { class: "none" }, t("no_talk"))); return; }
  const order = listed();
  const place = order.indexOf(talk);
  const step = (away, name) => h("button", { type: "button", "data-step": name, disabled: !order[place + away], onclick: () => open_talk(order[place + away].id, null, name) }, t(name));
  const about = talk.buyer === talk.id ? [] : [`${t("col_buyer")} ${talk.buyer}`];
  about.push(t("lines", { n: number(talk.count) }));
  if (talk.score !== null && talk.score !== undefined) about.push(`${t("col_score")} ${number(talk.score, 1)} ${talk.level}`);
  at("talk").replaceChildren(h("div", { class: "talk_head" }, h("h3", {}, talk.id), h("p", { class: "about" }, about.join(" · ")), h("p", { class: "tags" }, tags(talk)), h("p", { class: "steps" }, step(-1, "previous"), step(1, "next"))), ...faults(talk), h("ol", { class: "lines" }, lines_of(talk)));
}

views.push(() => {
  const kinds = ["late", "block", "warn", "missed", "fault"].filter((name) => data.talks.some((talk) => talk.tags.includes(name)));
  const pick = h("select", { onchange: (event) => { chosen.tag = event.target.value; chosen.most = LISTED; draw_list(); } }, h("option", { value: "" }, t("all")), kinds.map((name) => h("option", { value: name, selected: chosen.tag === name }, t(`tag_${name}`))));
  const box = h("input", { type: "search", value: chosen.typed, placeholder: t("talk_hint"), oninput: (event) => { chosen.typed = event.target.value; chosen.most = LISTED; draw_list(); } });
  at("talk_tools").replaceChildren(h("label", {}, t("filter"), box), h("label", {}, t("why_shown"), pick));
  at("talk_note").textContent = data.left_out ? t("talks_left_out", { shown: number(data.talks.length), left: number(data.left_out) }) : t("talks_all", { shown: number(data.talks.length) });
  draw_list();
  draw_talk();
});
at("talk_list").addEventListener("keydown", move_in_list);
