// Where the page is: `#/waiting?reason=PROCESS_FAILED`. What a person chose lives there, and so
// outlives a reload, the way back and a link that is passed on. No server ever sees it.

/** @typedef {{ view: string, query: URLSearchParams }} Place */

/** @returns {Place} */
export function place() {
  const [path, query] = location.hash.slice(1).split(/\?(.*)/s);
  return { view: path.replace(/^\//, "") || "overview", query: new URLSearchParams(query ?? "") };
}

/**
 * An address within the page; what is empty is left out.
 * @param {string} view
 * @param {Record<string, string | string[] | null | undefined>} [values]
 */
export function link(view, values = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) if (one) query.append(name, one);
  }
  const text = query.toString();
  return `#/${view === "overview" ? "" : view}${text ? `?${text}` : ""}`;
}

/** @param {string} address */
export function go(address) {
  if (address !== location.hash) location.hash = address;
}

/** The token of `#token=…`, which is taken out of the address and of the history at once. */
export function takeToken() {
  const found = /^#token=([\w-]+)(.*)$/s.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, "", `${location.pathname}#${found[2].replace(/^&?/, "") || "/"}`);
  return found[1];
}
