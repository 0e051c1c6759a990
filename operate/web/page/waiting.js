// What waits, the newest first: filters that live in the address, and a choice to act on.

import { go, link } from "./address.js";
import { ask } from "./api.js";
import { act } from "./acting.js";
import { save } from "./csv.js";
import { h } from "./dom.js";
import { ago, badge, keyName, moment, number, size, time, visibleText, zone } from "./words.js";

/** @typedef {import("./api.js").Waiting} Waiting */

const AGES = /** @type {const} */ ({ "1h": "the last hour", "24h": "the last 24 hours", "7d": "the last 7 days", "30d": "the last 30 days" });
const HOURS = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };
const FILTERS = ["status", "reason", "prefix", "sender", "since", "from", "to"];

/** What is chosen, as it was seen. @type {Map<string, Waiting>} */
const chosen = new Map();
/** The reasons that were seen, to be offered. @type {Set<string>} */
const reasons = new Set();

/** @type {import("./main.js").View} */
export const waiting = {
  title: "Waiting",
  load: (query, signal) => ask("waiting", asked(query), signal),
  // A list must not move under the hand of who is choosing.
  every: () => (chosen.size ? 0 : 30),
  show(data, context) {
    /** @type {Waiting[]} */
    const files = data.files;
    files.forEach((it) => it.reason_code && reasons.add(it.reason_code));
    const here = new Set(files.map(id));
    for (const name of chosen.keys()) if (!here.has(name)) chosen.delete(name);
    return [
      h("h1", { tabindex: "-1" }, "Waiting"),
      filters(context.query),
      files.length ? table(files, context) : h("p", { class: "empty" }, nothing(data, context.query)),
      pages(data, context.query),
      bar(files, context),
    ];
  },
};

/** @param {Waiting} file */
function id(file) {
  return `${file.upload_id} ${file.key}`;
}

/** The server's words for what is chosen. @param {URLSearchParams} query */
function asked(query) {
  const words = new URLSearchParams();
  for (const name of ["status", "reason", "prefix", "sender", "after"]) {
    for (const value of query.getAll(name)) if (value) words.append(name, value);
  }
  const hours = HOURS[/** @type {keyof typeof HOURS} */ (query.get("since") ?? "")];
  if (hours) words.set("since", new Date(Date.now() - hours * 3_600_000).toISOString());
  const [from, to] = [query.get("from"), query.get("to")];
  if (from) words.set("since", from);
  if (to) words.set("until", to);
  return words;
}

/** @param {URLSearchParams} query */
function values(query) {
  return Object.fromEntries(FILTERS.map((name) => [name, query.getAll(name)]));
}

