/* sentencepiece_file.c - see sentencepiece_file.h. */
#include "text/sentencepiece_file.h"

#include <math.h>

#include "text/protobuf.h"
#include "text/vocab.h"

enum model_type { UNIGRAM = 1, BPE = 2 };

static int wrong_type(const char *what, const struct at_protobuf_field *f, struct at_error *err)
{
    return at_fail(err, AT_EFORMAT, "%s (field %u) is of the wrong type", what,
                   (unsigned)f->number);
}

static int read_piece(struct at_sentencepiece *p, const struct at_protobuf_field *whole,
                      struct at_error *err)
{
    struct at_protobuf m = { whole->bytes, whole->n, 0, whole->base };
    struct at_piece_score piece = { "", 0, 0.0, AT_PIECE_NORMAL };
    struct at_protobuf_field f;
    int rc;

    while ((rc = at_protobuf_next(&m, &f, err)) > 0) {
        if ((f.number == 1 && f.type != AT_WIRE_BYTES) || (f.number == 2 && f.type != AT_WIRE_32) ||
            (f.number == 3 && f.type != AT_WIRE_VARINT))
            return wrong_type("a piece", &f, err);
        if (f.number == 1) {
            piece.text = (const char *)f.bytes;
            piece.n = f.n;
        } else if (f.number == 2) {
            piece.score = (double)at_protobuf_float(&f);
        } else if (f.number == 3) {
            piece.type = f.value;
        }
    }
    if (!rc && !isfinite(piece.score))
        rc = at_fail(err, AT_EFORMAT, "the score of piece %zu is no number", p->pieces.n);
    if (!rc && p->pieces.n == AT_MAX_VOCAB)
        rc = at_fail(err, AT_ERANGE, "more than %d pieces", AT_MAX_VOCAB);
    if (!rc)
        *at_array_push(&p->pieces) = piece;
    return rc;
}

static int read_trainer(struct at_sentencepiece *p, const struct at_protobuf_field *whole,
                        struct at_error *err)
{
    struct at_protobuf m = { whole->bytes, whole->n, 0, whole->base };
    struct at_protobuf_field f;
    int rc;

    while ((rc = at_protobuf_next(&m, &f, err)) > 0) {
        bool counts = f.number == 3 || f.number == 24 || f.number == 40;

        if (counts && f.type != AT_WIRE_VARINT)
            return wrong_type("the trainer's specification", &f, err);
        if (f.number == 3 && f.value != UNIGRAM && f.value != BPE)
            return at_fail(err, AT_EFORMAT,
                           "models of type %llu are not supported, want unigram or BPE",
                           (unsigned long long)f.value);
        if (f.number == 24 && f.value)
            return at_fail(err, AT_EFORMAT, "treat_whitespace_as_suffix is not supported");
        if (f.number == 3)
            p->is_bpe = f.value == BPE;
        else if (f.number == 40)
            p->unk_id = f.value;
    }
    return rc;
}

static int read_normalizer(struct at_sentencepiece *p, const struct at_protobuf_field *whole,
                           struct at_error *err)
{
    struct at_protobuf m = { whole->bytes, whole->n, 0, whole->base };
    struct at_protobuf_field f;
    int rc;

    while ((rc = at_protobuf_next(&m, &f, err)) > 0) {
        if ((f.number == 2 && f.type != AT_WIRE_BYTES) ||
            ((f.number == 3 || f.number == 4) && f.type != AT_WIRE_VARINT))
            return wrong_type("the normalizer's specification", &f, err);
        if (f.number == 2) {
            p->charsmap = f.bytes;
            p->n_charsmap = f.n;
        } else if (f.number == 3) {
            p->has_prefix = f.value != 0;
        } else if (f.number == 4) {
            p->drops_spaces = f.value != 0;
        }
    }
    return rc;
}

int at_sentencepiece_parse(struct at_sentencepiece *out, const unsigned char *bytes, size_t n,
                           struct at_error *err)
{
    struct at_protobuf m = { bytes, n, 0, 0 };
    struct at_protobuf_field f;
    int rc;

    *out = (struct at_sentencepiece){ .has_prefix = true, .drops_spaces = true };
    while ((rc = at_protobuf_next(&m, &f, err)) > 0) {
        if (f.number > 3)
            continue;
        if (f.type != AT_WIRE_BYTES)
            return wrong_type("the model", &f, err);
        rc = f.number == 1   ? read_piece(out, &f, err)
             : f.number == 2 ? read_trainer(out, &f, err)
                             : read_normalizer(out, &f, err);
        if (rc)
            return rc;
    }
    if (!rc && !out->pieces.n)
        rc = at_fail(err, AT_EFORMAT, "it has no pieces");
    return rc;
}

void at_sentencepiece_release(struct at_sentencepiece *p)
{
    at_array_release(&p->pieces);
}
