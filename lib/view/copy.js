/**
 * copy.js - what is seen as a picture (PNG, SVG) or as data (CSV), to the clipboard or a file.
 */

/** What a drawing looks like is in the style sheet: for a file it has to be in the drawing. */
const LOOKS = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray',
  'opacity', 'font-size', 'font-family', 'font-weight', 'font-style', 'text-anchor', 'dominant-baseline', 'visibility'];

/** @param {SVGElement} of @returns {string} */
export function svgFile(of) {
  const copy = /** @type {SVGElement} */ (of.cloneNode(true));
  const from = [of, ...of.querySelectorAll('*')], to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((node, i) => {
    const looks = getComputedStyle(node);
    for (const look of LOOKS) to[i].setAttribute(look, looks.getPropertyValue(look));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

/** @param {Element} node @param {string} name */
function length(node, name) {
  return parseFloat(node.getAttribute(name) || '0');
}

/** Shapes of a node as a path, or null. @param {Element} node @returns {Path2D | null} */
function outline(node) {
  const path = new Path2D();
  switch (node.tagName) {
    case 'rect': path.rect(length(node, 'x'), length(node, 'y'), length(node, 'width'), length(node, 'height')); return path;
    case 'circle': path.arc(length(node, 'cx'), length(node, 'cy'), length(node, 'r'), 0, 2 * Math.PI); return path;
    case 'line':
      path.moveTo(length(node, 'x1'), length(node, 'y1'));
      path.lineTo(length(node, 'x2'), length(node, 'y2'));
      return path;
    case 'path': return new Path2D(node.getAttribute('d') || '');
    case 'polygon': return new Path2D(`M${node.getAttribute('points')}Z`);
    default: return null;
  }
}

/** The policy of the page loads no image, not even its own: drawings are painted shape by shape.
 *  @param {SVGElement} of @param {CanvasRenderingContext2D} pen */
function paint(of, pen) {
  for (const node of of.children) {
    const looks = getComputedStyle(node);
    if (looks.visibility === 'hidden' || looks.display === 'none' || node.tagName === 'title') continue;
    pen.save();
    const move = /** @type {SVGGraphicsElement} */ (node).transform;
    if (move && move.baseVal.numberOfItems) {
      const all = move.baseVal.consolidate();
      if (all) { const m = all.matrix; pen.transform(m.a, m.b, m.c, m.d, m.e, m.f); }
    }
    pen.globalAlpha *= parseFloat(looks.opacity || '1');
    const shape = outline(node);
    if (shape && looks.fill !== 'none' && node.tagName !== 'line') {
      pen.save();
      pen.globalAlpha *= parseFloat(looks.fillOpacity || '1');
      pen.fillStyle = looks.fill;
      pen.fill(shape);
      pen.restore();
    }
    if (shape && looks.stroke !== 'none') {
      pen.globalAlpha *= parseFloat(looks.strokeOpacity || '1');
      pen.strokeStyle = looks.stroke;
      pen.lineWidth = parseFloat(looks.strokeWidth);
      if (looks.strokeDasharray !== 'none') pen.setLineDash(looks.strokeDasharray.split(',').map(parseFloat));
      pen.stroke(shape);
    }
    if (node.tagName === 'text') {
      pen.font = `${looks.fontStyle} ${looks.fontWeight} ${looks.fontSize} ${looks.fontFamily}`;
      pen.fillStyle = looks.fill;
      pen.textAlign = looks.textAnchor === 'end' ? 'right' : looks.textAnchor === 'middle' ? 'center' : 'left';
      pen.textBaseline = looks.dominantBaseline === 'central' ? 'middle' : 'alphabetic';
      pen.fillText(node.textContent || '', length(node, 'x'), length(node, 'y'));
    } else if (node.tagName === 'g' || node.tagName === 'svg') {
      paint(/** @type {SVGElement} */ (node), pen);
    }
    pen.restore();
  }
}

/** @param {SVGElement | HTMLCanvasElement} of @returns {Promise<Blob>} */
export function pngFile(of) {
  const scale = 2;
  const canvas = document.createElement('canvas');
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const width = of instanceof HTMLCanvasElement ? of.width : length(of, 'width');
  const height = of instanceof HTMLCanvasElement ? of.height : length(of, 'height');
  const factor = of instanceof HTMLCanvasElement ? 1 : scale;
  canvas.width = width * factor;
  canvas.height = height * factor;
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(factor, factor);
  if (of instanceof HTMLCanvasElement) pen.drawImage(of, 0, 0);
  else paint(of, pen);
  return new Promise((done, failed) => canvas.toBlob((blob) => blob ? done(blob) : failed(new Error('no picture'))));
}

/** @param {any[][]} rows */
export function csvFile(rows) {
  /** @param {any} v */
  const cell = (v) => {
    const s = v === null || v === undefined || (typeof v === 'number' && !Number.isFinite(v)) ? '' : String(v);
    return /[",\r\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s;
  };
  return rows.map((row) => row.map(cell).join(',') + '\n').join('');
}

/** @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** To the clipboard, or where that is not allowed into a file; answers what was done.
 *  @param {Blob} blob @param {string} name @returns {Promise<string>} */
export async function give(blob, name) {
  try {
    if (blob.type === 'image/png')
      await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
    else await navigator.clipboard.writeText(await blob.text());
    return 'copied';
  } catch {
    saveFile(blob, name);
    return `saved as ${name}`;
  }
}
