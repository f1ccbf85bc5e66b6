/**
 * rows.js - what is shown of a text: its rows (tokens or words) and one map over them, as the state
 * chooses it.
 */
import { errorOf, layerMaps, overLayers, page } from './data.js';
import { shown, visible } from './dom.js';

/** @typedef {import('./data.js').Text} Text */
/** @typedef {import('./data.js').Maps} Maps */
/** @typedef {import('./state.js').State} State */

/**
 * @typedef {object} Row
 * @property {number} index
 * @property {string} label
 * @property {boolean} special
 * @property {boolean} continuation
 * @property {number[]} tokens
 */

/**
 * @typedef {object} Matrix
 * @property {number} n
 * @property {Float32Array} values n x n, row by row
 * @property {Uint8Array | null} exact 1 where a value is as it was computed
 * @property {string} name
 */

/** Tokens, or words of tokens. @param {Text} text @param {boolean} words @returns {Row[]} */
export function rowsOf(text, words) {
  /** @type {Row[]} */
  const rows = [];
  let last = -1;
  text.tokens.forEach((t, i) => {
    const word = t.word === undefined ? -1 : t.word;
    if (words && !text.words && word < 0) return;
    if (words && !text.words && word === last) {
      const row = rows[rows.length - 1];
      row.label += visible(t.label);
      row.tokens.push(i);
      return;
    }
    last = word;
    rows.push({ index: rows.length, label: visible(t.label), special: t.special, tokens: [i],
      continuation: !words && t.continuation });
  });
  return rows;
}

/** The row that a token is in, or null. @param {Row[]} rows @param {number | null} token */
export function rowOfToken(rows, token) {
  if (token === null) return null;
  const row = rows.find((r) => r.tokens.includes(token));
  return row ? row.index : null;
}

/** @param {State} s */
export function mapName(s) {
  const layer = s.layer === 'mean' ? 'all layers' : `layer ${s.layer}`;
  if (s.matrix === 'rollout')
    return s.layer === 'mean' ? 'rollout over all layers' : `rollout up to layer ${s.layer}`;
  const head = s.head === 'mean' ? 'mean of heads' : `head ${s.head}`;
  return `${layer}, ${head}${s.matrix === 'column' ? ', columns normalised' : ''}`;
}

/** @param {Maps} maps @param {number} i @param {string} name @returns {Matrix} */
function one(maps, i, name) {
  const cells = maps.n * maps.n;
  return { n: maps.n, name, values: maps.weights.slice(i * cells, (i + 1) * cells),
    exact: maps.exact ? maps.exact.slice(i * cells, (i + 1) * cells) : null };
}

/** @param {Maps} maps @param {string} name @returns {Matrix} */
function meanOf(maps, name) {
  const cells = maps.n * maps.n, values = new Float32Array(cells);
  for (let m = 0; m < maps.count; m++)
    for (let i = 0; i < cells; i++) values[i] += maps.weights[m * cells + i] / maps.count;
  return { n: maps.n, name, values, exact: null };
}

/** The map of tokens that the state chooses; null when the page has it not. @param {Text} text
 *  @param {State} s @returns {Promise<Matrix | null>} */
async function tokenMatrix(text, s) {
  const name = mapName(s);
  if (s.matrix === 'rollout' || s.head === 'mean') {
    const maps = await overLayers(text, s.matrix === 'rollout' ? 'rollouts' : 'means');
    if (!maps) return null;
    if (s.layer !== 'mean') return one(maps, s.layer, name);
    return s.matrix === 'rollout' ? one(maps, maps.count - 1, name) : meanOf(maps, name);
  }
  const maps = await layerMaps(text, /** @type {number} */ (s.layer));
  return maps && one(maps, s.head, name);
}

/** Columns divided by their sum: who looks at a token. @param {Matrix} m */
function normaliseColumns(m) {
  for (let j = 0; j < m.n; j++) {
    let sum = 1e-8;
    for (let i = 0; i < m.n; i++) sum += m.values[i * m.n + j];
    for (let i = 0; i < m.n; i++) m.values[i * m.n + j] /= sum;
  }
  m.exact = null;
}

/** Summed over a word's keys, the mean over its queries, rows without what lay on special tokens.
 *  @param {Matrix} m @param {Row[]} rows @returns {Matrix} */
function overWords(m, rows) {
  const n = rows.length, values = new Float32Array(n * n);
  for (const q of rows) {
    let sum = 0;
    for (const k of rows) {
      let w = 0;
      for (const i of q.tokens) for (const j of k.tokens) w += m.values[i * m.n + j];
      values[q.index * n + k.index] = w / q.tokens.length;
      sum += w / q.tokens.length;
    }
    for (const k of rows) values[q.index * n + k.index] /= sum || NaN;
  }
  return { n, values, exact: null, name: `${m.name}, words` };
}

/** @param {Text} text @param {State} s @param {Row[]} rows @returns {Promise<Matrix | null>} */
export async function matrixOf(text, s, rows) {
  const m = await tokenMatrix(text, s);
  if (!m) return null;
  const by = s.words && !text.words ? overWords(m, rows) : m;
  if (s.matrix === 'column') normaliseColumns(by);
  return by;
}

/** A weight, and how well it is known. @param {Text} text @param {Matrix} m @param {number} i
 *  @param {number} j */
export function weightText(text, m, i, j) {
  const w = m.values[i * m.n + j];
  if (!Number.isFinite(w) || (page.causal && j > i && w === 0))
    return page.causal && j > i ? 'masked' : 'n/a';
  if (m.exact && m.exact[i * m.n + j]) return shown(w);
  if (text.maps && text.maps.encoding === 'half') return shown(w);
  return `${shown(w)} \u00b1 ${errorOf(text, w).toPrecision(1)}`;
}
