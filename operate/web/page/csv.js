// A list as a file for a spreadsheet, in which no name of a stranger becomes a formula.

import { h } from "./dom.js";

/** @param {unknown} value */
export function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  // What a spreadsheet takes for the beginning of a formula is preceded by what makes it text.
  const safe = typeof value !== "number" && /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {Record<string, unknown>[]} rows */
export function csv(rows) {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** @param {string} name @param {object[]} rows */
export function save(name, rows) {
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  const content = new Blob(["\ufeff", csv(/** @type {Record<string, unknown>[]} */ (rows))], { type: "text/csv" });
  const address = URL.createObjectURL(content);
  h("a", { href: address, download: `${name}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
