/**
 * measures.js - numbers of heads: metrics, roles with their radar, attention to flagged tokens.
 */
import { category } from './colours.js';
import { page } from './data.js';
import { drawing, h, shown, svg } from './dom.js';
import { show, state } from './state.js';
import { csvOf, explained, headMap, meaning, sortable } from './tables.js';

/** @typedef {import('./frame.js').Shown} Shown */
/** @typedef {import('./tables.js').Column} Column */

/** @type {Column[]} */
const place = [
  { key: 'layer', title: 'layer', get: (r) => r.layer, help: 'layer, from 0' },
  { key: 'head', title: 'head', get: (r) => r.head, help: 'head, from 0' },
];

/** A choice of what the map shows. @param {Column[]} columns @param {Column} chosen */
export function metricChoice(columns, chosen) {
  return h('label', {}, 'Map of ', h('select', { name: 'metric', onchange: (/** @type {Event} */ e) =>
    show({ metric: /** @type {HTMLSelectElement} */ (e.target).value }) },
    ...columns.map((c) => h('option', { value: c.key, selected: c === chosen }, c.title))));
}

/** Map and table of one set of numbers. @param {Column[]} columns @param {any[]} heads
 *  @param {string} caption @param {{neutral?: number, more?: Node[]}} [options]
 *  @returns {import('./frame.js').Drawn} */
function headNumbers(columns, heads, caption, options = {}) {
  const chosen = columns.find((c) => c.key === state.metric) || columns[0];
  const at = new Map(heads.map((r) => [`${r.layer}.${r.head}`, r]));
  const map = headMap(chosen.title, (l, k) => { const r = at.get(`${l}.${k}`), v = r && chosen.get(r); return typeof v === 'number' ? v : NaN; }, options);
  const about = explained(chosen.key) || (chosen.help ? h('p', {}, chosen.help) : null);
  const all = [...place, ...columns];
  return {
    node: h('div', {}, metricChoice(columns, chosen), h('div', { class: 'columns' }, map, about, ...options.more || []),
      sortable(all, heads, { caption, select: (r) => show({ layer: r.layer, head: r.head, heads: [] }),
        isSelected: (r) => r.layer === state.layer && r.head === state.head, attributes: (r) => ({ 'data-layer': r.layer, 'data-head': r.head }) })),
    picture: map, csv: csvOf(all, heads), note: 'A click on a cell or a row selects the head in all views; on a heading it sorts.',
  };
}

/** @param {Shown} on */
export function drawMetrics(on) {
  const document = on.text.documents.metrics;
  const columns = Object.keys(page.help.metrics).filter((key) => document.heads.length && key in document.heads[0]).map((key) => ({
    key, title: page.help.metrics[key].title, get: (/** @type {any} */ r) => r[key], help: page.help.metrics[key].formula }));
  const global = h('table', {}, h('caption', {}, 'Of the mean map'), h('tbody', {}, ...columns.map((c) =>
    h('tr', {}, h('th', { scope: 'row', title: c.help }, c.title), h('td', {}, shown(document.global[c.key])))),
  h('tr', {}, h('th', { scope: 'row', title: page.help.metrics.flow_change.formula }, page.help.metrics.flow_change.title), h('td', {}, shown(document.flow_change)))));
  return headNumbers(columns, document.heads, `Metrics of ${document.heads.length} heads`, { more: [global] });
}

/** Seven scores of one head beside the mean of its layer, each scaled within the layer.
 *  @param {any[]} heads */
function radar(heads) {
  const of = heads.filter((r) => r.layer === state.layer), one = of.find((r) => r.head === state.head);
  const keys = Object.keys(page.help.roles), size = 300, middle = size / 2, reach = 95;
  const root = drawing(size + 60, size, `Roles of layer ${state.layer}, head ${state.head}`, { class: 'radar' });
  if (!one) return null;
  /** @param {number} i @param {number} t */
  const at = (i, t) => { const a = 2 * Math.PI * i / keys.length - Math.PI / 2; return [middle + 30 + reach * t * Math.cos(a), middle + reach * t * Math.sin(a)]; };
  for (const t of [0.25, 0.5, 0.75, 1]) root.append(svg('polygon', { class: 'web', points: keys.map((_, i) => at(i, t).map((v) => v.toFixed(1)).join(',')).join(' ') }));
  /** @param {(key: string) => number} get @param {string} colour @param {string} label */
  const ring = (get, colour, label) => root.append(svg('polygon', { points: keys.map((key, i) => at(i, get(key) || 0).map((v) => v.toFixed(1)).join(',')).join(' '),
    fill: colour, 'fill-opacity': 0.2, stroke: colour, 'stroke-width': 2, 'aria-label': label }));
  ring((key) => of.reduce((sum, r) => sum + (r.scaled[key] || 0), 0) / of.length, category(7), 'mean of the layer');
  ring((key) => one.scaled[key], category(4), 'the head');
  keys.forEach((key, i) => {
    const [x, y] = at(i, 1.18);
    root.append(svg('text', { x, y, class: 'axis', 'dominant-baseline': 'central', 'text-anchor': Math.abs(x - middle - 30) < 8 ? 'middle' : x > middle + 30 ? 'start' : 'end' }, page.help.roles[key]));
  });
  root.append(svg('text', { x: 4, y: size - 6, class: 'axis' }, `orange: head ${state.head}; grey: mean of layer ${state.layer}; scaled within the layer`));
  return root;
}

/** @param {Shown} on */
export function drawRoles(on) {
  const heads = on.text.documents.heads.heads, keys = Object.keys(page.help.roles);
  /** @type {Column[]} */
  const columns = [];
  for (const key of keys) columns.push({ key, title: page.help.roles[key], get: (r) => r.raw[key], help: meaning('heads.json', `heads[].raw.${key}`) });
  for (const key of Object.keys(heads[0] ? heads[0].patterns : {}))
    columns.push({ key, title: key.replace(/_/g, ' '), get: (r) => r.patterns[key], help: meaning('heads.json', `heads[].patterns.${key}`) });
  for (const key of keys) columns.push({ key: `${key}_ratio`, title: `${page.help.roles[key]} to chance`, get: (r) => r.ratio && r.ratio[key], help: meaning('heads.json', `heads[].ratio.${key}`) });
  const web = radar(heads);
  return headNumbers(columns, heads, 'What each head looks at: shares of its attention', { more: web ? [web] : [] });
}

/** @param {Shown} on */
export function drawFlagged(on) {
  const bar = on.text.documents.bar, file = 'bar.json';
  /** @type {Column[]} */
  const columns = ['bar', 'bsr', 'max_weight', 'p', 'q'].map((key) => ({ key, title: key.replace('_', ' '), get: (/** @type {any} */ r) => r[key], help: meaning(file, `heads[].${key}`) }));
  return headNumbers(columns, bar.heads, `Attention to flagged tokens; above ${bar.threshold} a head is called specialised`,
    state.metric && state.metric !== 'bar' ? {} : { neutral: 1 });
}
