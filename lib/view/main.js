/**
 * main.js - the page around the views: choices at the top, the text, tabs, what is shown, copying.
 */
import { onColourScheme } from './colours.js';
import { csvFile, give, pngFile, saveFile, svgFile } from './copy.js';
import { page } from './data.js';
import { h, hideTip, visible } from './dom.js';
import { frameOf } from './frame.js';
import { headChips } from './heads.js';
import { followAddress, onChange, show, state } from './state.js';
import { nameOf } from './sides.js';
import { views } from './views.js';

/** @typedef {import('./frame.js').Drawn} Drawn */

const summary = /** @type {HTMLElement} */ (document.getElementById('summary'));
const main = /** @type {HTMLElement} */ (document.getElementById('main'));
const bar = h('div', { id: 'bar', role: 'toolbar', 'aria-label': 'What is shown' });
const strip = h('div', { id: 'tokens', role: 'group', 'aria-label': 'Tokens; arrow keys move the focus' });
const tabs = h('div', { id: 'tabs', role: 'tablist', 'aria-label': 'Views' });
const panel = h('div', { id: 'view', role: 'tabpanel', tabindex: -1 });
const note = h('p', { id: 'note', role: 'status' });
const copies = h('div', { id: 'copies', role: 'group', 'aria-label': 'Copy' });

/** @type {Drawn | null} */
let drawn = null;

function text() {
  return page.texts[state.text];
}

function current() {
  const found = views.find((v) => v.id === state.view && v.has(text()));
  return found || (state.view === 'summary' ? null : views.find((v) => v.has(text())) || null);
}

/** @param {string} label @param {[string, string][]} options @param {string} value
 *  @param {(value: string) => void} chosen @param {string} name */
function choice(label, options, value, chosen, name) {
  const select = /** @type {HTMLSelectElement} */ (h('select', { name, onchange: (/** @type {Event} */ e) =>
    chosen(/** @type {HTMLSelectElement} */ (e.target).value) },
    ...options.map(([key, shownAs]) => h('option', { value: key, selected: key === value }, shownAs))));
  return h('label', {}, `${label} `, select);
}

/** @param {string} label @param {boolean} value @param {(value: boolean) => void} chosen @param {string} name */
function toggle(label, value, chosen, name) {
  return h('label', {}, h('input', { type: 'checkbox', name, checked: value, onchange: (/** @type {Event} */ e) =>
    chosen(/** @type {HTMLInputElement} */ (e.target).checked) }), ` ${label}`);
}

/** @param {string} value @returns {number | 'mean'} */
function numberOrMean(value) {
  return value === 'mean' ? value : Number(value);
}

/** @param {number} n @returns {[string, string][]} */
function numbers(n) {
  return [...Array.from({ length: n }, (_, i) => /** @type {[string, string]} */ ([String(i), String(i)])), ['mean', 'mean']];
}

function drawBar() {
  const of = text(), maps = !!of.maps, view = current();
  const slider = h('input', { type: 'range', name: 'threshold', min: 0, max: 1, step: 0.01, value: Math.sqrt(state.threshold),
    oninput: (/** @type {Event} */ e) => show({ threshold: Number((Number(/** @type {HTMLInputElement} */ (e.target).value) ** 2).toFixed(4)) }) });
  const many = page.texts.length > 1;
  bar.replaceChildren(
    ...many ? [choice('Text', page.texts.map((t, i) => [String(i), nameOf(t, i)]), String(state.text), (v) => show({ text: Number(v) }), 'text')] : [],
    choice('Layer', numbers(page.layers), String(state.layer), (v) => show({ layer: numberOrMean(v), head: state.head === 'mean' && v !== 'mean' ? 0 : state.head }), 'layer'),
    choice('Head', numbers(page.heads), String(state.head), (v) => show({ head: numberOrMean(v) }), 'head'),
    choice('Matrix', [['raw', 'raw'], ['column', 'column'], ['rollout', 'rollout']], state.matrix, (v) => show({ matrix: /** @type {any} */ (v) }), 'matrix'),
    toggle('special tokens', state.special, (v) => show({ special: v }), 'special'),
    ...of.words ? [] : [toggle('words', state.words, (v) => show({ words: v }), 'words')],
    h('label', {}, 'weights from ', slider, h('output', {}, ` ${state.threshold}`)),
  );
  bar.classList.toggle('maps', maps);
  if (view && view.id === 'heads' && typeof state.layer === 'number' && state.matrix !== 'rollout' && state.head !== 'mean') bar.append(headChips(page.heads));
}

