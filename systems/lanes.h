/* Sixteen lanes of float32, the same on every machine, for ladder.c, column.c and member.c.
 *
 * The rules of lenet5/kernel.c hold (only + - * / and the square root, no fused multiply-add, one order for
 * every sum), but for one: a vector is as wide everywhere, so a sum across its lanes has one order too.
 */
#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "the kernel needs strict IEEE arithmetic: no -ffast-math, no x87"
#endif
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
#define EXPORT __attribute__((visibility("default"), used))
#define INLINE static inline __attribute__((always_inline))
#define FOR(i, n) for (int i = 0; i < (n); i++)
#define EACH(i, n) UNROLL for (int i = 0; i < (n); i++)


typedef float vec __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
typedef vec unaligned_vec __attribute__((aligned(4), may_alias));
INLINE vec load(const float *p) { return *(const unaligned_vec *)p; }
INLINE void store(float *p, vec a) { *(unaligned_vec *)p = a; }
INLINE vec all(float a) { return a - (vec){0}; }
INLINE vec where(mask m, vec a, vec b) { return (vec)(((mask)a & m) | ((mask)b & ~m)); }
INLINE float sum(vec a) /* across the lanes: halves on halves */
{
    a += __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    a += __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
    a += __builtin_shufflevector(a, a, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
    return a[0] + a[1];
}

/* 2^t for |t| <= 126, within 2e-7 of it: a whole power times the Taylor polynomial at |f| <= 1/2. */
INLINE vec power2(vec t)
{
    const vec shift = all(0x1.8p23f);
    vec whole = t + shift, f = t - (whole - shift), p = all(1.5403530e-4f);
    p = p * f + all(1.33335581e-3f);
    p = p * f + all(9.61812911e-3f);
    p = p * f + all(5.55041087e-2f);
    p = p * f + all(2.40226507e-1f);
    p = p * f + all(6.93147181e-1f);
    p = p * f + all(1);
    return p * (vec)(((mask)whole << 23) + 0x3f800000);
}

/* sums[p] += x[p][k] w[k], one k after the other: `count` numbers for each sum, and vectors for all of them.  So
 * many sums advance at once that adding waits for nothing, and no more than there are registers for. */
INLINE void add_products(int at_once, vec *sums, const float *const *x, const float *w, int count)
{
    vec s[8];
    EACH(p, at_once) s[p] = sums[p];
    FOR(k, count) {
        const vec v = load(w + 16 * k);
        EACH(p, at_once) s[p] += all(x[p][k]) * v;
    }
    EACH(p, at_once) sums[p] = s[p];
}

/* The squashing function of 1998 and of 2012, 1.7159 tanh(2a/3), and its slope. */
INLINE vec scaled_tanh(vec a, vec *slope)
{
    const float A = 1.7159f, S = 2.0f / 3;
    vec t = a * all(S * 2.885390082f); /* e^2z is 2^t, and tanh z is 1 - 2 / (e^2z + 1) */
    t = where(t > 26, all(26), where(t < -26, all(-26), t));
    vec y = all(A) * (all(1) - all(2) / (power2(t) + all(1)));
    *slope = all(A * S) - y * y * all(S / A);
    return y;
}

/* Logits of so many classes, the highest of them `top`, become probabilities; what stands beyond becomes zero. */
INLINE void softmax(float p[16], int classes, float top)
{
    float z = 0;
    FOR(i, 16) p[i] = i < classes ? p[i] - top : -126;
    const vec t = load(p) * all(1.442695041f);
    store(p, power2(where(t < -126, all(-126), t)));
    FOR(i, classes) z += p[i];
    FOR(i, 16) p[i] = i < classes ? p[i] / z : 0;
}

/* A square picture of `side` rows, within a margin of zeros, read bilinearly at (x, y) from its corner. */
INLINE vec read_between(const float *picture, int side, vec x, vec y)
{
    const vec end = all(side - 2);
    x = where(x < 0, all(0), where(x > end, end, x));
    y = where(y < 0, all(0), where(y > end, end, y));
    const mask k = __builtin_convertvector(x, mask), i = __builtin_convertvector(y, mask);
    const vec right = x - __builtin_convertvector(k, vec), low = y - __builtin_convertvector(i, vec);
    vec near[2][2];
    EACH(l, 16) EACH(r, 2) EACH(c, 2) near[r][c][l] = picture[(i[l] + r) * side + k[l] + c];
    const vec above = near[0][0] + right * (near[0][1] - near[0][0]);
    const vec under = near[1][0] + right * (near[1][1] - near[1][0]);
    return above + low * (under - above);
}
