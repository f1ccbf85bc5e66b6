/**
 * guesses.js - what the model expects at each position.
 */
import { page } from './data.js';
import { h, shown, visible } from './dom.js';
import { meter } from './neurons.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** @param {Shown} on */
export function drawGuesses(on) {
  const list = on.text.documents.run.predictions;
  const csv = /** @type {any[][]} */ ([['index', 'token', 'token_rank', 'token_p', 'rank', 'prediction', 'p']]);
  const rows = list.map((/** @type {any} */ p) => {
    for (const g of p.top) csv.push([p.index, p.token, p.token_rank, p.token_p, g.rank, g.token, g.p]);
    return h('tr', { 'data-index': p.index, tabindex: 0, class: 'choice', 'aria-selected': p.index === state.focus, onclick: () => show({ focus: p.index < on.text.tokens.length ? p.index : null }) },
      h('td', {}, p.index), h('td', {}, h('bdi', {}, visible(p.token || '(the end)'))), h('td', { class: 'number' }, shown(p.token_rank)), h('td', { class: 'number' }, shown(p.token_p)),
      ...p.top.map((/** @type {any} */ g) => h('td', { class: g.token === p.token ? 'right' : '' }, h('bdi', {}, visible(g.token)), ' ', h('span', { class: 'number p' }, g.p.toFixed(3)), meter(g.p))));
  });
  const most = Math.max(...list.map((/** @type {any} */ p) => p.top.length));
  return { node: h('div', { class: 'scrolls' }, h('table', {}, h('caption', {}, page.causal ? 'The next token after each position' : 'Each token, hidden behind a mask'),
    h('thead', {}, h('tr', {}, ...['position', 'token there', 'its rank', 'its probability', ...Array.from({ length: most }, (_, i) => `guess ${i + 1}`)].map((t) => h('th', { scope: 'col' }, t)))), h('tbody', {}, ...rows))),
  csv, note: 'Probabilities of the softmax over the whole vocabulary. A token that was guessed is underlined.' };
}
