/*
 * fuzz.h - what a fuzz target is made of.
 *
 * A target is LLVMFuzzerTestOneInput(), called by libFuzzer (make fuzz) or by replay.c with saved
 * inputs (make check-fuzz). Parsers read files, so the input is written to one first.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_dir - a temporary folder of this process, removed with its files when it exits. */
const char *fuzz_dir(void);

/* fuzz_file - the input as the file of that name in fuzz_dir(); answers its path. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/* fuzz_no_file - there is none of that name in fuzz_dir() any more. */
void fuzz_no_file(const char *name);

/* fuzz_use_tokenizer - open the tokenizer in fuzz_dir(); one that is accepted takes a text and a
   pair, answers places within them, and writes its ids back. */
void fuzz_use_tokenizer(void);

#endif
