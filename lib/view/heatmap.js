/**
 * heatmap.js - one map as a matrix of cells: zoom with the wheel or + and -, drag or use the
 * shifted arrows to move, 0 shows all.
 */
import { isDark, sequential, sequentialRgb } from './colours.js';
import { page } from './data.js';
import { cut, drawing, h, hideTip, showTip, svg, tips } from './dom.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */
/** @typedef {import('./rows.js').Matrix} Matrix */

const CELLS = 48, LEFT = 110, TOP = 90, WIDTH = 640;

/** The part that is seen: rows and columns from, and how many. */
let part = { row: 0, column: 0, size: 0, of: '' };

/** @param {number} w @param {number} top the weight of the full colour */
function share(w, top) {
  return top > 0 ? Math.sqrt(Math.max(0, w) / top) : 0;
}

/** @param {Shown} on @param {Matrix} m */
function greatest(on, m) {
  let top = 0;
  for (const q of on.visible) for (const k of on.visible) top = Math.max(top, m.values[q * m.n + k] || 0);
  return top;
}

/** @param {number} size */
function zoomTo(size, /** @type {number} */ n) {
  const next = Math.max(Math.min(5, n), Math.min(n, Math.round(size)));
  const middle = (part.size - next) / 2;
  part.size = next;
  move(Math.round(middle), Math.round(middle), n);
}

/** @param {number} rows @param {number} columns @param {number} n */
function move(rows, columns, n) {
  part.row = Math.max(0, Math.min(n - part.size, part.row + rows));
  part.column = Math.max(0, Math.min(n - part.size, part.column + columns));
}

/** @param {Shown} on @param {Matrix} m @param {number[]} rows @param {number[]} columns
 *  @param {number} side @param {number} top */
function cellsOf(on, m, rows, columns, side, top) {
  const group = svg('g', { class: 'cells' });
  rows.forEach((q, y) => columns.forEach((k, x) => {
    const w = m.values[q * m.n + k], masked = page.causal && k > q;
    group.append(svg('rect', {
      x: LEFT + x * side, y: TOP + y * side, width: side, height: side, tabindex: q === on.focus && k === rows[0] ? 0 : -1,
      fill: masked ? 'none' : sequential(w < state.threshold && state.matrix === 'raw' && state.threshold > 0.05 ? 0 : share(w, top)),
      class: `cell${masked ? ' masked' : ''}`, 'data-layer': state.layer, 'data-head': state.head, 'data-query': q, 'data-key': k,
    }));
  }));
  return group;
}

/** Many cells are painted; the one under the pointer is an element. @param {Shown} on @param {Matrix} m
 *  @param {number[]} rows @param {number[]} columns @param {number} side @param {number} top */
function paintCells(on, m, rows, columns, side, top) {
  const canvas = /** @type {HTMLCanvasElement} */ (h('canvas', { width: columns.length, height: rows.length, class: 'cells' }));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const pixels = pen.createImageData(columns.length, rows.length);
  const scale = Array.from({ length: 256 }, (_, i) => sequentialRgb(i / 255));
  const hatch = isDark() ? 60 : 225;
  rows.forEach((q, y) => columns.forEach((k, x) => {
    const at = 4 * (y * columns.length + x), masked = page.causal && k > q;
    const rgb = masked ? [hatch, hatch, hatch] : scale[Math.round(255 * Math.min(1, share(m.values[q * m.n + k], top))) || 0];
    pixels.data.set([rgb[0], rgb[1], rgb[2], 255], at);
  }));
  pen.putImageData(pixels, 0, 0);
  canvas.style.left = `${LEFT}px`;
  canvas.style.top = `${TOP}px`;
  canvas.style.width = canvas.style.height = `${side * rows.length}px`;
  return canvas;
}

/** Of small rows not every one has room for its label; the one in focus has, its neighbours not.
 *  @param {number} at @param {number} focus -1: none @param {number} every */
