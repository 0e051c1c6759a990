// Exact figures of the last days, as the daily check counted them: outcomes, types, durations.

import { go, link } from "./address.js";
import { ask } from "./api.js";
import { numbers, stacked } from "./chart.js";
import { h } from "./dom.js";
import { ago, keyName, moment, number, size, visible, zone } from "./words.js";

const DAYS = { 7: "7 days", 30: "30 days", 90: "90 days" };

/** @type {import("./main.js").View} */
export const figures = {
  title: "Figures",
  load: (query, signal) => ask("figures", { days: query.get("days") ?? "30" }, signal),
  every: () => 0,
  show(data, context) {
    const days = context.query.get("days") ?? "30";
    return [
      h("h1", { tabindex: "-1" }, "Figures"),
      choice(days),
      ...(data.nothing ? [h("p", { class: "empty" }, visible(data.nothing))] : all(data)),
    ];
  },
};

/** @param {string} days */
function choice(days) {
  const field = h("select", { id: "days", "data-focus": "days" }, Object.entries(DAYS).map(([value, words]) => h("option", { value, selected: value === days }, words)));
  field.addEventListener("change", () => go(link("figures", { days: field.value })));
  return h("p", { class: "choice" }, h("label", { for: "days" }, "Of the last "), field, h("span", { class: "quiet" }, " in UTC, today included, by the day of the upload"));
}

/** @param {any} data */
function all(data) {
  const total = data.total;
  return [
    h("p", { class: data.is_stale ? "bad" : "quiet" }, data.counted_at
      ? `Counted ${ago(data.counted_at)} (${moment(data.counted_at)} ${zone()})${data.is_stale ? ": the daily check has missed a day" : "; what came since is from the log"}.`
      : "Nobody knows when these days were counted."),
    h("dl", { class: "tiles" }, [
      tile("Files", total.files.toLocaleString("en")),
      tile("Bytes", size(total.bytes)),
      tile("Not accepted", total.not_accepted === null ? "–" : `${(100 * total.not_accepted).toFixed(1)} %`),
      tile("Half took at most", milliseconds(total.p50)),
      tile("95 % took at most", milliseconds(total.p95)),
      tile("95 % waited at most", milliseconds(total.wait_p95)),
    ]),
    h("section", {}, stacked("Files by day", data.days, (day) => day.slice(5))),
    h("section", {}, h("h2", {}, "By type"), numbers(
      ["Type", "Files", "Bytes", "Not accepted", "p50", "p95", "p99"],
      data.types.map((/** @type {any} */ it) => [visible(it.name || "the rest"), it.files.toLocaleString("en"), size(it.bytes), it.not_accepted === null ? "–" : `${(100 * it.not_accepted).toFixed(1)} %`, milliseconds(it.p50), milliseconds(it.p95), milliseconds(it.p99)]),
    )),
    data.reasons.length > 0 && h("section", {}, h("h2", {}, "By reason"), numbers(
      ["Reason", "Files"],
      data.reasons.map((/** @type {any} */ it) => [visible(it.name || "the rest"), it.files.toLocaleString("en")]),
    )),
    data.slowest.length > 0 && h("section", {}, h("h2", {}, "The slowest"), h("ul", { class: "done" }, data.slowest.map((/** @type {any} */ it) =>
      h("li", {}, h("a", { href: link("file", { key: it.key, upload: it.upload_id }) }, keyName(it.key)), h("span", { class: "quiet" }, ` ${milliseconds(it.duration_ms)}`))))),
    data.incomplete.length > 0 && h("p", { class: "quiet" }, `Of ${number(data.incomplete.length, "day")} some records had expired before they were counted.`),
    data.unreadable.length > 0 && h("p", { class: "bad" }, `Not readable: ${data.unreadable.join(", ")}. The next check counts them anew.`),
  ];
}

/** @param {string} name @param {string} words */
function tile(name, words) {
  return h("div", { class: "tile plain" }, h("dt", {}, name), h("dd", {}, h("strong", {}, words)));
}

/** @param {number | null} amount */
function milliseconds(amount) {
  if (amount === null) return "–";
  return amount < 1000 ? `${Math.round(amount)} ms` : amount < 120_000 ? `${(amount / 1000).toFixed(1)} s` : `${Math.round(amount / 60_000)} min`;
}
