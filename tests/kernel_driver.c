/* Drives kernel.c where there is no Python and no C library: under node, or in an emulator.
 *
 * In: images, rows and batch size (int32), then weights, images, labels and rows.  Out: the losses
 * of the steps and the state after them; then of all images the logits, the mean loss,
 * the error in per cent and the probabilities; then the layers of the first image. */
#define ONE_THREAD
#include "../lenet5/kernel.c"

static _Alignas(64) char in[1 << 20], out[1 << 20], arena[8 << 20];
static _Alignas(64) State state;
static double each[1000]; /* image's loss */
static size_t used;

static void *put(const void *p, size_t bytes)
{
    void *at = out + used;
    if (p) __builtin_memcpy(at, p, bytes);
    used = (used + bytes + 7) / 8 * 8;
    return at;
}

EXPORT char *input(void) { return in; }
EXPORT char *output(void) { return out; }
EXPORT size_t drive(void)
{
    const int32_t *head = (const int32_t *)in, count = head[0], rows = head[1], batch = head[2];
    const Weights *weights = (const Weights *)(head + 3);
    const uint8_t *images = (const uint8_t *)(weights + 1);
    const int32_t *labels = (const int32_t *)(images + count * PIXELS);
    state.beta1_power = state.beta2_power = 1;
    state.weights = *weights;
    double *losses = put(0, (rows + batch - 1) / batch * 8), sum = 0;
    lenet_train(&state, arena, images, 0, labels, (const uint32_t *)(labels + count), rows, batch, 3e-4, losses, 1);
    put(&state, sizeof state);
    float *logits = put(0, count * CLASSES * 4);
    int mistakes = lenet_outputs(&state.weights, arena, images, 0, labels, count, logits, each, &sum, 1);
    put((double[]){sum / count, 100.0 * mistakes / count}, 16);
    lenet_probabilities(logits, count, put(0, count * CLASSES * 8));
    lenet_layers(&state.weights, images, 0, put(0, sizeof(Layers)));
    return used;
}

#ifndef __wasm__ /* Linux: bytes come by standard input and go to standard output */
void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)value;
    return to;
}
enum { READ = 63, WRITE = 64, EXIT = 93 };
static long system_call(long number, long a, long b, long c)
{
#ifdef __aarch64__
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#else
    register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
#endif
}
void _start(void)
{
    for (long at = 0, n; (n = system_call(READ, 0, (long)in + at, sizeof in - at)) > 0;) at += n;
    size_t bytes = drive();
    for (size_t at = 0; at < bytes;) at += system_call(WRITE, 1, (long)out + at, bytes - at);
    system_call(EXIT, 0, 0, 0);
}
#endif
