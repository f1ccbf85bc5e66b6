/**
 * sides.js - two texts beside each other, and what `atlas compare` found between two models.
 */
import { page } from './data.js';
import { cut, h, shown, visible } from './dom.js';
import { cellMatrix } from './sentences.js';
import { mapName, matrixOf, rowsOf } from './rows.js';
import { show, state } from './state.js';
import { csvOf, sortable } from './tables.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** @param {import('./data.js').Text} text */
async function side(text) {
  const rows = rowsOf(text, state.words), m = await matrixOf(text, state, rows);
  const visibleRows = rows.filter((r) => state.special || !r.special).slice(0, 40);
  const picture = m && cellMatrix(`${text.id || 'text'}: ${mapName(state)}`, visibleRows.map((q) => visibleRows.map((k) => m.values[q.index * m.n + k.index])), visibleRows.map((r) => r.label), visibleRows.map((r) => r.label),
    { attributes: (i, j) => ({ 'data-layer': state.layer, 'data-head': state.head, 'data-query': visibleRows[i].index, 'data-key': visibleRows[j].index }) });
  return h('div', {}, h('blockquote', { dir: 'auto' }, cut(visible(text.text), 300)), picture || h('p', {}, 'no map'), rows.length > 40 ? h('p', {}, 'The first 40 rows.') : null);
}

/** The global metrics of both. @param {import('./data.js').Text} a @param {import('./data.js').Text} b */
function numbers(a, b) {
  const x = a.documents.run && a.documents.run.global, y = b.documents.run && b.documents.run.global;
  if (!x || !y) return null;
  const rows = Object.keys(x).map((key) => ({ key, a: x[key], b: y[key], difference: typeof x[key] === 'number' && typeof y[key] === 'number' ? y[key] - x[key] : null }));
  return sortable(['key', 'a', 'b', 'difference'].map((key) => ({ key, title: key, get: (/** @type {any} */ r) => r[key] })), rows, { caption: 'Metrics of the mean map' });
}

/** A document that this page knows no view of: its lists as tables. @param {any} document */
function asTables(document) {
  return Object.entries(document).filter(([key, v]) => key !== 'meta' && Array.isArray(v) && v.length && typeof v[0] === 'object' && v[0] !== null && !Array.isArray(v[0])).map(([key, v]) => {
    const list = /** @type {any[]} */ (v), columns = Object.keys(list[0]).filter((k) => typeof list[0][k] !== 'object' || list[0][k] === null).map((k) => ({ key: k, title: k.replace(/_/g, ' '), get: (/** @type {any} */ r) => r[k] }));
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
      ...page.texts.map((t, i) => h('option', { value: i, selected: i === state.other }, `${t.id || i}: ${cut(visible(t.text), 60)}`)))), h('div', { class: 'columns' }, await side(on.text), await side(other)), numbers(on.text, other));
  }
  if (compare) {
    const scalars = Object.entries(compare).filter(([, v]) => typeof v !== 'object');
    parts.push(h('h2', {}, 'Two models'), h('table', {}, h('tbody', {}, ...scalars.map(([k, v]) => h('tr', {}, h('th', { scope: 'row' }, k.replace(/_/g, ' ')), h('td', {}, shown(v)))))), ...asTables(compare));
    const cka = Array.isArray(compare.cka) && compare.cka.length && typeof compare.cka[0] === 'object' ? compare.cka : null;
    if (cka) csv = csvOf(Object.keys(cka[0]).map((key) => ({ key, title: key, get: (/** @type {any} */ r) => r[key] })), cka);
  }
  const box = h('div', {}, ...parts);
  return { node: box, picture: box.querySelector('svg'), csv, note: 'Both sides show the same layer and head; each has its own scale.' };
}
