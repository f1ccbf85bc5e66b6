/**
 * data.js - what lies in the page, and how packed numbers are read (atlas-view(1), THE PAGE).
 */

/** @typedef {any} Json a value of a document, as its command writes it */

/**
 * @typedef {object} Token
 * @property {string} label as people write it
 * @property {boolean} special
 * @property {boolean} continuation goes on with the word before it
 * @property {string} [piece] as the vocabulary has it
 * @property {number} [word] number of its word, -1 of a special token
 * @property {number} [segment]
 */

/**
 * @typedef {object} Packed
 * @property {'sqrt8' | 'half'} encoding
 * @property {number} n
 * @property {number} heads
 * @property {number} strongest keys of each row whose weight is there exactly
 * @property {{layer: number, data: string}[]} layers
 * @property {string} means
 * @property {string} rollouts
 */

/**
 * @typedef {object} Text
 * @property {string} id
 * @property {string} text
 * @property {string} [model] whose view of it this is
 * @property {string} [pair]
 * @property {boolean} words rows are words already
 * @property {Token[]} tokens
 * @property {Packed | null} maps
 * @property {{size: number, layers: {layer: number, data: string}[]} | null} vectors
 * @property {Record<string, Json>} documents
 * @property {number[][]} [norms]
 * @property {{space: string, layer: number | null, x_ratio: number, y_ratio: number, xy: number[][]}[]} [planes]
 * @property {{token: (string | null)[][], p: (number | null)[][]} | null} [lens]
 */

/**
 * @typedef {object} Page
 * @property {string} model
 * @property {number} layers
 * @property {number} heads
 * @property {boolean} causal
 * @property {string} [command_line]
 * @property {Text[]} texts
 * @property {Record<string, Json>} documents
 * @property {{what: string, why: string, id?: string}[]} omitted
 * @property {{metrics: Record<string, Json>, roles: Record<string, string>,
 *             documents: Record<string, Record<string, {help: string, unit?: string}>>}} help
 */

/**
 * Maps of some heads: weights, and which of them are exact.
 * @typedef {object} Maps
 * @property {number} n
 * @property {number} count
 * @property {Float32Array} weights count x n x n
 * @property {Uint8Array | null} exact 1 where the weight is exact; null: nowhere
 */

/** @type {Page} */
export const page = JSON.parse(
  /** @type {HTMLElement} */ (document.getElementById('atlas-data')).textContent || '{}');

/** @param {string} base64 @returns {Promise<Uint8Array>} */
async function unpacked(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Values of all half floats, made when the first is read. @type {Float32Array | null} */
let halves = null;

/** @param {Uint8Array} bytes low bytes, then high bytes @returns {Float32Array} */
function fromHalves(bytes) {
  if (!halves) {
    halves = new Float32Array(65536);
    for (let h = 0; h < 65536; h++) {
      const exponent = (h >> 10) & 31, mantissa = h & 1023;
      const size = exponent === 31 ? (mantissa ? NaN : Infinity)
        : exponent ? (1 + mantissa / 1024) * 2 ** (exponent - 15) : mantissa * 2 ** -24;
      halves[h] = h & 32768 ? -size : size;
    }
  }
  const n = bytes.length / 2, out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = halves[bytes[i] | (bytes[n + i] << 8)];
  return out;
}

/** @param {string} data @param {Packed} packed @param {number} count @returns {Promise<Maps>} */
async function readMaps(data, packed, count) {
  const n = packed.n, cells = count * n * n, bytes = await unpacked(data);
  if (packed.encoding === 'half') return { n, count, weights: fromHalves(bytes), exact: null };
  const weights = new Float32Array(cells), exact = new Uint8Array(cells);
  const square = new Float32Array(256);
  for (let c = 0; c < 256; c++) square[c] = (c / 255) ** 2;
  for (let i = 0; i < cells; i++) weights[i] = square[bytes[i]];
  const k = packed.strongest, rows = count * n;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let r = 0; r < rows; r++)
    for (let s = 0; s < k; s++) {
      const at = r * n + view.getUint16(cells + 2 * (r * k + s), true);
      weights[at] = view.getFloat32(cells + 2 * rows * k + 4 * (r * k + s), true);
      exact[at] = 1;
    }
  return { n, count, weights, exact };
}

/** @type {WeakMap<object, Map<string, Promise<any>>>} */
const kept = new WeakMap();

/** @template T @param {object} owner @param {string} key @param {() => Promise<T>} make
 *  @returns {Promise<T>} */
function once(owner, key, make) {
  let of = kept.get(owner);
  if (!of) kept.set(owner, (of = new Map()));
  if (!of.has(key)) of.set(key, make());
  return /** @type {Promise<T>} */ (of.get(key));
}

/** The heads of a layer, or null where the page has none. @param {Text} text
 *  @param {number} layer @returns {Promise<Maps | null>} */
export function layerMaps(text, layer) {
  const found = text.maps && text.maps.layers.find((l) => l.layer === layer);
  if (!text.maps || !found) return Promise.resolve(null);
  const packed = text.maps;
  return once(text, `layer ${layer}`, () => readMaps(found.data, packed, packed.heads));
}

/** One map for each layer: the mean of its heads, or the rollout up to it. @param {Text} text
 *  @param {'means' | 'rollouts'} which @returns {Promise<Maps | null>} */
export function overLayers(text, which) {
  const packed = text.maps;
  if (!packed) return Promise.resolve(null);
  return once(text, which, () => readMaps(packed[which], packed, page.layers));
}

/** Queries and keys of a layer: heads x n x size each. @param {Text} text @param {number} layer
 *  @returns {Promise<{q: Float32Array, k: Float32Array, size: number} | null>} */
export function layerVectors(text, layer) {
  const vectors = text.vectors;
  const found = vectors && vectors.layers.find((l) => l.layer === layer);
  if (!vectors || !found) return Promise.resolve(null);
  return once(text, `vectors ${layer}`, async () => {
    const both = fromHalves(await unpacked(found.data)), half = both.length / 2;
    return { q: both.subarray(0, half), k: both.subarray(half), size: vectors.size };
  });
}

/** The most that a weight is wrong by. @param {Text} text @param {number} w */
export function errorOf(text, w) {
  if (!text.maps) return 0;
  return text.maps.encoding === 'half' ? Math.max(w / 2048, 2 ** -25)
    : Math.sqrt(w) / 255 + 1 / 260100;
}
