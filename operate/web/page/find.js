// Files by name, whatever became of them: the buckets' own lists are the index of names.

import { go, link } from "./address.js";
import { ask } from "./api.js";
import { h } from "./dom.js";
import { keyName, number, size, time, visibleText, zone } from "./words.js";

/** @type {import("./main.js").View} */
export const find = {
  title: "Find",
  load: async (query, signal) => {
    const text = query.get("text");
    return text ? ask("find", { text }, signal) : null;
  },
  every: () => 0,
  show(data, context) {
    return [h("h1", { tabindex: "-1" }, "Find"), form(context.query.get("text") ?? ""), data && results(data)];
  },
};

/** @param {string} text */
function form(text) {
  const field = h("input", { id: "find-text", type: "search", value: text, autocomplete: "off", spellcheck: "false", "data-focus": "text" });
  const it = h(
    "form",
    { class: "filters search", role: "search" },
    h("div", { class: "field wide" }, h("label", { for: "find-text" }, "The name begins with"), field),
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Find")),
  );
  it.addEventListener("submit", (event) => {
    event.preventDefault();
    go(link("find", { text: field.value }));
  });
  return it;
}

/** @param {any} data */
function results(data) {
  if (!data.files.length) {
    return h("p", { class: "empty" }, "No file in either bucket has a name that begins so. Names are taken as they are written, large and small letters too; what was deleted is found only by its whole name.");
  }
  return h(
    "div",
    {},
    h("p", { class: "quiet", role: "status" }, data.more ? `The first ${number(data.files.length, "name")}; there are more.` : `${number(data.files.length, "name")}.`),
    h(
      "table",
      { class: "files" },
      h("caption", { class: "visually-hidden" }, "Files whose name begins so"),
      h("thead", {}, h("tr", {}, ["File", "Now in", `Newest (${zone()})`, "Size"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, data.files.map((/** @type {any} */ it) => h(
        "tr",
        {},
        h("td", { class: "file" }, h("a", { href: link("file", { key: it.key }), title: visibleText(it.key), "data-focus": it.key }, keyName(it.key))),
        h("td", { class: "outcome" }, it.in.join(" and "), it.versions > 1 && h("span", { class: "quiet" }, `, ${it.versions} versions`)),
        h("td", { class: "since" }, time(it.modified)),
        h("td", { class: "size" }, size(it.size_bytes)),
      ))),
    ),
  );
}
