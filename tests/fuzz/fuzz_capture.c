/*
<<<<<<< HEAD
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
=======
 * fuzz_capture.c - any bytes as a capture file, replayed when it opens.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/capture.h"

/* Touch the first and the last value of what a layer shows. */
static int look(void *arg, const struct at_layer_view *v, struct at_error *err)
{
    volatile float *sink = arg;

    (void)err;
    if (v->attention)
        *sink += v->attention[0] + v->attention[v->H * v->T * v->T - 1];
    if (v->output)
        *sink += v->output[0] + v->output[v->T * v->C - 1];
    if (v->q)
        *sink += v->q[v->T * v->qkv_stride - 1];
    if (v->ffn_act)
        *sink += v->ffn_act[v->T * v->F - 1];
>>>>>>> f580075 (fuzz: config.json and capture files)
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
<<<<<<< HEAD
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
=======
    char path[64];
    volatile float sink = 0.0f;
    struct at_capture_file c;
    struct at_error err;
    const struct at_forward_options options = { .want_attention = true,
                                                .on_layer = look,
                                                .arg = (void *)(uintptr_t)&sink };
    int fd = memfd_create("capture", 0);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (at_capture_open(&c, path, &err) == 0) {
        (void)!at_capture_replay(&c, &options, &err);
        at_capture_close(&c);
    }
    close(fd);
>>>>>>> f580075 (fuzz: config.json and capture files)
    return 0;
}