function isCrowded(at, focus, every) {
  return at !== focus && (at % every !== 0 || (focus >= 0 && Math.abs(at - focus) < every));
}

/** @param {Shown} on @param {number[]} rows @param {number[]} columns @param {number} side */
function labels(on, rows, columns, side) {
  const group = svg('g', { class: 'labels' });
  const every = Math.max(1, Math.ceil(11 / side));
  const focus = on.focus;
  const name = (/** @type {number} */ row) => (on.rows[row].continuation ? '##' : '') + cut(on.rows[row].label, 14);
  rows.forEach((q, y) => {
    if (isCrowded(y, focus === null ? -1 : rows.indexOf(focus), every)) return;
    group.append(svg('text', { x: LEFT - 6, y: TOP + (y + 0.5) * side, 'text-anchor': 'end', 'dominant-baseline': 'central',
      class: `token${q === on.focus ? ' focus' : ''}`, 'data-query': q, onclick: () => on.setFocus(q === on.focus ? null : q) }, name(q)));
  });
  columns.forEach((k, x) => {
    if (isCrowded(x, focus === null ? -1 : columns.indexOf(focus), every)) return;
    group.append(svg('g', { transform: `translate(${LEFT + (x + 0.5) * side},${TOP - 6}) rotate(-55)` },
      svg('text', { 'dominant-baseline': 'central', class: `token${k === on.focus ? ' focus' : ''}`, 'data-key': k,
        onclick: () => on.setFocus(k === on.focus ? null : k) }, name(k))));
  });
  return group;
}

/** @param {Matrix} m @param {number} top @param {number} y */
function scaleBar(m, top, y) {
  const group = svg('g', { class: 'scale' });
  for (let i = 0; i < 40; i++)
    group.append(svg('rect', { x: LEFT + i * 5, y, width: 5, height: 10, fill: sequential(Math.sqrt(i / 39)) }));
  group.append(svg('text', { x: LEFT, y: y + 22, class: 'axis' }, '0'),
    svg('text', { x: LEFT + 200, y: y + 22, class: 'axis', 'text-anchor': 'end' }, top.toPrecision(2)),
    svg('text', { x: LEFT + 210, y: y + 9, class: 'axis' }, `weight, ${m.name}; rows look at columns`));

  return group;
}

/** Pointer and keyboard. @param {HTMLElement} box @param {Shown} on @param {() => void} redraw
 *  @param {number} side */
function steer(box, on, redraw, side) {
  const n = on.visible.length;
  /** @type {{x: number, y: number, row: number, column: number} | null} */
  let held = null;
  box.onwheel = (e) => {
    if (!e.ctrlKey && !e.shiftKey && part.size === n && e.deltaY > 0) return;
    e.preventDefault();
    zoomTo(part.size * (e.deltaY > 0 ? 1.25 : 0.8), n);
    redraw();
  };
  box.onpointerdown = (e) => { held = { x: e.clientX, y: e.clientY, row: part.row, column: part.column }; };
  box.onpointerup = box.onpointercancel = () => { held = null; };
  box.addEventListener('pointermove', (e) => {
    if (!held || !e.buttons || part.size === n) return;
    const rows = Math.round((held.y - e.clientY) / side), columns = Math.round((held.x - e.clientX) / side);
    const row = part.row, column = part.column;
    part.row = held.row;
    part.column = held.column;
    move(rows, columns, n);
    if (row !== part.row || column !== part.column) redraw();
  });
  box.onkeydown = (e) => {
    const by = Math.max(1, part.size >> 3);
    if (e.key === '+' || e.key === '=') zoomTo(part.size * 0.8, n);
    else if (e.key === '-') zoomTo(part.size * 1.25, n);
    else if (e.key === '0') zoomTo(n, n);
    else if (e.shiftKey && e.key === 'ArrowUp') move(-by, 0, n);
    else if (e.shiftKey && e.key === 'ArrowDown') move(by, 0, n);
    else if (e.shiftKey && e.key === 'ArrowLeft') move(0, -by, n);
    else if (e.shiftKey && e.key === 'ArrowRight') move(0, by, n);
    else return;
    e.preventDefault();
    e.stopPropagation();
    redraw();
  };
}

