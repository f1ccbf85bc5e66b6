/**
 * clusters.js - heads that do alike: a scatter that selects heads.
 */
import { category } from './colours.js';
import { page } from './data.js';
import { drawing, h, shown, svg, tips } from './dom.js';
import { show, state } from './state.js';
import { csvOf, sortable } from './tables.js';

/** A mark of its own for each group, so that colour is not needed. @param {number} group
 *  @param {number} x @param {number} y @param {number} r */
function markOf(group, x, y, r) {
  const corners = [0, 4, 3, 5, 6, 7, 8, 9][group % 8];
  if (!corners) return svg('circle', { cx: x, cy: y, r });
  const points = Array.from({ length: corners }, (_, i) => {
    const a = 2 * Math.PI * i / corners - Math.PI / 2;
    return `${(x + 1.2 * r * Math.cos(a)).toFixed(1)},${(y + 1.2 * r * Math.sin(a)).toFixed(1)}`;
  });
  return svg('polygon', { points: points.join(' ') });
}

/** Where numbers from low to high lie on size pixels. @param {number[]} values @param {number} from
 *  @param {number} size */
export function axis(values, from, size) {
  const low = Math.min(...values), high = Math.max(...values), spread = high - low || 1;
  return (/** @type {number} */ v) => from + (v - low) / spread * size;
}

export function drawClusters() {
  const document = page.documents.clusters, isPca = state.by === 'pca';
  const heads = document.heads, size = 460, pad = 24;
  const x = (/** @type {any} */ r) => isPca ? r.pca_x : r.x, y = (/** @type {any} */ r) => isPca ? r.pca_y : r.y;
  const atX = axis(heads.map(x), pad, size), atY = axis(heads.map((/** @type {any} */ r) => -y(r)), pad, size);
  const root = drawing(size + 2 * pad, size + 2 * pad, `Groups of heads, ${isPca ? 'principal components' : 't-SNE'}`, { class: 'scatter', role: 'group' });
  for (const r of heads) {
    const mark = markOf(r.cluster, atX(x(r)), atY(-y(r)), 7), is = r.layer === state.layer && r.head === state.head;
    for (const [key, value] of Object.entries({ fill: category(r.cluster), class: `pick${is ? ' chosen' : ''}`, role: 'button', tabindex: is ? 0 : -1, 'data-layer': r.layer, 'data-head': r.head,
      'aria-label': `Layer ${r.layer}, head ${r.head}: ${r.name}` })) mark.setAttribute(key, String(value));
    mark.addEventListener('click', () => show({ layer: r.layer, head: r.head, heads: [] }));
    root.append(mark);
  }
  tips(root, (at) => at.hasAttribute('data-head') ? [[at.getAttribute('aria-label') || '']] : null);
  const columns = ['layer', 'head', 'cluster', 'name', 'silhouette'].map((key) => ({ key, title: key, get: (/** @type {any} */ r) => r[key] }));
  const groups = h('ul', { class: 'legend' }, ...document.clusters.map((/** @type {any} */ c) => h('li', {},
    svg('svg', { width: 18, height: 18, 'aria-hidden': 'true' }, (() => { const m = markOf(c.cluster, 9, 9, 6); m.setAttribute('fill', category(c.cluster)); return m; })()),
    ` ${c.name}: ${c.size} heads`)));
  const way = h('label', {}, 'Map ', h('select', { name: 'map', onchange: (/** @type {Event} */ e) => show({ by: /** @type {HTMLSelectElement} */ (e.target).value }) },
    h('option', { value: 'tsne', selected: !isPca }, 't-SNE'), h('option', { value: 'pca', selected: isPca }, 'principal components')));
  return { node: h('div', {}, way, h('div', { class: 'columns' }, root, h('div', {}, groups,
    h('p', {}, `Mean silhouette ${shown(document.silhouette)}; heads without groups reach ${shown(document.null_silhouette)}, p = ${shown(document.p)}${document.has_groups ? '' : ': no groups'}`))),
  sortable(columns, heads, { caption: 'Heads and their groups', select: (r) => show({ layer: r.layer, head: r.head, heads: [] }), isSelected: (r) => r.layer === state.layer && r.head === state.head })),
  picture: root, csv: csvOf(columns, heads), note: 'Heads that look at the same kinds of tokens lie together; a click selects one in all views.' };
}
