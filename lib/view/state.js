/**
 * state.js - what is shown, kept in the address behind the "#": it can be linked, and Back goes
 * back.
 */
import { page } from './data.js';

/**
 * @typedef {object} State
 * @property {number} text
 * @property {number} other a second text, to compare with
 * @property {number | 'mean'} layer
 * @property {number | 'mean'} head
 * @property {number[]} heads further heads of the layer, shown together
 * @property {number | null} focus a token, or a word
 * @property {string} view
 * @property {'raw' | 'column' | 'rollout'} matrix
 * @property {boolean} special are special tokens shown?
 * @property {boolean} words
 * @property {number} threshold weights below are not drawn
 * @property {string} metric of the maps of layer x head
 * @property {string} by choice of a view: a space, a pair of sentences, a method
 */

/** @type {State} */
const first = {
  text: 0, other: 1, layer: 0, head: 0, heads: [], focus: null, view: 'heads', matrix: 'raw',
  special: true, words: false, threshold: 0.05, metric: '', by: '',
};

/** @type {State} */
export const state = { ...first };

/** @type {((changed: Set<string>) => void)[]} */
const listeners = [];

/** @param {(changed: Set<string>) => void} listener */
export function onChange(listener) {
  listeners.push(listener);
}

/** @param {string} value @param {number} limit @param {number} otherwise */
function index(value, limit, otherwise) {
  return /^\d+$/.test(value) && Number(value) < limit ? Number(value) : otherwise;
}

/** What a fragment says; what it says wrongly is as if it were not there. @param {string} fragment
 *  @returns {State} */
export function parseState(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, ''));
  const s = { ...first };
  /** @param {string} key */
  const get = (key) => said.get(key) || '';
  s.text = index(get('text'), page.texts.length, 0);
  s.other = index(get('other'), page.texts.length, Math.min(1, page.texts.length - 1));
  s.layer = get('layer') === 'mean' ? 'mean' : index(get('layer'), page.layers, 0);
  s.head = get('head') === 'mean' || s.layer === 'mean' ? 'mean' : index(get('head'), page.heads, 0);
  s.heads = get('heads').split(',').filter((h) => index(h, page.heads, -1) >= 0).map(Number);
  s.focus = get('focus') === '' ? null : index(get('focus'), page.texts[s.text].tokens.length, 0);
  s.view = get('view') || first.view;
  const matrix = get('matrix');
  if (matrix === 'column' || matrix === 'rollout') s.matrix = matrix;
  s.special = get('special') !== '0';
  s.words = get('words') === '1';
  const threshold = Number(get('threshold'));
  if (said.has('threshold') && threshold >= 0 && threshold <= 1) s.threshold = threshold;
  s.metric = get('metric');
  s.by = get('by');
  return s;
}

/** @param {State} s */
export function fragmentOf(s) {
  const parts = [`text=${s.text}`, `layer=${s.layer}`, `head=${s.head}`];
  if (s.heads.length) parts.push(`heads=${s.heads.join(',')}`);
  if (s.focus !== null) parts.push(`focus=${s.focus}`);
  parts.push(`view=${encodeURIComponent(s.view)}`);
  if (s.other !== first.other) parts.push(`other=${s.other}`);
  if (s.matrix !== first.matrix) parts.push(`matrix=${s.matrix}`);
  if (!s.special) parts.push('special=0');
  if (s.words) parts.push('words=1');
  if (s.threshold !== first.threshold) parts.push(`threshold=${s.threshold}`);
  if (s.metric) parts.push(`metric=${encodeURIComponent(s.metric)}`);
  if (s.by) parts.push(`by=${encodeURIComponent(s.by)}`);
  return '#' + parts.join('&');
}

/** @param {State} next */
function become(next) {
  const changed = new Set(Object.keys(next).filter((key) =>
    String(/** @type {any} */ (next)[key]) !== String(/** @type {any} */ (state)[key])));
  Object.assign(state, next);
  if (changed.size) for (const listener of listeners) listener(changed);
}

/** Show something else. @param {Partial<State>} change */
export function show(change) {
  const next = { ...state, ...change };
  if (next.layer === 'mean') next.head = 'mean';
  if (next.text !== state.text) next.focus = null;
  if (next.view !== state.view && !('by' in change)) next.by = '';
  const fragment = fragmentOf(next);
  /* A slider would fill the history; a new view is worth a step back. */
  if (next.view !== state.view) history.pushState(null, '', fragment);
  else history.replaceState(null, '', fragment);
  become(next);
}

/** Begin with what the address says, and follow it. */
export function followAddress() {
  Object.assign(state, parseState(location.hash));
  const again = () => become(parseState(location.hash));
  addEventListener('hashchange', again);
  addEventListener('popstate', again);
}
