/**
 * inside.js - inside the layers: lengths of the residual stream, its states in the plane, and what
 * each state would predict (logit lens).
 */
import { axis } from './clusters.js';
import { category, inkOn, sequential } from './colours.js';
import { cut, drawing, h, shown, svg, tips, visible } from './dom.js';
import { show, state } from './state.js';
import { csvOf, meaning, sortable } from './tables.js';

/** @typedef {import('./frame.js').Shown} Shown */

const SIDE = 26, LEFT = 80, TOP = 80;

/** States x tokens. @param {Shown} on @param {string} title @param {(state: number, token: number) => number} get
 *  @param {(state: number, token: number) => string} text @param {number} n @param {number} width */
function statesGrid(on, title, get, text, n, width) {
  const tokens = on.text.tokens;
  const root = drawing(LEFT + tokens.length * width + 60, TOP + n * SIDE + 8, title, { class: 'states', role: 'group' });
  tokens.forEach((t, i) => root.append(svg('g', { transform: `translate(${LEFT + (i + 0.5) * width},${TOP - 6}) rotate(-50)` },
    svg('text', { class: `token${i === state.focus ? ' focus' : ''}`, onclick: () => show({ focus: i }) }, cut(visible(t.label), 12)))));
  for (let s = 0; s < n; s++) {
    root.append(svg('text', { x: LEFT - 6, y: TOP + (s + 0.5) * SIDE, class: 'axis', 'text-anchor': 'end', 'dominant-baseline': 'central' }, s ? `after ${s - 1}` : 'embedded'));
    tokens.forEach((_, i) => {
      const t = get(s, i), said = text(s, i);
      root.append(svg('rect', { x: LEFT + i * width, y: TOP + s * SIDE, width: width - 1, height: SIDE - 1, fill: sequential(t), class: 'cell', 'data-state': s, 'data-token': i, 'aria-label': said }));
      if (width > 50) root.append(svg('text', { x: LEFT + (i + 0.5) * width, y: TOP + (s + 0.5) * SIDE, 'text-anchor': 'middle', 'dominant-baseline': 'central', class: 'value', fill: inkOn(t) }, cut(said.replace(/ .*/, ''), 9)));
    });
  }
  tips(root, (at) => at.hasAttribute('data-state') ? [[h('bdi', {}, at.getAttribute('aria-label') || '')]] : null);
  return root;
}

/** The lens of the page, or what the document has of it: the tokens that were followed.
 *  @param {Shown} on @returns {{token: (string | null)[][], p: (number | null)[][]} | null} */
function lensOf(on) {
  const deep = on.text.documents.deep, rows = deep && deep.lens || [];
  if (on.text.lens || !rows.length) return on.text.lens || null;
  const empty = () => Array.from({ length: Math.max(...rows.map((/** @type {any} */ r) => r.states.length)) }, () => on.text.tokens.map(() => /** @type {any} */ (null)));
  const found = { token: empty(), p: empty() };
  for (const row of rows)
    row.states.forEach((/** @type {any} */ s, /** @type {number} */ k) => {
      const top = s.top && s.top[0];
      if (top && found.token[k] && row.index < on.text.tokens.length) { found.token[k][row.index] = top.token; found.p[k][row.index] = top.p; }
    });
  return found;
}

/** @param {Shown} on */
function lens(on) {
  const found = lensOf(on);
  if (!found) return h('p', {}, 'There is no logit lens: it needs the model and its language head.');
  return statesGrid(on, 'Logit lens', (s, i) => found.p[s][i] || 0, (s, i) => `${visible(found.token[s][i] || 'n/a')} ${shown(found.p[s][i])}`, found.token.length, on.text.tokens.length > 60 ? 16 : 72);
}

/** @param {Shown} on */
function norms(on) {
  const found = on.text.norms;
  if (!found) return h('p', {}, 'Lengths of states are not in this page.');
  const most = Math.max(...found.flat());
  return statesGrid(on, 'Length of the residual stream', (s, i) => found[s][i] / most, (s, i) => shown(found[s][i]), found.length, on.text.tokens.length > 40 ? 16 : 56);
}

/** @param {Shown} on @param {any} plane */
function scatter(on, plane) {
  const size = 440, pad = 60, n = on.text.tokens.length, points = plane.xy;
  const root = drawing(size + 2 * pad, size + 2 * pad, `Principal components: ${plane.space}${plane.layer === null ? '' : ` ${plane.layer}`}`, { class: 'scatter' });
  const atX = axis(points.map((/** @type {number[]} */ p) => p[0]), pad, size), atY = axis(points.map((/** @type {number[]} */ p) => -p[1]), pad, size);
  points.forEach((/** @type {number[]} */ p, /** @type {number} */ i) => {
    const token = on.text.tokens[i % n];
    if (!state.special && token.special) return;
    root.append(svg('circle', { cx: atX(p[0]), cy: atY(-p[1]), r: i % n === state.focus ? 7 : 4, fill: category(Math.floor(i / n) + 3), class: 'pick', 'data-token': i % n, onclick: () => show({ focus: i % n }) }),
      svg('text', { x: atX(p[0]) + 6, y: atY(-p[1]) - 4, class: `axis${i % n === state.focus ? ' focus' : ''}` }, cut(visible(token.label), 12)));
  });
  root.append(svg('text', { x: pad, y: size + 2 * pad - 8, class: 'axis' }, `shares of variance ${shown(plane.x_ratio)} and ${shown(plane.y_ratio)}${points.length > n ? '; queries, keys and values by colour' : ''}`));
  return root;
}

/** @param {Shown} on */
export function drawInside(on) {
  const deep = on.text.documents.deep, planes = on.text.planes || [];
  const parts = ['lens', 'norms', 'layers', ...planes.map((_, i) => `plane ${i}`)];
  const part = parts.includes(state.by) ? state.by : lensOf(on) ? 'lens' : 'norms';
  const title = (/** @type {string} */ p) => p === 'lens' ? 'logit lens' : p === 'norms' ? 'lengths of states' : p === 'layers' ? 'layers in numbers'
    : `plane of ${planes[Number(p.slice(6))].space}${planes[Number(p.slice(6))].layer === null ? '' : ` ${planes[Number(p.slice(6))].layer}`}`;
  const pick = h('label', {}, 'Show ', h('select', { name: 'part', onchange: (/** @type {Event} */ e) => show({ by: /** @type {HTMLSelectElement} */ (e.target).value }) },
    ...parts.map((p) => h('option', { value: p, selected: p === part }, title(p)))));
  const columns = Object.keys(deep.layers[0] || {}).sort((a, b) => Number(b === 'layer') - Number(a === 'layer')).map((key) => ({ key, title: key.replace(/_/g, ' '), get: (/** @type {any} */ r) => r[key], help: meaning('deep.json', `layers[].${key}`) }));
  const node = part === 'lens' ? lens(on) : part === 'norms' ? norms(on) : part === 'layers' ? sortable(columns, deep.layers, { caption: 'Means over tokens', select: (r) => show({ layer: r.layer }) }) : scatter(on, planes[Number(part.slice(6))]);
  return { node: h('div', {}, pick, node), picture: node instanceof SVGElement ? node : null, csv: csvOf(columns, deep.layers),
    note: part === 'lens' ? 'What each state of the residual stream would predict, were it the last; colour is the probability.' : 'A state is what enters a layer; the last is what the last layer leaves.' };
}
