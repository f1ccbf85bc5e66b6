/*
 * label.h - what is written for a token, a word or any other row of a table or axis.
 */
#ifndef TEXT_LABEL_H
#define TEXT_LABEL_H

#include <stdbool.h>
#include <stddef.h>

struct at_label {
    const char *text;     /* UTF-8 as people write it; pictures show "" and a leading space as a
                             thin mark */
    bool is_continuation; /* a piece that goes on with the word before it: a faint "##" stands
                             before it, whether text has one or not */
    bool is_special;      /* [CLS], <|endoftext|>: drawn faintly, in brackets as it is */
    size_t mark;          /* 0, or 1 + the category whose colour stands beside the label */
};

#endif
