/*
 * text_kind.h - how a file of records is written: by its name, else by how it begins.
 */
#ifndef IO_TEXT_KIND_H
#define IO_TEXT_KIND_H

enum at_text_kind {
    AT_TEXT_CSV,
    AT_TEXT_TSV,
    AT_TEXT_JSON, /* one document, or one object a line */
};

/*
 * at_text_kind - of a file that can be read again. The endings .csv, .tsv, .json and .jsonl tell
 * it; of other names the first line does: it starts with "{" or "[", or has a tab, or is CSV. So is
 * a file that cannot be opened: whoever reads it says why.
 */
enum at_text_kind at_text_kind(const char *path);

#endif
