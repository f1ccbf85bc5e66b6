/*
 * term.h - the terminal: is it one, how wide, may it be coloured; a map drawn in it.
 */
#ifndef CMD_TERM_H
#define CMD_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "text/label.h"

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* term_has_color - auto: a terminal that is not "dumb", and NO_COLOR is not set. */
bool term_has_color(enum color_mode mode, FILE *f);
/* term_wants_pictures - auto: a terminal; always: yes. */
bool term_wants_pictures(enum color_mode mode, FILE *f);
/* term_width - columns of the terminal behind f, else $COLUMNS, else 80. */
size_t term_width(FILE *f);

/* term_columns - columns that UTF-8 text takes: wide characters two, combining marks none. */
size_t term_columns(const char *utf8);
/* term_pad - print text cut or padded to exactly width columns. */
void term_pad(FILE *f, const char *utf8, size_t width);

/*
 * term_heatmap - a map (n,n) in blocks, one line per row, at most width columns and about 48 lines.
 *
 * With colour 256-colour cells, without it four shades; masked causal cells are dots. Larger maps
 * are reduced, each cell the maximum of what it covers, and say so.
 */
void term_heatmap(FILE *f, const float *map, size_t n, const struct at_label *labels,
                  bool is_causal, size_t width, bool has_color);

#endif
