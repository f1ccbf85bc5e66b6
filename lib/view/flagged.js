/**
 * flagged.js - the text as a bias classifier reads it: coloured by category, with scores.
 */
import { category } from './colours.js';
import { h, hideTip, shown, showTip, visible } from './dom.js';
import { meter } from './neurons.js';
import { show } from './state.js';
import { drawFlagged } from './measures.js';

/** @typedef {import('./frame.js').Shown} Shown */

/** @type {Record<string, {colour: string, title: string, mark: string}>} */
const CATEGORIES = {
  GEN: { colour: category(0), title: 'generalisation', mark: 'G' },
  UNFAIR: { colour: category(5), title: 'unfairness', mark: 'U' },
  STEREO: { colour: category(1), title: 'stereotype', mark: 'S' },
};

/** @param {any} t a token of bias.json */
function tokenOf(t) {
  const labels = /** @type {string[]} */ (t.labels);
  const node = h('span', { class: `flag${t.special ? ' special' : ''}`, tabindex: labels.length ? 0 : null, 'data-index': t.index, 'data-labels': labels.join(' ') },
    h('bdi', {}, visible(t.label || t.token)), labels.length ? h('sup', {}, labels.map((l) => CATEGORIES[l] ? CATEGORIES[l].mark : l).join('')) : null);
  if (labels.length) {
    node.style.borderBottomColor = CATEGORIES[labels[0]].colour;
    node.style.background = `color-mix(in srgb, ${CATEGORIES[labels[labels.length - 1]].colour} 30%, transparent)`;
    const tell = (/** @type {number} */ x, /** @type {number} */ y) => showTip([[h('b', {}, visible(t.label || t.token))],
      ...Object.entries(t.scores).map(([key, v]) => [`${key} ${shown(v)}`]), [t.explanation || '']], x, y);
    node.addEventListener('pointermove', (e) => tell(e.clientX, e.clientY));
    node.addEventListener('focus', () => { const b = node.getBoundingClientRect(); tell(b.left, b.bottom); });
    node.addEventListener('pointerleave', hideTip);
    node.addEventListener('blur', hideTip);
  }
  return node;
}

/** @param {Shown} on */
export function drawBias(on) {
  const bias = on.text.documents.bias, bar = on.text.documents.bar;
  const ratios = bar && bar.flagged.length ? drawFlagged(on) : null;
  const csv = bias ? [['index', 'token', 'GEN', 'UNFAIR', 'STEREO', 'O', 'labels'], ...bias.tokens.map((/** @type {any} */ t) => [t.index, t.token, t.scores.GEN, t.scores.UNFAIR, t.scores.STEREO, t.scores.O, t.labels.join('+')])] : ratios && ratios.csv;
  const text = bias ? h('p', { class: 'flags', dir: 'auto' }, ...bias.tokens.filter((/** @type {any} */ t) => !t.special).map(tokenOf)) : null;
  const legend = h('ul', { class: 'legend' }, ...Object.values(CATEGORIES).map((c) => { const b = h('b', {}, c.mark); b.style.borderBottom = `4px solid ${c.colour}`; return h('li', {}, b, ` ${c.title}`); }));
  const spans = bias && bias.spans.length ? h('table', {}, h('caption', {}, 'Flagged spans'), h('tbody', {}, ...bias.spans.map((/** @type {any} */ s) => h('tr', {}, h('td', {}, h('bdi', {}, visible(s.text))), h('td', {}, s.labels.join(', ')), h('td', {}, shown(s.score)), h('td', {}, meter(s.score)))))) : h('p', {}, 'Nothing is flagged; that does not mean unbiased.');
  return { node: h('div', {}, bias && bias.caution ? h('p', { class: 'caution' }, bias.caution) : null, text, legend, bias ? h('p', {}, `Level ${shown(bias.level.score)}, ${bias.level.band || 'n/a'}; ${bias.summary.flagged} of ${bias.summary.words} words flagged`) : null, spans,
    ratios ? h('div', {}, h('h2', {}, 'Attention to flagged tokens'), h('p', {}, 'Ratio 1 is what even attention would give them.'), h('p', {}, ...bar.flagged.map((/** @type {any} */ f) => h('button', { type: 'button', onclick: () => show({ focus: f.index }) }, visible(f.token)))), ratios.node) : null),
  picture: ratios ? ratios.picture : null, csv, note: 'Letters and colours are categories; point at a token for its scores and the thresholds they passed.' };
}
