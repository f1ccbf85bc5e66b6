/**
 * sides.js - two texts beside each other, and what `atlas compare` found between two models.
 */
import { page } from './data.js';
import { cut, h, shown, visible } from './dom.js';
import { cellMatrix } from './sentences.js';
import { mapName, matrixOf, rowsOf } from './rows.js';
import { show, state } from './state.js';
import { csvOf, headMap, sortable } from './tables.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** @param {import('./data.js').Text} t @param {number} i */
export function nameOf(t, i) {
  const other = t.model && t.model !== page.model ? ` (${t.model})` : '';
  return `${t.id || i + 1}${other}: ${cut(visible(t.text), 60)}`;
}

/** @param {import('./data.js').Text} text */
async function side(text) {
  const rows = rowsOf(text, state.words), m = await matrixOf(text, state, rows);
  const visibleRows = rows.filter((r) => state.special || !r.special).slice(0, 40);
  const picture = m && cellMatrix(`${text.id || 'text'}: ${mapName(state)}`, visibleRows.map((q) => visibleRows.map((k) => m.values[q.index * m.n + k.index])), visibleRows.map((r) => r.label), visibleRows.map((r) => r.label),
    { attributes: (i, j) => ({ 'data-layer': state.layer, 'data-head': state.head, 'data-query': visibleRows[i].index, 'data-key': visibleRows[j].index }) });
  return h('div', {}, h('p', {}, h('b', {}, text.model || '')), h('blockquote', { dir: 'auto' }, cut(visible(text.text), 300)), picture || h('p', {}, 'no map'), rows.length > 40 ? h('p', {}, 'The first 40 rows.') : null);
}

/** The global metrics of both. @param {import('./data.js').Text} a @param {import('./data.js').Text} b */
function numbers(a, b) {
  const x = a.documents.run && a.documents.run.global, y = b.documents.run && b.documents.run.global;
  if (!x || !y) return null;
  const rows = Object.keys(x).map((key) => ({ key, a: x[key], b: y[key], difference: typeof x[key] === 'number' && typeof y[key] === 'number' ? y[key] - x[key] : null }));
  return sortable(['key', 'a', 'b', 'difference'].map((key) => ({ key, title: key, get: (/** @type {any} */ r) => r[key] })), rows, { caption: 'Metrics of the mean map' });
}

/** What names a row stands first. */
const NAMES = ['table', 'row', 'column', 'metric', 'layer', 'head', 'layer_a', 'head_a', 'layer_b', 'head_b', 'index_a', 'token_a', 'index_b', 'token_b', 'a', 'b', 'difference'];

/** Keys of rows: those that name them, then the others; what no row has is left out. @param {any[]} rows */
function keysOf(rows) {
  const place = (/** @type {string} */ k) => NAMES.includes(k) ? NAMES.indexOf(k) : NAMES.length;
  return Object.keys(rows[0]).filter((k) => rows.some((r) => r[k] !== null && r[k] !== undefined && typeof r[k] !== 'object')).sort((x, y) => place(x) - place(y));
}

/** One number of every head, a - b, where both models have the heads of this page. @param {any} compare */
function differences(compare) {
  const rows = (compare.heads || []).filter((/** @type {any} */ r) => typeof r.layer === 'number' && typeof r.head === 'number');
  const metrics = [...new Set(rows.map((/** @type {any} */ r) => String(r.metric)))];
  if (!rows.length || !rows.every((/** @type {any} */ r) => r.layer < page.layers && r.head < page.heads)) return null;
  const of = metrics.includes(state.metric) ? state.metric : metrics.includes('js_distance') ? 'js_distance' : metrics[0];
  const known = new Map(rows.filter((/** @type {any} */ r) => r.metric === of).map((/** @type {any} */ r) => [`${r.layer}.${r.head}`, r.difference]));
  return h('div', {}, h('label', {}, 'Every head ', h('select', { name: 'difference', onchange: (/** @type {Event} */ e) => show({ metric: /** @type {HTMLSelectElement} */ (e.target).value }) },
    ...metrics.map((m) => h('option', { value: m, selected: m === of }, m.replace(/_/g, ' '))))),
  headMap(`${of.replace(/_/g, ' ')}, a - b`, (l, k) => { const v = known.get(`${l}.${k}`); return typeof v === 'number' ? v : NaN; }, { neutral: 0 }));
}

/** A document that this page knows no view of: its lists as tables. @param {any} document */
function asTables(document) {
  return Object.entries(document).filter(([key, v]) => key !== 'meta' && Array.isArray(v) && v.length && typeof v[0] === 'object' && v[0] !== null && !Array.isArray(v[0])).map(([key, v]) => {
    const list = /** @type {any[]} */ (v), columns = keysOf(list).map((k) => ({ key: k, title: k.replace(/_/g, ' '), get: (/** @type {any} */ r) => r[k] }));
    return sortable(columns, list.slice(0, 2000), { caption: key.replace(/_/g, ' '), ...list[0].layer !== undefined && list[0].head !== undefined ? { select: (/** @type {any} */ r) => show({ layer: r.layer, head: r.head, heads: [] }) } : {} });
  });
}

/** @param {Shown} on */
export async function drawSides(on) {
  const parts = [], compare = page.documents.compare || on.text.documents.compare;
  let csv = null;
  if (page.texts.length > 1) {
    const other = page.texts[state.other] || page.texts[0];
    parts.push(h('label', {}, 'Beside ', h('select', { name: 'other', onchange: (/** @type {Event} */ e) => show({ other: Number(/** @type {HTMLSelectElement} */ (e.target).value) }) },
      ...page.texts.map((t, i) => h('option', { value: i, selected: i === state.other }, nameOf(t, i))))), h('div', { class: 'columns' }, await side(on.text), await side(other)), numbers(on.text, other));
  }
  if (compare) {
    const scalars = Object.entries(compare).filter(([, v]) => typeof v !== 'object');
    parts.push(h('h2', {}, compare.model_a === compare.model_b ? 'Two texts' : 'Two models'), h('table', {}, h('tbody', {}, ...scalars.map(([k, v]) => h('tr', {}, h('th', { scope: 'row' }, k.replace(/_/g, ' ')), h('td', {}, shown(v)))))), differences(compare), ...asTables(compare));
    const cka = Array.isArray(compare.cka) && compare.cka.length && typeof compare.cka[0] === 'object' ? compare.cka : null;
    if (cka) csv = csvOf(Object.keys(cka[0]).map((key) => ({ key, title: key, get: (/** @type {any} */ r) => r[key] })), cka);
  }
  const box = h('div', {}, ...parts);
  return { node: box, picture: box.querySelector('svg'), csv, note: 'Both sides show the same layer and head; each has its own scale.' };
}
