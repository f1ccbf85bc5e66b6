/**
 * links.js - two more pictures of one map: where attention flows (a Sankey diagram) and whom a
 * token looks at, and whom those look at (an influence tree).
 */
import { category } from './colours.js';
import { page } from './data.js';
import { cut, drawing, h, shown, svg, tips } from './dom.js';
import { state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */

const FLOW = { width: 640, left: 150, gap: 5, most: 1500 };

/** @param {Shown} on */
export function drawFlow(on) {
  const m = on.matrix, threshold = Math.max(state.threshold, 0.001);
  /** @type {{q: number, k: number, w: number}[]} */
  let links = [];
  for (const q of on.visible) for (const k of on.visible) {
    const w = m.values[q * m.n + k];
    if (w >= threshold && (on.focus === null || on.focus === q || on.focus === k)) links.push({ q, k, w });
  }
  links.sort((a, b) => b.w - a.w);
  const dropped = Math.max(0, links.length - FLOW.most);
  links = links.slice(0, FLOW.most).sort((a, b) => a.q - b.q || a.k - b.k);
  const out = new Map(), into = new Map();
  for (const { q, k, w } of links) { out.set(q, (out.get(q) || 0) + w); into.set(k, (into.get(k) || 0) + w); }
  const queries = on.visible.filter((r) => out.has(r)), keys = on.visible.filter((r) => into.has(r));
  const total = links.reduce((sum, l) => sum + l.w, 0), unit = Math.max(1.5, Math.min(26, 560 / Math.max(total, 1)));
  /** @param {number[]} rows @param {Map<number, number>} sizes @returns {[Map<number, number>, number]} */
  const stack = (rows, sizes) => {
    let y = 26;
    const at = new Map();
    for (const row of rows) { at.set(row, y); y += Math.max(sizes.get(row) || 0, 9 / unit) * unit + FLOW.gap; }
    return [at, y];
  };
  const [from, end] = stack(queries, out), [to, last] = stack(keys, into);
  const root = drawing(FLOW.width + 2 * FLOW.left, Math.max(end, last) + 10, `Flow: ${m.name}`, { class: 'flow' });
  const used = new Map(from), taken = new Map(to), x1 = FLOW.left + 8, x2 = FLOW.left + FLOW.width - 8, half = (x1 + x2) / 2;
  for (const { q, k, w } of links) {
    const a = used.get(q) || 0, b = taken.get(k) || 0, t = w * unit;
    used.set(q, a + t);
    taken.set(k, b + t);
    root.append(svg('path', { d: `M${x1},${a.toFixed(1)}C${half},${a.toFixed(1)} ${half},${b.toFixed(1)} ${x2},${b.toFixed(1)}v${t.toFixed(1)}C${half},${(b + t).toFixed(1)} ${half},${(a + t).toFixed(1)} ${x1},${(a + t).toFixed(1)}Z`,
      fill: category(q), 'fill-opacity': (0.25 + 0.5 * Math.min(1, w)).toFixed(2), class: 'ribbon', 'data-layer': state.layer, 'data-head': state.head, 'data-query': q, 'data-key': k }));
  }
  const name = (/** @type {number} */ row) => (on.rows[row].continuation ? '##' : '') + cut(on.rows[row].label, 18);
  /** @param {number[]} rows @param {Map<number, number>} at @param {Map<number, number>} sizes @param {boolean} left */
  const ends = (rows, at, sizes, left) => rows.forEach((row) => root.append(
    svg('rect', { x: left ? x1 - 8 : x2, y: at.get(row) || 0, width: 8, height: Math.max(1, (sizes.get(row) || 0) * unit), fill: left ? category(row) : 'currentColor' }),
    svg('text', { x: left ? x1 - 14 : x2 + 14, y: (at.get(row) || 0) + Math.max(9, (sizes.get(row) || 0) * unit) / 2, 'text-anchor': left ? 'end' : 'start', 'dominant-baseline': 'central',
      class: `token${row === on.focus ? ' focus' : ''}`, onclick: () => on.setFocus(row === on.focus ? null : row) }, name(row))));
  ends(queries, from, out, true);
  ends(keys, to, into, false);
  root.append(svg('text', { x: x1, y: 14, class: 'axis' }, 'looks from'), svg('text', { x: x2, y: 14, class: 'axis', 'text-anchor': 'end' }, 'looks at'));
  tips(root, (at) => at.classList.contains('ribbon') ? on.cellTip(m, Number(at.getAttribute('data-query')), Number(at.getAttribute('data-key')), String(state.head)) : null);
  return { node: root, picture: root, csv: [['query', 'key', 'query_token', 'key_token', 'weight'], ...links.map((l) => [l.q, l.k, on.rows[l.q].label, on.rows[l.k].label, l.w])],
    note: `The width of a ribbon is its weight; ${links.length} of weights from ${threshold} on${dropped ? `, ${dropped} weaker ones are not drawn` : ''}. Click a token to see only what goes from it and to it.` };
}

const CHILDREN = 3;

/** Branches the reader has opened or closed, by map and path. @type {Map<string, boolean>} */
const opened = new Map();

/**
 * @typedef {object} Branch
 * @property {number} row
 * @property {number} weight of the link to it
 * @property {number} product of the weights on the way
 * @property {string} path
 * @property {number} depth
 * @property {Branch[]} children
 * @property {number} y
 */

/** The keys that a token looks at most, none twice on one way. @param {Shown} on @param {number} row
 *  @param {number[]} above */
function strongest(on, row, above) {
  const m = on.matrix;
  return on.visible.filter((k) => !above.includes(k) && m.values[row * m.n + k] > 0)
    .sort((a, b) => m.values[row * m.n + b] - m.values[row * m.n + a]).slice(0, CHILDREN);
}

/** @param {Shown} on @param {number} row @param {number[]} above @param {number} weight
 *  @param {number} product @returns {Branch} */
function grow(on, row, above, weight, product) {
  const way = [...above, row], path = way.join('.'), depth = above.length;
  const isOpen = opened.has(path) ? opened.get(path) : depth < 2;
  return { row, weight, product, path, depth, y: 0, children: isOpen ? strongest(on, row, way).map((k) => {
    const w = on.matrix.values[row * on.matrix.n + k];
    return grow(on, k, way, w, product * w);
  }) : [] };
}

/** Leaves one below the other, a parent in the middle of its children; answers the leaves.
 *  @param {Branch} b @param {number} first @returns {number} */
function lay(b, first) {
  if (!b.children.length) { b.y = first; return 1; }
  let leaves = 0;
  for (const child of b.children) leaves += lay(child, first + leaves);
  b.y = (b.children[0].y + b.children[b.children.length - 1].y) / 2;
  return leaves;
}

/** @param {Shown} on @returns {import('./frame.js').Drawn} */
export function drawTree(on) {
  const root = on.focus !== null && on.visible.includes(on.focus) ? on.focus : on.visible[page.causal ? on.visible.length - 1 : 0];
  const tree = grow(on, root, [], 1, 1), leaves = lay(tree, 0), line = 42, column = 170;
  /** @type {Branch[]} */
  const all = [];
  const walk = (/** @type {Branch} */ b) => { all.push(b); b.children.forEach(walk); };
  walk(tree);
  const deepest = Math.max(...all.map((b) => b.depth));
  const picture = drawing((deepest + 1) * column + 40, leaves * line + 30, `Influence tree of ${on.rows[root].label}: ${on.matrix.name}`, { class: 'tree', role: 'tree' });
  const x = (/** @type {Branch} */ b) => 14 + b.depth * column, y = (/** @type {Branch} */ b) => 24 + b.y * line;
  const box = h('div', {}, picture);
  for (const b of all)
    for (const c of b.children)
      picture.append(svg('path', { class: 'twig', d: `M${x(b) + 100},${y(b)}C${x(b) + 140},${y(b)} ${x(c) - 40},${y(c)} ${x(c) - 8},${y(c)}`, fill: 'none', 'stroke-width': (0.8 + 7 * c.weight).toFixed(1),
        'data-layer': state.layer, 'data-head': state.head, 'data-query': b.row, 'data-key': c.row }));
  for (const b of all) {
    const turn = () => {
      opened.set(b.path, !b.children.length);
      const next = drawTree(on);
      box.replaceWith(next.node);
      const again = /** @type {Element} */ (next.node).querySelector(`[data-path="${b.path}"]`);
      if (again instanceof SVGElement) again.focus();
    };
    picture.append(svg('g', { role: 'treeitem', tabindex: b.depth ? -1 : 0, 'aria-expanded': b.children.length > 0, 'aria-level': b.depth + 1, 'data-path': b.path, 'data-key': b.row, class: 'node', onclick: turn,
      'aria-label': `${on.rows[b.row].label}, weight ${shown(b.weight)}`,
      onkeydown: (/** @type {KeyboardEvent} */ e) => {
        const items = [...picture.querySelectorAll('[role=treeitem]')], step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0;
        const next = items[items.indexOf(/** @type {Element} */ (e.currentTarget)) + step];
        if (e.key === 'Enter' || e.key === ' ' || (e.key === 'ArrowRight' && !b.children.length) || (e.key === 'ArrowLeft' && b.children.length)) turn();
        else if (step && next instanceof SVGElement) next.focus();
        else return;
        e.preventDefault();
      } },
    svg('circle', { cx: x(b), cy: y(b), r: 5, fill: b.children.length ? 'none' : 'currentColor', stroke: 'currentColor' }),
    svg('text', { x: x(b) + 10, y: y(b), 'dominant-baseline': 'central', class: b.depth ? 'token' : 'token focus' }, cut(on.rows[b.row].label, 11)),
    b.depth ? svg('text', { x: x(b) + 10, y: y(b) + 17, class: 'axis' }, shown(Number(b.weight.toPrecision(3)))) : null));
  }
  return { node: box, picture, csv: [['depth', 'index', 'token', 'weight', 'product'], ...all.map((b) => [b.depth, b.row, on.rows[b.row].label, b.weight, b.product])],
    note: `From the token in focus to the ${CHILDREN} it looks at most, and on from those. Click a node, or press Enter, to open and close it.` };
}
