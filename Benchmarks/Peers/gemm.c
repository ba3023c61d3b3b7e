// Measures matrix products of CLBlast on an OpenCL device and of OpenBLAS on the processor, in one process.
//
//     python3 cases.py | ./gemm
//
// Reads lines "m n k batch" and prints JSON lines with the keys of `concord bench`. The OpenCL device is the first GPU,
// or the first of all devices. With WITHOUT_CLBLAST defined only OpenBLAS is measured.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <cblas.h>
#ifndef WITHOUT_CLBLAST
#include <clblast_c.h>
#endif
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WARM_UPS = 3, USUAL_SAMPLES = 10, FEWEST_SAMPLES = 3, MAXIMUM_SAMPLES = 100000 };
static const double shortest_sample = 2e-3, measured_seconds = 0.5, longest_seconds = 2;

typedef struct {
    size_t m, n, k, batch;
    bool transpose_a, transpose_b;
    float *a, *b, *c;
    cl_mem device_a, device_b, device_c;
    cl_command_queue queue;
} Product;

static void fail(const char *what, int code)
{
    fprintf(stderr, "gemm: %s failed with %d\n", what, code);
    exit(1);
}

static void check(const char *what, int code)
{
    if (code != 0) fail(what, code);
}

static size_t leading_a(const Product *p) { return p->transpose_a ? p->m : p->k; }
static size_t leading_b(const Product *p) { return p->transpose_b ? p->k : p->n; }

static void run_openblas(const Product *p)
{
    for (size_t i = 0; i < p->batch; i++) {
        cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                    p->transpose_b ? CblasTrans : CblasNoTrans, (int)p->m, (int)p->n, (int)p->k, 1.0f,
                    p->a + i * p->m * p->k, (int)leading_a(p), p->b + i * p->k * p->n, (int)leading_b(p), 0.0f,
                    p->c + i * p->m * p->n, (int)p->n);
    }
}

#ifndef WITHOUT_CLBLAST
static void run_clblast(const Product *p)
{
    cl_command_queue queue = p->queue;
    const CLBlastTranspose a = p->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo;
    const CLBlastTranspose b = p->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo;
    check("CLBlast",
          p->batch == 1
              ? CLBlastSgemm(CLBlastLayoutRowMajor, a, b, p->m, p->n, p->k, 1.0f, p->device_a, 0, leading_a(p),
                             p->device_b, 0, leading_b(p), 0.0f, p->device_c, 0, p->n, &queue, NULL)
              : CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, a, b, p->m, p->n, p->k, 1.0f, p->device_a, 0,
                                           leading_a(p), p->m * p->k, p->device_b, 0, leading_b(p), p->k * p->n, 0.0f,
                                           p->device_c, 0, p->n, p->m * p->n, p->batch, &queue, NULL));
}
#endif

static double seconds_of(int runs, const Product *product, void (*run)(const Product *))
{
    struct timespec start, end;
    clFinish(product->queue);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < runs; i++) run(product);
    clFinish(product->queue);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

// Times as `concord bench` does: a sample of very short work is a mean over several runs.
static void measure(const char *peer, const Product *product, void (*run)(const Product *))
{
    static double samples[MAXIMUM_SAMPLES];
    double total = 0;
    for (int i = 0; i < WARM_UPS && total < measured_seconds; i++) total += seconds_of(1, product, run);
    const int runs = (int)fmax(1, ceil(shortest_sample / fmax(seconds_of(1, product, run), 1e-7)));
    int count = 0;
    total = 0;
    while (count < MAXIMUM_SAMPLES &&
           (count < FEWEST_SAMPLES || (count < USUAL_SAMPLES && total < longest_seconds) || total < measured_seconds)) {
        const double elapsed = seconds_of(runs, product, run);
        total += elapsed;
        samples[count++] = elapsed / runs;
    }
    qsort(samples, (size_t)count, sizeof samples[0], compare);
    const double median = (samples[(count - 1) / 2] + samples[count / 2]) / 2;
    const double work = 2.0 * (double)(product->m * product->n * product->k * product->batch);
    char batch[32] = "";
    if (product->batch > 1) snprintf(batch, sizeof batch, " batch=%zu", product->batch);
    printf("{\"suite\": \"gemm\", \"peer\": \"%s\", \"operation\": \"gemm %c%c\", \"shape\": \"m=%zu n=%zu k=%zu%s\", "
           "\"milliseconds\": %g, \"minimum\": %g, \"gflops\": %g}\n",
           peer, product->transpose_a ? 'T' : 'N', product->transpose_b ? 'T' : 'N', product->m, product->n,
           product->k, batch, 1e3 * median, 1e3 * samples[0], work / median / 1e9);
    fflush(stdout);
}

static float *random_matrix(size_t count)
{
    float *matrix = malloc(count * sizeof *matrix);
    if (!matrix) fail("malloc", 0);
    for (size_t i = 0; i < count; i++) matrix[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return matrix;
}

static cl_mem upload(cl_context context, float *matrix, size_t count)
{
    cl_int status;
    cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, count * sizeof *matrix, matrix,
                                   &status);
    check("clCreateBuffer", status);
    return buffer;
}

int main(void)
{
    cl_platform_id platforms[16];
    cl_uint count = 0;
    cl_device_id device = NULL;
    check("clGetPlatformIDs", clGetPlatformIDs(16, platforms, &count));
    const cl_device_type types[] = {CL_DEVICE_TYPE_GPU, CL_DEVICE_TYPE_ALL};
    for (int t = 0; t < 2 && !device; t++) {
        for (cl_uint i = 0; i < count && !device; i++) clGetDeviceIDs(platforms[i], types[t], 1, &device, NULL);
    }
    if (!device) fail("finding an OpenCL device", 0);
    cl_int status;
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &status);
    check("clCreateContext", status);
    Product product = {.queue = clCreateCommandQueue(context, device, 0, &status)};
    check("clCreateCommandQueue", status);

    while (scanf("%zu %zu %zu %zu", &product.m, &product.n, &product.k, &product.batch) == 4) {
        const size_t size_a = product.batch * product.m * product.k, size_b = product.batch * product.k * product.n;
        const size_t size_c = product.batch * product.m * product.n;
        product.a = random_matrix(size_a);
        product.b = random_matrix(size_b);
        product.c = random_matrix(size_c);
        product.device_a = upload(context, product.a, size_a);
        product.device_b = upload(context, product.b, size_b);
        product.device_c = upload(context, product.c, size_c);
        for (int order = 0; order < 3; order++) {
            product.transpose_a = order == 2;
            product.transpose_b = order == 1;
            measure("openblas", &product, run_openblas);
#ifndef WITHOUT_CLBLAST
            measure("clblast", &product, run_clblast);
#endif
        }
        clReleaseMemObject(product.device_a);
        clReleaseMemObject(product.device_b);
        clReleaseMemObject(product.device_c);
        free(product.a);
        free(product.b);
        free(product.c);
    }
    return 0;
}