/** @param {URLSearchParams} query */
function filters(query) {
  const form = h(
    "form",
    { class: "filters", role: "search", "aria-label": "Which files" },
    field("Outcome", select("status", query, { "": "any", HELD: "held", QUARANTINED: "set aside" })),
    field("Reason", input("reason", query, { list: "reasons", placeholder: "any", pattern: "[A-Z][A-Z0-9_]*", title: "A reason code such as PROCESS_FAILED" })),
    h("datalist", { id: "reasons" }, [...reasons].sort().map((reason) => h("option", { value: reason }))),
    field("Name begins with", input("prefix", query, { placeholder: "partners/acme/" })),
    field("Sender", input("sender", query, { placeholder: "AWS:AROAEXAMPLE:*", title: "Who uploaded it; * stands for anything" })),
    field("Decided in", select("since", query, { "": "any time", ...AGES })),
    field("From (UTC)", input("from", query, { type: "datetime-local" })),
    field("To (UTC)", input("to", query, { type: "datetime-local" })),
    h("div", { class: "buttons" }, h("button", { type: "submit" }, "Show"), h("a", { href: link("waiting"), class: "button quiet" }, "Clear")),
  );
  const apply = () => {
    const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    for (const name of ["from", "to"]) if (given[name]) given[name] = `${given[name]}Z`;
    if (form.reportValidity()) go(link("waiting", given));
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  form.querySelectorAll("select").forEach((it) => it.addEventListener("change", apply));
  const some = FILTERS.some((name) => query.get(name));
  const wide = matchMedia("(min-width: 46rem)").matches;
  return h("details", { class: "filter-box", open: some || wide }, h("summary", { "data-focus": "filters" }, "Filters"), form);
}

/** @param {string} label @param {HTMLElement} control */
function field(label, control) {
  control.id = `filter-${control.getAttribute("name")}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

/** @param {string} name @param {URLSearchParams} query @param {Record<string, string>} choices */
function select(name, query, choices) {
  const now = query.get(name) ?? "";
  return h("select", { name, "data-focus": name }, Object.entries(choices).map(([value, words]) => h("option", { value, selected: value === now }, words)));
}

/** @param {string} name @param {URLSearchParams} query @param {import("./dom.js").Properties} more */
function input(name, query, more) {
  const value = (query.get(name) ?? "").replace(/Z$/, "");
  return h("input", { name, value: more.type ? value : query.get(name), autocomplete: "off", spellcheck: "false", "data-focus": name, ...more });
}

/** @param {any} data @param {URLSearchParams} query */
function nothing(data, query) {
  if (!data.complete) return "Nothing was found so far, and there is more to look at.";
  return FILTERS.some((name) => query.get(name)) ? "No such file waits." : "No file waits.";
}

/** @param {Waiting[]} files @param {import("./main.js").Context} context */
function table(files, context) {
  const all = h("input", { type: "checkbox", "aria-label": "Choose all that are shown", "data-focus": "all", checked: files.every((it) => chosen.has(id(it))) });
  all.addEventListener("change", () => {
    for (const it of files) all.checked ? chosen.set(id(it), it) : chosen.delete(id(it));
    context.show();
  });
  return h(
    "table",
    { class: "files" },
    h("caption", { class: "visually-hidden" }, "Files that wait, the newest first"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("label", {}, all, h("span", { class: "only-narrow" }, "all that are shown"))), ["File", "Outcome", `Since (${zone()})`, "Size", "Next"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, files.map((it) => row(it, context))),
  );
}

/** @param {Waiting} file @param {import("./main.js").Context} context */
function row(file, context) {
  const name = id(file);
  const box = h("input", { type: "checkbox", "aria-label": `Choose ${visibleText(file.key)}`, "data-focus": name, checked: chosen.has(name) });
  box.addEventListener("change", () => {
    box.checked ? chosen.set(name, file) : chosen.delete(name);
    context.show();
  });
  return h(
    "tr",
    { class: chosen.has(name) ? "chosen" : null },
    h("td", { class: "box" }, box),
    h("td", { class: "file" }, h("a", { href: link("file", { key: file.key, upload: file.upload_id }), title: visibleText(file.key), "data-focus": `link ${name}` }, keyName(file.key))),
    h("td", { class: "outcome" }, badge(file.status), " ", h("span", { class: "reason" }, file.reason_code)),
    h("td", { class: "since" }, time(file.since)),
    h("td", { class: "size" }, size(file.size_bytes)),
    h("td", { class: "next" }, next(file)),
  );
}

/** @param {Waiting} file */
function next(file) {
  if (file.is_tried_now) return "being tried again";
  if (file.needs === "operator") return h("strong", { class: "needs" }, "needs you");
  if (file.needs === "sender") return "for its sender";
  const at = file.retry_at ?? "";
  return h("span", { title: `${moment(at)} ${zone()}` }, Date.parse(at) > Date.now() ? `tried again ${ago(at)}` : "tried again now");
}

/** @param {any} data @param {URLSearchParams} query */
function pages(data, query) {
  return h(
    "nav",
    { class: "pages", "aria-label": "Pages" },
    query.get("after") && h("a", { class: "button", href: link("waiting", values(query)) }, "Newest"),
    data.after && h("a", { class: "button", href: link("waiting", { ...values(query), after: data.after }) }, data.complete ? "Older" : "Go on looking"),
    !data.complete && h("span", { class: "quiet" }, "Few match, so this page ends before it is full."),
  );
}

/** @param {Waiting[]} files @param {import("./main.js").Context} context */
function bar(files, context) {
  if (!files.length) return null;
  const several = [...chosen.values()];
  const may = context.me.may_act;
  const done = async () => {
    chosen.clear();
    await context.reload();
    context.show();
  };
  const button = (/** @type {string} */ words, /** @type {"retry" | "discard"} */ verb, kind = "") =>
    h("button", { type: "button", class: kind, disabled: !several.length || !may, "data-focus": verb, title: may ? null : "You may look, but not act.", onclick: () => act(verb, several, context.me, done) }, words);
  return h(
    "div",
    { class: several.length ? "bar some" : "bar", role: "group", "aria-label": "What to do with the files that are chosen" },
    h("span", { role: "status" }, several.length ? `${number(several.length, "file")} chosen` : `${number(files.length, "file")} shown`),
    button("Try again …", "retry", "primary"),
    button("Discard …", "discard", "danger"),
    h("button", { type: "button", onclick: () => save("waiting", files) }, "Save as CSV"),
  );
}
