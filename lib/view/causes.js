/**
 * causes.js - attributions beside attention: what a decision depended on, by several methods, and
 * how far heads agree with them.
 */
import { diverging } from './colours.js';
import { h, shown, visible } from './dom.js';
import { show, state } from './state.js';
import { headMap, sortable } from './tables.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** @param {Shown} on */
export function drawCauses(on) {
  const faith = on.text.documents.faith, methods = Object.keys(faith.attributions);
  const tokens = faith.tokens || on.text.tokens.map((t, index) => ({ index, label: t.label }));
  const most = methods.map((m) => Math.max(...faith.attributions[m].map((/** @type {number} */ v) => Math.abs(v) || 0), 1e-12));
  const cell = (/** @type {number} */ v, /** @type {number} */ top) => {
    const node = h('td', { class: 'number', 'data-value': v }, shown(v));
    node.style.background = diverging(0.7 * v / top);
    return node;
  };
  const table = h('div', { class: 'scrolls' }, h('table', {}, h('caption', {}, `What ${faith.target.kind || 'the target'} ${visible(String(faith.target.token || ''))}${faith.target.foil ? ` against ${visible(faith.target.foil)}` : ''} (${shown(faith.target.value)}) depended on`),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'token'), ...methods.map((m) => h('th', { scope: 'col' }, m.replace(/_/g, ' '))))),
    h('tbody', {}, ...tokens.map((/** @type {any} */ t, /** @type {number} */ i) => h('tr', { class: 'choice', tabindex: 0, 'aria-selected': i === state.focus, onclick: () => show({ focus: i }) },
      h('th', { scope: 'row' }, h('bdi', {}, visible(t.label || t.token))), ...methods.map((m, k) => cell(faith.attributions[m][i], most[k])))))));
  const heads = faith.heads || [], agreement = faith.agreement || [];
  const of = methods.includes(state.by) ? state.by : (heads[0] ? heads[0].method : '');
  const known = new Map(heads.filter((/** @type {any} */ r) => r.method === of).map((/** @type {any} */ r) => [`${r.layer}.${r.head}`, r.rho]));
  const map = heads.length ? headMap(`rank correlation with ${of}`, (l, k) => { const v = known.get(`${l}.${k}`); return typeof v === 'number' ? v : NaN; }, { neutral: 0 }) : null;
  const columns = Object.keys(agreement[0] || {}).filter((key) => typeof agreement[0][key] !== 'object').map((key) => ({ key, title: key.replace(/_/g, ' '), get: (/** @type {any} */ r) => r[key] }));
  return { node: h('div', {}, table, heads.length ? h('label', {}, 'Heads against ', h('select', { name: 'method', onchange: (/** @type {Event} */ e) => show({ by: /** @type {HTMLSelectElement} */ (e.target).value }) },
    ...[...new Set(heads.map((/** @type {any} */ r) => r.method))].map((m) => h('option', { value: m, selected: m === of }, String(m))))) : null, map,
  agreement.length ? sortable(columns, agreement, { caption: 'How far methods agree' }) : null), picture: map,
  csv: [['index', 'token', ...methods], ...tokens.map((/** @type {any} */ t, /** @type {number} */ i) => [i, t.label || t.token, ...methods.map((m) => faith.attributions[m][i])])],
  note: 'Orange speaks for the target, blue against it. Attention is one row among the others here, not the explanation.' };
}
