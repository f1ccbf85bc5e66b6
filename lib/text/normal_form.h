/*
 * normal_form.h - NFC, NFD, NFKC and NFKD of a part of a text.
 *
 * Source    Unicode 9, UAX #15, as the crate unicode-normalization-alignments has it, which Hugging
 *           Face's tokenizers use: places follow the order that characters have afterwards.
 */
#ifndef TEXT_NORMAL_FORM_H
#define TEXT_NORMAL_FORM_H

#include "text/normal.h"

enum at_normal_form { AT_NFC, AT_NFD, AT_NFKC, AT_NFKD };

/* at_normal_form - write part anew in that form, through w, which was begun on it. */
void at_normal_form(struct at_rewrite *w, enum at_normal_form form);

#endif
