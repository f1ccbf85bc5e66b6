/**
 * heads.js - the head view: the text twice, lines from the token that looks to what it looks at.
 */
import { category } from './colours.js';
import { cut, drawing, svg, tips } from './dom.js';
import { layerMaps } from './data.js';
import { matrixOf } from './rows.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */

const MOST = 3000, LINE = 20, SIDE = 190, GAP = 300, TOP = 24;

/** Every line of one map that is drawn, the weakest first. @param {Shown} on
 *  @param {import('./rows.js').Matrix} m @returns {{q: number, k: number, w: number}[]} */
function linksOf(on, m) {
  /** @type {{q: number, k: number, w: number}[]} */
  const links = [];
  const focus = on.focus;
  for (const q of on.visible)
    for (const k of on.visible) {
      const w = m.values[q * m.n + k];
      if (w > 0 && w >= state.threshold && (focus === null || q === focus || k === focus)) links.push({ q, k, w });
    }
  links.sort((a, b) => a.w - b.w);
  return links;
}

/** Maps that are shown: that of the state, and further heads of its layer. @param {Shown} on */
async function mapsOf(on) {
  const maps = [{ head: state.head, m: on.matrix, colour: category(state.head === 'mean' ? 3 : state.head) }];
  const layer = state.layer;
  if (layer === 'mean' || state.matrix === 'rollout' || state.head === 'mean') return maps;
  if (state.heads.length && !(await layerMaps(on.text, layer))) return maps;
  for (const head of state.heads)
    if (head !== state.head) {
      const m = await matrixOf(on.text, { ...state, head }, on.rows);
      if (m) maps.push({ head, m, colour: category(head) });
    }
  return maps;
}

/** @param {Shown} on @param {number} row @param {number} at @param {'query' | 'key'} side */
function labelOf(on, row, at, side) {
  const r = on.rows[row], x = side === 'query' ? SIDE - 8 : SIDE + GAP + 8;
  const node = svg('text', {
    x, y: TOP + at * LINE + LINE / 2, class: `token${r.special ? ' special' : ''}${on.focus === row ? ' focus' : ''}`,
    'text-anchor': side === 'query' ? 'end' : 'start', 'dominant-baseline': 'central', tabindex: -1,
    [`data-${side}`]: row, direction: 'ltr',
    onclick: () => on.setFocus(on.focus === row ? null : row),
  }, (r.continuation ? '##' : '') + cut(r.label, 24));
  return node;
}

/** @param {Shown} on */
export async function drawHeads(on) {
  const maps = await mapsOf(on);
  const place = new Map(on.visible.map((row, at) => [row, at]));
  const height = TOP + on.visible.length * LINE + 8;
  const root = drawing(2 * SIDE + GAP, height, `Head view: ${on.matrix.name}`, { class: 'heads' });
  const lines = svg('g', { class: 'links' });
  const csv = [['layer', 'head', 'query', 'key', 'query_token', 'key_token', 'weight']];
  let left = MOST, hidden = 0;
  for (const { head, m, colour } of maps) {
    const links = linksOf(on, m);
    hidden += Math.max(0, links.length - left);
    for (const { q, k, w } of links.slice(Math.max(0, links.length - left))) {
      const y1 = TOP + (place.get(q) || 0) * LINE + LINE / 2, y2 = TOP + (place.get(k) || 0) * LINE + LINE / 2;
      lines.append(svg('line', {
        x1: SIDE, y1, x2: SIDE + GAP, y2, stroke: colour, 'stroke-width': (0.6 + 4 * w).toFixed(2),
        'stroke-opacity': Math.max(0.08, Math.sqrt(w)).toFixed(2), 'data-layer': state.layer, 'data-head': head,
        'data-query': q, 'data-key': k,
      }));
      csv.push(/** @type {any} */ ([state.layer, head, q, k, on.rows[q].label, on.rows[k].label, w]));
    }
    left = Math.max(0, left - links.length);
  }
  root.append(lines, svg('text', { x: SIDE - 8, y: 12, class: 'axis', 'text-anchor': 'end' }, 'looks from'),
    svg('text', { x: SIDE + GAP + 8, y: 12, class: 'axis' }, 'looks at'));
  on.visible.forEach((row, at) => root.append(labelOf(on, row, at, 'query'), labelOf(on, row, at, 'key')));
  tips(root, (at) => {
    const head = at.getAttribute('data-head'), found = maps.find((m) => String(m.head) === head);
    if (!found) return null;
    return on.cellTip(found.m, Number(at.getAttribute('data-query')), Number(at.getAttribute('data-key')), String(head));
  });
  const notes = [`${lines.childElementCount} lines of weights from ${state.threshold} on`];
  if (hidden) notes.push(`${hidden} weaker ones are not drawn`);
  if (on.focus !== null) notes.push('only those of the token in focus; click it again for all');
  return { node: root, picture: root, csv, note: notes.join('; ') };
}

/** Heads of the layer to show together. @param {number} heads */
export function headChips(heads) {
  const box = document.createElement('div');
  box.className = 'chips';
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', 'Heads shown together');
  for (let head = 0; head < heads; head++) {
    const chip = document.createElement('button');
    chip.type = 'button';
    chip.textContent = String(head);
    chip.style.setProperty('--colour', category(head));
    chip.setAttribute('aria-pressed', String(head === state.head || state.heads.includes(head)));
    chip.setAttribute('data-head', String(head));
    chip.setAttribute('data-layer', String(state.layer));
    chip.title = `Head ${head}: click shows it too, double click it alone`;
    chip.addEventListener('click', () => {
      const others = state.heads.filter((h) => h !== head && h !== state.head);
      if (head === state.head) {
        if (others.length) show({ head: others[0], heads: others.slice(1) });
      } else show({ heads: state.heads.includes(head) ? others : [...others, head] });
    });
    chip.addEventListener('dblclick', () => show({ head, heads: [] }));
    box.append(chip);
  }
  return box;
}
