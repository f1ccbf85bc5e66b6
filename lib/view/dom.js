/**
 * dom.js - making elements. Texts, labels and names become text nodes or attributes, never markup.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, any>} Attributes "on..." is a listener; false and null: none */

const SVG = 'http://www.w3.org/2000/svg';

/** @template {Element} T @param {T} node @param {Attributes} attributes @param {Child[]} children
 *  @returns {T} */
function dressed(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (value === false && !key.startsWith('aria-')) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true && !key.startsWith('aria-') ? '' : String(value));
  }
  for (const child of children)
    if (child !== null && child !== undefined && child !== false)
      node.append(typeof child === 'number' ? String(child) : child);
  return node;
}

/** @param {string} name @param {Attributes} [attributes] @param {...Child} children
 *  @returns {HTMLElement} */
export function h(name, attributes = {}, ...children) {
  return dressed(document.createElement(name), attributes, children);
}

/** @param {string} name @param {Attributes} [attributes] @param {...Child} children
 *  @returns {SVGElement} */
export function svg(name, attributes = {}, ...children) {
  return /** @type {SVGElement} */ (
    dressed(document.createElementNS(SVG, name), attributes, children));
}

/** A drawing that says what it is. @param {number} width @param {number} height
 *  @param {string} title @param {Attributes} [attributes] */
export function drawing(width, height, title, attributes = {}) {
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img',
    'aria-label': title, ...attributes }, svg('title', {}, title));
}

/** A number for people: 3 or 4 digits. @param {any} v */
export function shown(v) {
  if (typeof v !== 'number' || !Number.isFinite(v)) return v === null || v === undefined ? 'n/a' : String(v);
  if (Number.isInteger(v) && Math.abs(v) < 1e6) return String(v);
  return Math.abs(v) >= 1e-3 && Math.abs(v) < 1e5 ? String(Number(v.toPrecision(4)))
    : v === 0 ? '0' : v.toExponential(2);
}

/** A long label, cut. @param {string} s @param {number} max */
export function cut(s, max) {
  const letters = Array.from(s);
  return letters.length > max ? letters.slice(0, max - 1).join('') + '\u2026' : s;
}

/** Control and direction characters of a token would rearrange what is around it. @param {string} s */
export function visible(s) {
  // eslint-disable-next-line no-control-regex
  return s.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `<${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`);
}

/** @type {HTMLElement | null} */
let tip = null;

/** What the pointer or the keyboard is at. @param {Child[][]} lines @param {number} x
 *  @param {number} y in the window */
export function showTip(lines, x, y) {
  if (!tip) document.body.append((tip = h('div', { id: 'tip', role: 'tooltip', 'aria-live': 'polite' })));
  tip.replaceChildren(...lines.map((line) => h('div', {}, ...line)));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18}px`;
}

export function hideTip() {
  if (tip) tip.hidden = true;
}

/** A tooltip for everything inside root that find() knows. @param {Element} root
 *  @param {(at: Element) => Child[][] | null} find */
export function tips(root, find) {
  /** @param {Event} e @param {number} x @param {number} y */
  const at = (e, x, y) => {
    const lines = e.target instanceof Element ? find(e.target) : null;
    if (lines) showTip(lines, x, y);
    else hideTip();
  };
  root.addEventListener('pointermove', (e) => {
    if (e instanceof PointerEvent) at(e, e.clientX, e.clientY);
  });
  root.addEventListener('focusin', (e) => {
    if (!(e.target instanceof Element)) return;
    const box = e.target.getBoundingClientRect();
    at(e, box.left, box.bottom);
  });
  root.addEventListener('pointerleave', hideTip);
  root.addEventListener('focusout', hideTip);
}
