/**
 * sentences.js - how much of one sentence's attention lands on another, down to the tokens.
 */
import { inkOn, sequential } from './colours.js';
import { cut, drawing, h, shown, svg, tips } from './dom.js';
import { matrixOf, rowsOf } from './rows.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** A matrix of numbers with labels. @param {string} title @param {number[][]} values
 *  @param {string[]} rows @param {string[]} columns
 *  @param {{attributes?: (i: number, j: number) => Record<string, any>, left?: number}} [options] */
export function cellMatrix(title, values, rows, columns, options = {}) {
  const side = Math.max(16, Math.min(54, 560 / Math.max(columns.length, 1))), left = options.left || 120, top = 96;
  const most = Math.max(...values.flat().filter(Number.isFinite), 1e-12);
  const root = drawing(left + columns.length * side + 80, top + rows.length * side + 8, title, { class: 'cells', role: 'group' });
  rows.forEach((name, i) => root.append(svg('text', { x: left - 6, y: top + (i + 0.5) * side, 'text-anchor': 'end', 'dominant-baseline': 'central' }, cut(name, 16))));
  columns.forEach((name, j) => root.append(svg('g', { transform: `translate(${left + (j + 0.5) * side},${top - 6}) rotate(-50)` }, svg('text', {}, cut(name, 14)))));
  values.forEach((row, i) => row.forEach((v, j) => {
    const t = Math.sqrt(Math.max(0, v) / most);
    root.append(svg('rect', { x: left + j * side, y: top + i * side, width: side - 1, height: side - 1, fill: sequential(t), class: 'cell', 'aria-label': `${name(rows[i])} at ${name(columns[j])}: ${shown(v)}`, ...options.attributes ? options.attributes(i, j) : {} }));
    if (side >= 40) root.append(svg('text', { x: left + (j + 0.5) * side, y: top + (i + 0.5) * side, 'text-anchor': 'middle', 'dominant-baseline': 'central', class: 'value', fill: inkOn(t) }, Number.isFinite(v) ? v.toFixed(2) : ''));
  }));
  tips(root, (at) => at.classList.contains('cell') ? [[at.getAttribute('aria-label') || '']] : null);
  return root;
}

/** @param {string} s */
function name(s) {
  return cut(s, 60);
}

/** The tokens behind one cell, in the map that the whole matrix is of. @param {Shown} on
 *  @param {any} from @param {any} to */
async function behind(on, from, to) {
  const rows = rowsOf(on.text, false);
  const m = on.text.maps && await matrixOf(on.text, { ...state, layer: 'mean', head: 'mean', matrix: 'raw', words: false }, rows);
  if (!m) return null;
  const range = (/** @type {any} */ s) => Array.from({ length: s.n_tokens }, (_, i) => s.first_token + i).filter((i) => i < rows.length);
  const queries = range(from), keys = range(to);
  return cellMatrix(`Tokens of sentence ${from.index} looking at sentence ${to.index}`, queries.map((q) => keys.map((k) => m.values[q * m.n + k])), queries.map((q) => rows[q].label), keys.map((k) => rows[k].label),
    { attributes: (i, j) => ({ 'data-query': queries[i], 'data-key': keys[j], onclick: () => show({ focus: queries[i] }) }) });
}

/** @param {Shown} on */
export async function drawSentences(on) {
  const isa = on.text.documents.isa, sentences = isa.sentences;
  const [a, b] = /^\d+-\d+$/.test(state.by) ? state.by.split('-').map(Number) : [0, Math.min(1, sentences.length - 1)];
  const from = sentences[a] || sentences[0], to = sentences[b] || sentences[0];
  const labels = sentences.map((/** @type {any} */ s) => `${s.index}: ${s.text}`);
  const root = cellMatrix('Attention between sentences', isa.matrix, labels, labels, { attributes: (i, j) => ({ role: 'button', tabindex: i === a && j === b ? 0 : -1, class: `cell pick${i === a && j === b ? ' chosen' : ''}`,
    'data-query': i, 'data-key': j, onclick: () => show({ by: `${i}-${j}` }), onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') show({ by: `${i}-${j}` }); } }) });
  const tokens = on.text.words ? null : await behind(on, from, to);
  return { node: h('div', { class: 'columns' }, root, h('div', {}, h('h2', {}, `Sentence ${from.index} looks at sentence ${to.index}: ${shown(isa.matrix[from.index][to.index])}`),
    h('p', {}, h('bdi', {}, from.text), ' \u2192 ', h('bdi', {}, to.text)), tokens)),
  picture: root, csv: [['query', 'key', 'weight'], ...isa.matrix.flatMap((/** @type {number[]} */ row, /** @type {number} */ i) => row.map((v, j) => [i, j, v]))],
  note: 'A cell is the share of attention that the tokens of the row\u2019s sentence give to those of the column\u2019s, mean over layers and heads; a click shows the tokens behind it.' };
}