/** Focus by one token forth or back, among those that are shown. @param {number} step */
function moveFocus(step) {
  const shown = text().tokens.map((_, i) => i).filter((i) => state.special || !text().tokens[i].special);
  const at = state.focus === null ? (step > 0 ? -1 : shown.length) : shown.indexOf(state.focus);
  const next = shown[Math.max(0, Math.min(shown.length - 1, at + step))];
  if (next === undefined) return;
  show({ focus: next });
  const node = strip.querySelector(`[data-token="${next}"]`);
  if (node instanceof HTMLElement) node.focus();
}

function drawStrip() {
  const tokens = text().tokens;
  strip.replaceChildren(...tokens.map((t, i) => !state.special && t.special ? null : h('button', {
    type: 'button', 'data-token': i, class: `${t.special ? 'special' : ''}${t.continuation ? ' piece' : ''}`,
    tabindex: i === (state.focus === null ? 0 : state.focus) ? 0 : -1, 'aria-pressed': i === state.focus,
    onclick: () => show({ focus: state.focus === i ? null : i }),
  }, h('bdi', {}, (t.continuation ? '##' : '') + visible(t.label)))).filter((node) => node !== null));
}

/** The focus has moved: the strip stays, so that the keyboard stays on it. */
function markStrip() {
  for (const node of strip.children) {
    const is = Number(node.getAttribute('data-token')) === state.focus;
    node.setAttribute('aria-pressed', String(is));
    node.setAttribute('tabindex', is || (state.focus === null && node === strip.firstChild) ? '0' : '-1');
  }
}

function drawTabs() {
  const now = current();
  const all = [...views.filter((v) => v.has(text())).map((v) => [v.id, v.title]), ['summary', 'Summary']];
  tabs.replaceChildren(...all.map(([id, title]) => h('button', {
    type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': id === 'summary' ? 'summary' : 'view',
    'aria-selected': id === (now ? now.id : 'summary'), tabindex: id === (now ? now.id : 'summary') ? 0 : -1, onclick: () => show({ view: id }),
  }, title)));
}

/** Tabs answer to arrows, as tabs do. @param {KeyboardEvent} e */
function onTabKey(e) {
  const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
  if (!step || !(e.target instanceof Element)) return;
  const all = [...tabs.children], next = all[(all.indexOf(e.target) + step + all.length) % all.length];
  show({ view: next.id.slice(4) });
  const again = document.getElementById(next.id);
  if (again) again.focus();
  e.preventDefault();
}

/** The drawing to copy. @returns {SVGElement | HTMLCanvasElement | null} */
function picture() {
  const holder = drawn && drawn.picture;
  if (!holder) return null;
  const found = holder.matches('svg, canvas') ? holder : holder.querySelector('canvas.cells') || holder.querySelector('svg, canvas');
  return /** @type {SVGElement | HTMLCanvasElement | null} */ (found);
}

/** @param {string} what */
async function copy(what) {
  const name = `atlas-${state.view}`, of = picture();
  let said = 'nothing to copy';
  if (what === 'csv' && drawn && drawn.csv) said = await give(new Blob([csvFile(drawn.csv)], { type: 'text/csv' }), `${name}.csv`);
  else if (what === 'png' && of) said = await give(await pngFile(of), `${name}.png`);
  else if (what === 'svg' && of instanceof SVGElement) {
    saveFile(new Blob([svgFile(of)], { type: 'image/svg+xml' }), `${name}.svg`);
    said = `saved as ${name}.svg`;
  }
  note.textContent = said;
}

