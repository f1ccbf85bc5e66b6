/*
 * shapes.h - the dimension letters, the same everywhere in atlas.
 *
 *   B  texts in a batch          C  model width (hidden size)     F  feed-forward width
 *   T  tokens of one text        H  heads per layer               V  vocabulary size
 *   N  rows: tokens of a batch   D  width of one head, C / H      S  sentences
 *   L  layers                    W  words of one text             K  clusters, or a small count
 *
 * Arrays are row-major, last index fastest. A batch is ragged: its texts lie one after the other
 * in N rows without padding, text b in rows start[b] .. start[b+1]-1.
 */
#ifndef OPS_SHAPES_H
#define OPS_SHAPES_H

/* Limits on what a file may claim; products of them fit a size_t with room to spare. */
enum {
    AT_MAX_LAYERS = 512,
    AT_MAX_HEADS = 512,
    AT_MAX_WIDTH = 65536,
    AT_MAX_FFN = 1 << 20,
    AT_MAX_VOCAB = 1 << 22,
    AT_MAX_POSITIONS = 1 << 20,
    AT_MAX_LABELS = 65536,
};

#endif
