/**
 * colours.js - scales that colour-blind people can read: sequential (no attention is the colour of
 * the page), diverging around a neutral value, and the eight of Okabe and Ito for categories.
 */

const dark = matchMedia('(prefers-color-scheme: dark)');

export function isDark() {
  return dark.matches;
}

/** @param {() => void} listener */
export function onColourScheme(listener) {
  dark.addEventListener('change', listener);
}

/* Even in lightness from end to end. */
const LIGHT = [[255, 255, 255], [222, 235, 247], [158, 202, 225], [66, 146, 198], [8, 81, 156], [8, 29, 88]];
const DARK = [[22, 24, 29], [42, 30, 90], [96, 44, 132], [178, 68, 106], [238, 130, 63], [252, 238, 150]];
const BELOW = [0, 114, 178], ABOVE = [213, 94, 0];

/** @param {number[][]} stops @param {number} t */
function between(stops, t) {
  const at = Math.max(0, Math.min(1, t)) * (stops.length - 1), i = Math.min(Math.floor(at), stops.length - 2);
  return stops[i].map((c, k) => Math.round(c + (stops[i + 1][k] - c) * (at - i)));
}

/** @param {number} t 0 to 1 @returns {number[]} */
export function sequentialRgb(t) {
  return between(isDark() ? DARK : LIGHT, t);
}

/** @param {number[]} rgb */
function css(rgb) {
  return `rgb(${rgb.join(',')})`;
}

/** @param {number} t 0 to 1; what is undefined is grey */
export function sequential(t) {
  return Number.isFinite(t) ? css(sequentialRgb(t)) : isDark() ? '#555' : '#ccc';
}

/** @param {number} t -1 to 1, 0 is neutral */
export function diverging(t) {
  if (!Number.isFinite(t)) return isDark() ? '#555' : '#ccc';
  const middle = isDark() ? [40, 42, 48] : [250, 250, 250];
  return css(between([BELOW, middle, ABOVE], (Math.max(-1, Math.min(1, t)) + 1) / 2));
}

/** Ink that can be read on a sequential colour. @param {number} t */
export function inkOn(t) {
  const [r, g, b] = sequentialRgb(t);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? '#111' : '#fff';
}

const CATEGORIES = ['#E69F00', '#56B4E9', '#009E73', '#0072B2', '#D55E00', '#CC79A7', '#F0E442', '#999999'];

/** @param {number} i */
export function category(i) {
  return CATEGORIES[i % CATEGORIES.length];
}
