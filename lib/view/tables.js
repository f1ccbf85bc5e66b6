/**
 * tables.js - tables that sort, maps of layer x head, and what a number means.
 */
import { diverging, sequential } from './colours.js';
import { page } from './data.js';
import { drawing, h, shown, svg, tips } from './dom.js';
import { show, state } from './state.js';

/** @typedef {import('./dom.js').Child} Child */

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {(row: any) => any} get
 * @property {string} [help]
 * @property {(row: any) => Child} [cell] in place of the value
 */

/** What a key of a document means. @param {string} file "metrics.json" @param {string} key */
export function meaning(file, key) {
  const of = page.help.documents[file], found = of && (of[key] || of[`heads[].${key}`]);
  return found ? found.help + (found.unit ? ` (${found.unit})` : '') : '';
}

/** Name, formula, reading and source of a metric, as `atlas metrics --explain` says them.
 *  @param {string} key @returns {HTMLElement | null} */
export function explained(key) {
  const m = page.help.metrics[key];
  if (!m) return null;
  /** @type {[string, string][]} */
  const lines = [['Formula', m.formula], ['Unit', m.unit], ['Range', m.range], ['High', m.high], ['Low', m.low], ['Source', m.source]];
  return h('dl', { class: 'explained' }, h('dt', {}, m.title), ...lines.filter(([, v]) => v).map(([k, v]) => h('dd', {}, h('b', {}, `${k}: `), v)));
}

/** By a column; what is undefined comes last. @param {any[]} rows @param {Column} column
 *  @param {boolean} down @returns {any[]} */
function sorted(rows, column, down) {
  const value = (/** @type {any} */ row) => column.get(row);
  const nothing = (/** @type {any} */ v) => v === null || v === undefined || (typeof v === 'number' && Number.isNaN(v));
  return [...rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (nothing(x) || nothing(y)) return nothing(x) ? (nothing(y) ? 0 : 1) : -1;
    return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
  });
}

/** @param {Column[]} columns @param {any[]} rows
 *  @param {{caption: string, select?: (row: any) => void, isSelected?: (row: any) => boolean,
 *           attributes?: (row: any) => Record<string, any>}} options */
export function sortable(columns, rows, options) {
  const body = h('tbody'), heads = columns.map((c) => h('th', { scope: 'col', 'aria-sort': 'none' },
    h('button', { type: 'button', title: c.help || c.title, 'data-key': c.key }, c.title)));
  /** @param {any[]} of */
  const fill = (of) => body.replaceChildren(...of.map((row) => h('tr', {
    ...options.select ? { tabindex: 0, class: 'choice', 'aria-selected': !!(options.isSelected && options.isSelected(row)),
      onclick: () => options.select && options.select(row),
      onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter' && options.select) options.select(row); } } : {},
    ...options.attributes ? options.attributes(row) : {},
  }, ...columns.map((c) => h('td', typeof c.get(row) === 'number' ? { class: 'number' } : {}, c.cell ? c.cell(row) : h('bdi', {}, shown(c.get(row))))))));
  columns.forEach((c, i) => heads[i].addEventListener('click', () => {
    const down = heads[i].getAttribute('aria-sort') !== 'descending';
    heads.forEach((th) => th.setAttribute('aria-sort', 'none'));
    heads[i].setAttribute('aria-sort', down ? 'descending' : 'ascending');
    fill(sorted(rows, c, down));
  }));
  fill(rows);
  return h('div', { class: 'scrolls' }, h('table', { class: 'sortable' }, h('caption', {}, options.caption), h('thead', {}, h('tr', {}, ...heads)), body));
}

/** @param {Column[]} columns @param {any[]} rows @returns {any[][]} */
export function csvOf(columns, rows) {
  return [columns.map((c) => c.key), ...rows.map((row) => columns.map((c) => c.get(row)))];
}

/** Share of the colour scale. @param {number} v @param {number} low @param {number} high */
function share(v, low, high) {
  return high > low ? (v - low) / (high - low) : 0.5;
}

/** A value for every head; a click selects it in all views. @param {string} title
 *  @param {(layer: number, head: number) => number} get
 *  @param {{neutral?: number}} [options] neutral: a diverging scale around it */
export function headMap(title, get, options = {}) {
  const side = page.heads > 16 ? 20 : 30, left = 34, top = 22;
  const values = Array.from({ length: page.layers }, (_, l) => Array.from({ length: page.heads }, (_, k) => get(l, k)));
  const all = values.flat().filter(Number.isFinite), low = Math.min(...all), high = Math.max(...all);
  const neutral = options.neutral, spread = neutral === undefined ? 0 : Math.max(...all.map((v) => Math.abs(v - neutral)), 1e-9);
  const root = drawing(Math.max(left + page.heads * side + 4, left + 330), top + page.layers * side + 36, title, { class: 'headmap', role: 'group' });
  for (let head = 0; head < page.heads; head++)
    root.append(svg('text', { x: left + (head + 0.5) * side, y: 14, class: 'axis', 'text-anchor': 'middle' }, head));
  values.forEach((row, layer) => {
    root.append(svg('text', { x: left - 6, y: top + (layer + 0.5) * side, class: 'axis', 'text-anchor': 'end', 'dominant-baseline': 'central' }, layer));
    row.forEach((v, head) => {
      const t = neutral === undefined ? share(v, low, high) : (v - neutral) / spread;
      const is = layer === state.layer && head === state.head;
      root.append(svg('rect', { x: left + head * side, y: top + layer * side, width: side - 1, height: side - 1, role: 'button', tabindex: is ? 0 : -1,
        fill: neutral === undefined ? sequential(t) : diverging(t), class: `cell pick${is ? ' chosen' : ''}`, 'data-layer': layer, 'data-head': head,
        'aria-label': `Layer ${layer}, head ${head}: ${shown(v)}`, onclick: () => show({ layer, head, heads: [] }),
        onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') show({ layer, head, heads: [] }); } }));
    });
  });
  root.append(svg('text', { x: left, y: top + page.layers * side + 18, class: 'axis' },
    all.length ? `${title}: ${shown(low)} to ${shown(high)}${neutral === undefined ? '' : `, neutral at ${neutral}`}` : `${title}: undefined`),
    svg('text', { x: left, y: top + page.layers * side + 32, class: 'axis' }, 'rows are layers, columns heads'));
  tips(root, (at) => at.hasAttribute('data-head') ? [[at.getAttribute('aria-label') || '']] : null);
  return root;
}
