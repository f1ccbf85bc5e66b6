/*
 * gemm_blas.c - see gemm_blas.h. The only file that knows OpenBLAS; its prototypes are written out
 * here, so that its header is not needed to build.
 */
#include "ops/gemm_blas.h"

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

/* CBLAS_ORDER and CBLAS_TRANSPOSE. */
enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };

/* Terms that the library gets to add up at a time. Its chains of additions are as long as it
   likes, and long ones cost the attention of deep models its last digits (see ops/kernel.h). */
enum { LONGEST_SUM = 128 };

typedef void (*sgemm_fn)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                         const float *a, int lda, const float *b, int ldb, float beta, float *c,
                         int ldc);
typedef void (*set_threads_fn)(int n);
typedef char *(*text_fn)(void);

enum state { ABSENT, WRONG, USABLE };

/* What loading found out; written once, under the lock. */
static struct {
    pthread_mutex_t lock;
    bool is_tried;
    enum state state;
    sgemm_fn sgemm;
    char description[96];
} blas = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The kernels this machine should get, or NULL to leave the choice to the library. */
static const char *core_type(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#endif
    return NULL;
}

/* dlopen() with variables set for it, unless the user has set them, and gone afterwards. */
static void *open_library(void)
{
    const char *names[] = { "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS" };
    const char *values[] = { core_type(), "1" };
    bool is_ours[2];
    void *library;

    for (int i = 0; i < 2; i++) {
        is_ours[i] = values[i] && !getenv(names[i]);
        if (is_ours[i])
            setenv(names[i], values[i], 1);
    }
    library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    for (int i = 0; i < 2; i++)
        if (is_ours[i])
            unsetenv(names[i]);
    return library;
}

/* dlsym() answers a data pointer; copying it is how POSIX makes a function of it. */
static bool find_function(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);

    memcpy(function, &symbol, sizeof symbol);
    return symbol;
}

/* A product with edges in every direction, against the obvious one. */
static bool is_right(sgemm_fn sgemm)
{
    enum { M = 37, N = 51, K = 70 };
    float a[M * K], b[N * K], c[M * N];

    for (int i = 0; i < M * K; i++)
        a[i] = (float)(i % 23 - 11) / 8.0f;
    for (int i = 0; i < N * K; i++)
        b[i] = (float)(i % 19 - 9) / 8.0f;
    sgemm(ROW_MAJOR, NO_TRANS, TRANS, M, N, K, 1.0f, a, K, b, K, 0.0f, c, N);
    for (int m = 0; m < M; m++)
        for (int n = 0; n < N; n++) {
            double sum = 0.0;
            for (int k = 0; k < K; k++)
                sum += (double)a[m * K + k] * (double)b[n * K + k];
            if (!(fabs(sum - (double)c[m * N + n]) < 1e-3))
                return false;
        }
    return true;
}

static void load(void)
{
    void *library = open_library();
    set_threads_fn set_threads;
    text_fn core, config;
    char name[32] = "OpenBLAS", version[32] = "of unknown version";

    if (!library || !find_function(library, "cblas_sgemm", &blas.sgemm)) {
        snprintf(blas.description, sizeof blas.description, "OpenBLAS is not installed");
        return;
    }
    if (find_function(library, "openblas_get_config", &config))
        sscanf(config(), "%31s %31s", name, version);
    if (find_function(library, "openblas_set_num_threads", &set_threads))
        set_threads(1);
    blas.state = is_right(blas.sgemm) ? USABLE : WRONG;
    snprintf(blas.description, sizeof blas.description, "%s %s %s%s", name, version,
             find_function(library, "openblas_get_corename", &core) ? core() : "",
             blas.state == WRONG ? " gives wrong products, not used" : "");
}

static void load_once(void)
{
    pthread_mutex_lock(&blas.lock);
    if (!blas.is_tried)
        load();
    blas.is_tried = true;
    pthread_mutex_unlock(&blas.lock);
}

bool at_blas_is_usable(void)
{
    load_once();
    return blas.state == USABLE;
}

void at_blas_describe(char *buf, size_t n)
{
    load_once();
    snprintf(buf, n, "%s", blas.description);
}

void at_blas_matmul(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                    bool is_b_transposed, size_t M, size_t N, size_t K)
{
    AT_BUG_IF(blas.state != USABLE || AT_MAX(AT_MAX(M, N), K) > INT_MAX);
    AT_BUG_IF(AT_MAX(AT_MAX(lda, ldb), ldc) > INT_MAX);
    for (size_t k = 0; k < K; k += LONGEST_SUM)
        blas.sgemm(ROW_MAJOR, NO_TRANS, is_b_transposed ? TRANS : NO_TRANS, (int)M, (int)N,
                   (int)AT_MIN((size_t)LONGEST_SUM, K - k), 1.0f, a + k, (int)lda,
                   b + (is_b_transposed ? k : k * ldb), (int)ldb, k > 0 ? 1.0f : 0.0f, c, (int)ldc);
}