function drawCopies() {
  const of = picture();
  copies.replaceChildren(
    h('button', { type: 'button', id: 'copy-png', disabled: !of, onclick: () => copy('png') }, 'Copy picture'),
    h('button', { type: 'button', id: 'copy-svg', disabled: !(of instanceof SVGElement), onclick: () => copy('svg') }, 'Save SVG'),
    h('button', { type: 'button', id: 'copy-csv', disabled: !(drawn && drawn.csv), onclick: () => copy('csv') }, 'Copy data'));
}

/** What is left out of the page, said where it is missed. */
function omissions() {
  const of = page.omitted.filter((o) => !o.id || o.id === text().id);
  return of.length ? h('details', { class: 'omitted' }, h('summary', {}, `Left out of this page: ${of.map((o) => o.what).join(', ')}`),
    h('ul', {}, ...of.map((o) => h('li', {}, `${o.what}: ${o.why}`)))) : null;
}

/** Numbers of drawings begun: one that is overtaken is not shown. */
let turn = 0;

async function drawView() {
  const view = current(), mine = ++turn, began = performance.now();
  summary.hidden = view !== null;
  panel.hidden = view === null;
  if (!view) {
    drawn = null;
    note.textContent = '';
    drawCopies();
    return;
  }
  let next;
  if (view.maps && !hasMap()) next = { node: h('p', {}, 'The maps of this layer are not in the page; see what is left out of it below.') };
  else next = await view.draw(await frameOf(text()));
  if (mine !== turn) return;
  drawn = next;
  hideTip();
  panel.replaceChildren(next.node);
  panel.setAttribute('aria-labelledby', `tab-${view.id}`);
  note.textContent = next.note || '';
  drawCopies();
  document.documentElement.dataset.view = view.id;
  document.documentElement.dataset.drawn = (performance.now() - began).toFixed(2);
  if (!document.documentElement.dataset.first) document.documentElement.dataset.first = performance.now().toFixed(1);
}

function hasMap() {
  const maps = text().maps;
  return !!maps && (state.head === 'mean' || state.matrix === 'rollout' || maps.layers.some((l) => l.layer === state.layer));
}

/** @param {Set<string>} changed */
function update(changed) {
  const structure = changed.has('text') || changed.has('special');
  if (structure) drawStrip();
  else if (changed.has('focus')) markStrip();
  if (structure || changed.has('view')) drawTabs();
  const slides = document.activeElement instanceof HTMLInputElement && document.activeElement.type === 'range' && bar.contains(document.activeElement);
  if (slides) {
    const told = bar.querySelector('output');
    if (told) told.textContent = ` ${state.threshold}`;
  } else if (!changed.has('focus') || changed.size > 1) drawBar();
  void drawView();
}

/** @param {KeyboardEvent} e */
function onKey(e) {
  if (e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey || e.shiftKey) return;
  const at = e.target;
  if (at instanceof HTMLInputElement || at instanceof HTMLSelectElement || (at instanceof Element && at.closest('#tabs, [role=tree], table'))) return;
  if (e.key === 'ArrowRight' || e.key === 'ArrowDown') moveFocus(1);
  else if (e.key === 'ArrowLeft' || e.key === 'ArrowUp') moveFocus(-1);
  else if (e.key === 'Escape') show({ focus: null });
  else if (e.key === '[' && typeof state.head === 'number') show({ head: (state.head + page.heads - 1) % page.heads });
  else if (e.key === ']' && typeof state.head === 'number') show({ head: (state.head + 1) % page.heads });
  else return;
  e.preventDefault();
}

followAddress();
main.prepend(bar, strip, tabs, panel, note, copies);
const left = omissions();
if (left) main.append(left);
drawBar();
drawStrip();
drawTabs();
void drawView();
onChange(update);
onColourScheme(() => void drawView());
tabs.addEventListener('keydown', onTabKey);
document.addEventListener('keydown', onKey);
