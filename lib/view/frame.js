/**
 * frame.js - what every view is given: the text, its rows, one map, the focus; and what a view
 * gives back.
 */
import { layerVectors, page } from './data.js';
import { matrixOf, rowOfToken, rowsOf, weightText } from './rows.js';
import { h, shown } from './dom.js';
import { show, state } from './state.js';

/** @typedef {import('./dom.js').Child} Child */
/** @typedef {import('./rows.js').Matrix} Matrix */

/**
 * @typedef {object} Shown
 * @property {import('./data.js').Text} text
 * @property {import('./rows.js').Row[]} rows
 * @property {number[]} visible rows that are shown
 * @property {number | null} focus a row
 * @property {Matrix} matrix
 * @property {{q: Float32Array, k: Float32Array, size: number} | null} vectors of the layer
 * @property {(row: number | null) => void} setFocus
 * @property {(m: Matrix, q: number, k: number, head: string) => Child[][]} cellTip
 */

/**
 * @typedef {object} Drawn
 * @property {Node} node
 * @property {Element | null} [picture] to copy: an SVG or canvas, or what holds one
 * @property {any[][] | null} [csv]
 * @property {string} [note]
 */

/**
 * @typedef {object} View
 * @property {string} id
 * @property {string} title
 * @property {boolean} [maps] it shows a map
 * @property {(text: import('./data.js').Text) => boolean} has is there something to show?
 * @property {(on: Shown) => Drawn | Promise<Drawn>} draw
 */

/** Product of a query and a key of one head, and its share of sqrt(size). @param {Shown} on
 *  @param {number} head @param {number} q @param {number} k */
export function product(on, head, q, k) {
  if (!on.vectors) return null;
  const { q: queries, k: keys, size } = on.vectors, n = on.text.tokens.length;
  let dot = 0;
  for (let d = 0; d < size; d++) dot += queries[(head * n + q) * size + d] * keys[(head * n + k) * size + d];
  return { dot, scaled: dot / Math.sqrt(size) };
}

/** @param {import('./data.js').Text} text @returns {Promise<Shown>} */
export async function frameOf(text) {
  const words = state.words && !text.words, rows = rowsOf(text, words);
  const matrix = await matrixOf(text, state, rows);
  const vectors = typeof state.layer === 'number' && !words ? await layerVectors(text, state.layer) : null;
  const n = rows.length;
  /** @type {Shown} */
  const on = {
    text, rows, vectors,
    visible: rows.filter((r) => state.special || !r.special).map((r) => r.index),
    focus: rowOfToken(rows, state.focus),
    matrix: matrix || { n, values: new Float32Array(n * n).fill(NaN), exact: null, name: 'no map' },
    setFocus: (row) => show({ focus: row === null ? null : rows[row].tokens[0] }),
    cellTip: (m, q, k, head) => {
      /** @type {Child[][]} */
      const lines = [[h('bdi', {}, rows[q].label), ' looks at ', h('bdi', {}, rows[k].label)],
        ['weight ', h('b', { class: 'weight' }, weightText(text, m, q, k))]];
      const made = /^\d+$/.test(head) && state.matrix === 'raw' && !(page.causal && k > q) ? product(on, Number(head), q, k) : null;
      if (made) lines.push([`Q\u00b7K ${shown(made.dot)}, scaled ${shown(made.scaled)}, softmax ${weightText(text, m, q, k)}`]);
      lines.push([h('small', {}, m.name)]);
      return lines;
    },
  };
  return on;
}
