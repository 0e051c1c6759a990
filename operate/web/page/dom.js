// Elements from values. Text becomes text nodes: nothing here, or anywhere, makes HTML of a string.

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Child | Child[]} Children */
/** @typedef {(event: any) => void} Listener */
/** @typedef {Record<string, string | number | boolean | null | undefined | Listener>} Properties */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("a", { href: "#/", class: "home" }, "Home")`. A function is a listener: `onclick`.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties} [properties]
 * @param {...Children} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, properties, children);
  return element;
}

/**
 * The same in SVG.
 * @param {string} tag
 * @param {Properties} [properties]
 * @param {...Children} children
 * @returns {SVGElement}
 */
export function svg(tag, properties = {}, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, tag));
  fill(element, properties, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Properties} properties
 * @param {Children[]} children
 */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...nodes(children));
}

/**
 * @param {Children[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Put other children into an element. What had the focus, and has the same `data-focus`, keeps it.
 * @param {Element} element
 * @param {...Children} children
 */
export function refill(element, ...children) {
  const focused = document.activeElement;
  const name = element.contains(focused) && focused?.getAttribute("data-focus");
  element.replaceChildren(...nodes(children));
  if (!name) return;
  const again = element.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/** @param {HTMLElement} button @param {() => Promise<void>} work */
export async function whileBusy(button, work) {
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
