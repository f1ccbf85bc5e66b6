/**
 * grid.js - the model view: every head as a thumbnail. Rows of layers are painted when they come
 * into sight, so that a thousand heads cost no more than those that are seen.
 */
import { sequentialRgb } from './colours.js';
import { layerMaps, page } from './data.js';
import { h, tips } from './dom.js';
import { show, state } from './state.js';

/** @typedef {import('./frame.js').Shown} Shown */
/** @typedef {import('./data.js').Maps} Maps */

/** The greatest weight of each block of cells, so that a strong link is seen in a small picture.
 *  @param {HTMLCanvasElement} canvas @param {Maps} maps @param {number} head @param {number[]} rows
 *  @param {number[][]} scale */
function thumbnail(canvas, maps, head, rows, scale) {
  const side = Math.min(rows.length, 48), step = rows.length / side, n = maps.n, at = head * n * n;
  canvas.width = canvas.height = side;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')), pixels = pen.createImageData(side, side);
  const best = new Float32Array(side * side);
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < rows.length; j++) {
      const cell = Math.floor(i / step) * side + Math.floor(j / step);
      best[cell] = Math.max(best[cell], maps.weights[at + rows[i] * n + rows[j]]);
    }
  for (let cell = 0; cell < side * side; cell++) {
    const rgb = scale[Math.round(255 * Math.sqrt(best[cell]))];
    pixels.data.set([rgb[0], rgb[1], rgb[2], 255], 4 * cell);
  }
  pen.putImageData(pixels, 0, 0);
}

/** @param {Shown} on */
export function drawGrid(on) {
  const scale = Array.from({ length: 256 }, (_, i) => sequentialRgb(i / 255));
  const box = h('div', { class: 'grid', role: 'group', 'aria-label': 'All heads' });
  const tokens = on.text.tokens.map((_, i) => i).filter((i) => state.special || !on.text.tokens[i].special);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      const layer = Number(entry.target.getAttribute('data-layer'));
      layerMaps(on.text, layer).then((maps) => {
        for (const button of entry.target.querySelectorAll('button')) {
          const canvas = button.querySelector('canvas');
          if (maps && canvas) thumbnail(canvas, maps, Number(button.getAttribute('data-head')), tokens, scale);
          else button.disabled = true;
        }
        entry.target.setAttribute('data-painted', '1');
      });
    }
  }, { rootMargin: '300px' });
  for (let layer = 0; layer < page.layers; layer++) {
    const line = h('div', { class: 'line', 'data-layer': layer }, h('span', { class: 'axis' }, `${layer}`));
    for (let head = 0; head < page.heads; head++)
      line.append(h('button', { type: 'button', 'data-layer': layer, 'data-head': head, 'aria-label': `Layer ${layer}, head ${head}`,
        'aria-pressed': layer === state.layer && head === state.head, onclick: () => show({ layer, head, heads: [] }),
        ondblclick: () => show({ layer, head, heads: [], view: 'heads' }) }, h('canvas', {})));
    box.append(line);
    seen.observe(line);
  }
  tips(box, (at) => {
    const button = at.closest('button');
    return button ? [[h('b', {}, `Layer ${button.getAttribute('data-layer')}, head ${button.getAttribute('data-head')}`)], ['click selects, double click opens the head view']] : null;
  });
  return { node: box, picture: null, csv: null, note: 'A row is a layer, a column a head. Click selects a head in all views; double click opens the head view. Each square shows the greatest weight of the cells it stands for.' };
}
