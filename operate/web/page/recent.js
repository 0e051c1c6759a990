// What became of files of late, accepted ones too: from the log, the newest first.

import { link } from "./address.js";
import { ask } from "./api.js";
import { save } from "./csv.js";
import { h } from "./dom.js";
import { badge, keyName, moment, number, size, time, visible, visibleText, zone } from "./words.js";

/** @type {import("./main.js").View} */
export const recent = {
  title: "Recent",
  load: (query, signal) => ask("recent", {}, signal),
  every: () => 15,
  show(data) {
    const all = data.outcomes;
    return [
      h("h1", { tabindex: "-1" }, "Recent"),
      h("p", { class: "quiet" }, all.length
        ? `The ${data.more ? "newest " : ""}${number(all.length, "outcome")} since ${moment(data.since)} ${zone()}${data.more ? "; there are more" : ""}. Lines of a log arrive a few seconds late.`
        : "Nothing was decided in the last two days, as far as the log knows."),
      all.length > 0 && table(all),
      all.length > 0 && h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => save("recent", all) }, "Save as CSV")),
    ];
  },
};

/** @param {any[]} all */
function table(all) {
  return h(
    "table",
    { class: "files" },
    h("caption", { class: "visually-hidden" }, "Outcomes, the newest first"),
    h("thead", {}, h("tr", {}, ["File", "Outcome", `When (${zone()})`, "Size", "Took"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, all.map((it) => h(
      "tr",
      {},
      h("td", { class: "file" }, h("a", { href: link("file", { key: it.key, upload: it.upload_id }), title: visibleText(it.key), "data-focus": `${it.at} ${it.upload_id}` }, keyName(it.key))),
      h("td", { class: "outcome" }, badge(it.status), " ", it.reason_code && h("span", { class: "reason" }, visible(it.reason_code)), it.retry !== null && h("span", { class: "quiet" }, ` retry ${it.retry}`), it.stood && h("span", { class: "quiet" }, " again")),
      h("td", { class: "since" }, time(it.at)),
      h("td", { class: "size" }, size(it.size_bytes)),
      h("td", { class: "size" }, it.milliseconds === null ? "" : `${it.milliseconds} ms`),
    ))),
  );
}
