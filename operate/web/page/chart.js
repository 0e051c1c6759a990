// Bars that are stacked by outcome, each chart with its table.

import { h, svg } from "./dom.js";

/** @typedef {{ name: string } & Record<string, number | string>} Row */

const OUTCOMES = ["PROCESSED", "QUARANTINED", "HELD", "GONE"];
const WIDTH = 960;
const HEIGHT = 180;
const LEFT = 52;
const BOTTOM = 26;
const WIDEST = 64;

/**
 * @param {string} title
 * @param {Row[]} rows
 * @param {(name: string) => string} label
 */
export function stacked(title, rows, label) {
  const totals = rows.map(total);
  const most = Math.max(1, ...totals);
  const top = ceiling(most);
  const step = (WIDTH - LEFT) / rows.length;
  const high = (/** @type {number} */ files) => ((HEIGHT - BOTTOM - 8) * files) / top;
  const every = Math.ceil(rows.length / 8);
  const used = OUTCOMES.filter((outcome) => rows.some((row) => row[outcome]));
  const sum = totals.reduce((all, one) => all + one, 0);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("strong", {}, title), h("ul", { class: "legend" }, used.map((outcome) => h("li", { class: outcome.toLowerCase() }, outcome)))),
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${sum.toLocaleString("en")} files; the table below has the numbers` },
      [0, top / 2, top].map((files) => {
        const y = HEIGHT - BOTTOM - high(files);
        return [
          svg("line", { x1: LEFT, x2: WIDTH, y1: y, y2: y, class: "grid" }),
          Number.isInteger(files) && svg("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, files.toLocaleString("en")),
        ];
      }).flat(),
      rows.map((row, at) => {
        let y = HEIGHT - BOTTOM;
        const x = LEFT + at * step;
        return svg(
          "g",
          {},
          svg("title", {}, `${label(row.name)}: ${total(row).toLocaleString("en")}`),
          OUTCOMES.filter((outcome) => row[outcome]).map((outcome) => {
            const height = Math.max(2, high(Number(row[outcome])));
            y -= height;
            const width = Math.min(step * 0.8, WIDEST);
            return svg("rect", { x: x + (step - width) / 2, y, width, height, class: outcome.toLowerCase() });
          }),
          at % every === 0 && svg("text", { x: x + step / 2, y: HEIGHT - 8, "text-anchor": "middle" }, label(row.name)),
        );
      }),
    ),
    h(
      "details",
      {},
      h("summary", { "data-focus": title }, "As a table"),
      numbers([title, ...used, "Together"], rows.filter(total).map((row) => [label(row.name), ...used.map((outcome) => Number(row[outcome]).toLocaleString("en")), total(row).toLocaleString("en")])),
    ),
  );
}

/** @param {Row} row */
function total(row) {
  return OUTCOMES.reduce((sum, outcome) => sum + Number(row[outcome] ?? 0), 0);
}

/** A round number that is not below `most`. @param {number} most */
function ceiling(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].map((it) => it * power).find((it) => it >= most) ?? most;
}

/**
 * @param {string[]} names
 * @param {(string | Node)[][]} rows
 */
export function numbers(names, rows) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": `Table: ${names[0]}` },
    h(
      "table",
      { class: "numbers" },
      h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((it) => h("td", {}, it))))),
    ),
  );
}
