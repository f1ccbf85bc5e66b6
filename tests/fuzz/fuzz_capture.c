/*
 * fuzz_capture.c - any bytes as a capture file; what is accepted is replayed to the last weight.
 */
#include "fuzz.h"

#include "model/capture.h"

static int on_layer(void *arg, const struct at_layer_view *view, struct at_error *err)
{
    double *sum = arg;

    (void)err;
    if (view->attention)
        for (size_t i = 0; i < view->H * view->T * view->T; i++)
            *sum += (double)view->attention[i];
    for (size_t i = 0; view->output && i < view->T * view->C; i++)
        *sum += (double)view->output[i];
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct at_capture_file file;
    struct at_error err;
    double sum = 0.0;
    volatile double sink;
    struct at_forward_options options = { .want_attention = true,
                                          .on_layer = on_layer,
                                          .arg = &sum };

    if (at_capture_open(&file, fuzz_file("capture.safetensors", data, size), &err))
        return 0;
    if (at_capture_replay(&file, &options, &err))
        sum = 0.0;
    sink = sum;
    (void)sink;
    at_capture_close(&file);
    return 0;
}
