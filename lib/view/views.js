/**
 * views.js - every view there is, in the order of their tabs.
 */
import { drawCauses } from './causes.js';
import { drawClusters } from './clusters.js';
import { page } from './data.js';
import { drawBias } from './flagged.js';
import { drawGrid } from './grid.js';
import { drawGuesses } from './guesses.js';
import { drawHeads } from './heads.js';
import { drawHeatmap } from './heatmap.js';
import { drawInside } from './inside.js';
import { drawFlow, drawTree } from './links.js';
import { drawMetrics, drawRoles } from './measures.js';
import { drawNeurons } from './neurons.js';
import { drawSentences } from './sentences.js';
import { drawSides } from './sides.js';

/** @typedef {import('./frame.js').View} View */

/** @type {View[]} */
export const views = [
  { id: 'heads', title: 'Heads', maps: true, has: (t) => !!t.maps, draw: drawHeads },
  { id: 'model', title: 'Model', has: (t) => !!t.maps && t.maps.layers.length > 0, draw: drawGrid },
  { id: 'heatmap', title: 'Heatmap', maps: true, has: (t) => !!t.maps, draw: drawHeatmap },
  { id: 'neurons', title: 'Neurons', maps: true, has: (t) => !!t.vectors, draw: drawNeurons },
  { id: 'flow', title: 'Flow', maps: true, has: (t) => !!t.maps, draw: drawFlow },
  { id: 'tree', title: 'Tree', maps: true, has: (t) => !!t.maps, draw: drawTree },
  { id: 'metrics', title: 'Metrics', has: (t) => !!t.documents.metrics, draw: drawMetrics },
  { id: 'roles', title: 'Roles', has: (t) => !!t.documents.heads, draw: drawRoles },
  { id: 'clusters', title: 'Groups', has: () => !!page.documents.clusters, draw: drawClusters },
  { id: 'sentences', title: 'Sentences', has: (t) => !!t.documents.isa && t.documents.isa.sentences.length > 0, draw: drawSentences },
  { id: 'predictions', title: 'Predictions', has: (t) => !!t.documents.run && t.documents.run.predictions.length > 0, draw: drawGuesses },
  { id: 'inside', title: 'Inside', has: (t) => !!t.documents.deep, draw: drawInside },
  { id: 'bias', title: 'Bias', has: (t) => !!t.documents.bias || !!t.documents.bar, draw: drawBias },
  { id: 'attributions', title: 'Attributions', has: (t) => !!t.documents.faith, draw: drawCauses },
  { id: 'compare', title: 'Compare', has: (t) => (page.texts.length > 1 && page.texts.every((x) => !!x.maps)) || !!page.documents.compare || !!t.documents.compare, draw: drawSides },
];
