/**
 * neurons.js - how a weight comes about: the query of the token in focus, the keys, their products
 * and the softmax, number by number.
 */
import { diverging, sequential } from './colours.js';
import { page } from './data.js';
import { cut, h, shown } from './dom.js';
import { product } from './frame.js';
import { weightText } from './rows.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** Numbers as stripes. @param {ArrayLike<number>} values @param {number} most @param {string} label */
function stripes(values, most, label) {
  const canvas = /** @type {HTMLCanvasElement} */ (h('canvas', { width: values.length * 4, height: 14, role: 'img', 'aria-label': label }));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  for (let i = 0; i < values.length; i++) {
    pen.fillStyle = diverging(values[i] / most);
    pen.fillRect(4 * i, 0, 4, 14);
  }
  return canvas;
}

/** @param {Shown} on */
export function drawNeurons(on) {
  const head = state.head, vectors = on.vectors;
  if (typeof head !== 'number' || !vectors || state.words)
    return { node: h('p', {}, state.words ? 'Queries and keys are those of tokens: leave out "words".' : 'Queries and keys are those of one head: choose a layer and a head.') };
  const n = on.text.tokens.length, size = vectors.size, query = on.focus === null ? on.visible[0] : on.focus;
  const keys = on.visible.filter((k) => !page.causal || k <= query);
  const of = (/** @type {Float32Array} */ v, /** @type {number} */ row) => v.subarray((head * n + row) * size, (head * n + row + 1) * size);
  const q = of(vectors.q, query);
  const parts = keys.map((k) => ({ k, key: of(vectors.k, k), both: Float32Array.from(of(vectors.k, k), (v, d) => v * q[d]), made: product(on, head, query, k) }));
  const most = Math.max(...Array.from(q, Math.abs), ...parts.flatMap((p) => Array.from(p.key, Math.abs)));
  const mostBoth = Math.max(...parts.flatMap((p) => Array.from(p.both, Math.abs)));
  const chosen = parts.find((p) => String(p.k) === state.by) || parts.reduce((a, b) => on.matrix.values[query * n + b.k] > on.matrix.values[query * n + a.k] ? b : a);
  const rows = parts.map((p) => h('tr', { tabindex: 0, class: 'choice', 'aria-selected': p === chosen, 'data-layer': state.layer, 'data-head': head, 'data-query': query, 'data-key': p.k,
    onclick: () => show({ by: String(p.k) }), onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') show({ by: String(p.k) }); } },
  h('th', { scope: 'row' }, h('bdi', {}, cut(on.rows[p.k].label, 20))), h('td', {}, stripes(p.key, most, 'key')), h('td', {}, stripes(p.both, mostBoth, 'query times key')),
  h('td', { class: 'number' }, shown(p.made && p.made.dot)), h('td', { class: 'number' }, shown(p.made && p.made.scaled)),
  h('td', { class: 'number weight' }, weightText(on.text, on.matrix, query, p.k)), h('td', {}, meter(on.matrix.values[query * n + p.k]))));
  const neurons = Array.from(chosen.both, (v, d) => ({ d, v })).sort((a, b) => Math.abs(b.v) - Math.abs(a.v)).slice(0, 12);
  return {
    node: h('div', {}, h('p', {}, 'Query of ', h('b', {}, h('bdi', {}, on.rows[query].label)), ` in ${on.matrix.name}: `, stripes(q, most, 'query')),
      h('div', { class: 'scrolls' }, h('table', { class: 'neurons' }, h('thead', {}, h('tr', {}, ...['looks at', 'key', 'query \u00d7 key', 'Q\u00b7K', 'scaled', 'softmax', ''].map((t) => h('th', { scope: 'col' }, t)))), h('tbody', {}, ...rows))),
      h('table', {}, h('caption', {}, 'Numbers that count most towards ', h('bdi', {}, on.rows[chosen.k].label)), h('thead', {}, h('tr', {}, ...['neuron', 'query', 'key', 'product'].map((t) => h('th', { scope: 'col' }, t)))),
        h('tbody', {}, ...neurons.map(({ d, v }) => h('tr', {}, h('td', {}, d), h('td', {}, shown(q[d])), h('td', {}, shown(chosen.key[d])), h('td', {}, shown(v))))))),
    csv: /** @type {any[][]} */ ([['query', 'key', 'key_token', 'product', 'scaled', 'weight']]).concat(parts.map((p) => [query, p.k, on.rows[p.k].label, p.made && p.made.dot, p.made && p.made.scaled, on.matrix.values[query * n + p.k]])),
    note: `The token in focus looks; a click on a row takes its numbers apart. Scaled: divided by the root of ${size}. Blue is below 0, orange above. Queries and keys are kept as half floats.`,
  };
}

/** A bar for a share. @param {number} w */
export function meter(w) {
  const box = h('span', { class: 'meter', role: 'img', 'aria-label': shown(w) }), fill = h('span');
  fill.style.width = `${100 * Math.max(0, Math.min(1, w || 0))}%`;
  fill.style.background = sequential(0.7);
  box.append(fill);
  return box;
}