/** @param {Shown} on @param {HTMLElement} box */
function fill(box, /** @type {Shown} */ on) {
  const m = on.matrix, n = on.visible.length;
  const rows = on.visible.slice(part.row, part.row + part.size), columns = on.visible.slice(part.column, part.column + part.size);
  const side = Math.max(2, Math.min(34, WIDTH / part.size)), top = greatest(on, m), size = side * part.size;
  const root = drawing(Math.max(LEFT + size + 70, LEFT + 580), TOP + size + 44, `Heatmap: ${m.name}`, { class: 'heatmap' });
  const many = part.size > CELLS;
  box.replaceChildren(root);
  root.append(labels(on, rows, columns, side), scaleBar(m, top, TOP + size + 12));
  const mark = svg('rect', { class: 'mark cell', width: side, height: side, visibility: 'hidden' });
  /** @param {number} q @param {number} k @param {number} x @param {number} y */
  const hover = (q, k, x, y) => {
    for (const [key, value] of Object.entries({ 'data-layer': state.layer, 'data-head': state.head, 'data-query': q, 'data-key': k,
      x: LEFT + columns.indexOf(k) * side, y: TOP + rows.indexOf(q) * side, visibility: 'visible' })) mark.setAttribute(key, String(value));
    showTip(on.cellTip(m, q, k, String(state.head)), x, y);
  };
  if (many) {
    const canvas = paintCells(on, m, rows, columns, side, top);
    box.prepend(canvas);
    canvas.addEventListener('pointermove', (e) => {
      const r = canvas.getBoundingClientRect();
      const q = rows[Math.floor((e.clientY - r.top) / r.height * rows.length)], k = columns[Math.floor((e.clientX - r.left) / r.width * columns.length)];
      if (q !== undefined && k !== undefined) hover(q, k, e.clientX, e.clientY);
    });
    canvas.addEventListener('pointerleave', hideTip);
    canvas.addEventListener('click', () => on.setFocus(Number(mark.getAttribute('data-query'))));
  } else {
    root.append(cellsOf(on, m, rows, columns, side, top));
    tips(root, (at) => at.classList.contains('cell') && at.hasAttribute('data-key')
      ? on.cellTip(m, Number(at.getAttribute('data-query')), Number(at.getAttribute('data-key')), String(state.head)) : null);
    root.addEventListener('click', (e) => {
      if (e.target instanceof Element && e.target.classList.contains('cell')) {
        const q = Number(e.target.getAttribute('data-query'));
        show({ by: e.target.getAttribute('data-key') || '' });
        on.setFocus(q);
      }
    });
  }
  root.append(mark);
  if (on.focus !== null && rows.includes(on.focus))
    root.append(svg('rect', { class: 'ring', x: LEFT, y: TOP + rows.indexOf(on.focus) * side, width: size, height: side }));
  steer(box, on, () => fill(box, on), side);
  return { root, n };
}

/** @param {Shown} on */
export function drawHeatmap(on) {
  const n = on.visible.length, of = `${on.text.id} ${n}`;
  if (part.of !== of) part = { row: 0, column: 0, size: n, of };
  const box = h('div', { class: 'map', tabindex: 0, role: 'group', 'aria-label': 'Map; plus and minus zoom, shifted arrows move, 0 shows all' });
  fill(box, on);
  const csv = /** @type {any[][]} */ ([['query', 'key', 'query_token', 'key_token', 'weight']]);
  for (const q of on.visible)
    for (const k of on.visible)
      if (!page.causal || k <= q) csv.push([q, k, on.rows[q].label, on.rows[k].label, on.matrix.values[q * on.matrix.n + k]]);
  return { node: box, get picture() { return box; }, csv,
    note: 'Wheel, + and - zoom; drag or shift with arrows move; 0 shows all. Colour is the square root of the weight.' };
}
