/* Vectors of float32, as wide as the machine's: how wide decides speed and nothing else. */
#include <stddef.h>
#include <stdint.h>

#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "the kernel needs strict IEEE arithmetic: no -ffast-math, no x87"
#endif

/* UNROLL before a loop: write out its rounds.  The sums of such a loop are then in registers,
 * where an array would be in memory. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* EXPORT: a function that the library shows, and that stays although nothing here calls it.
 * INLINE: always part of the caller, so that shapes that it passes are constants to the compiler.
 * NOINLINE: a function of its own, so that the registers are all for its loop. */
#define EXPORT __attribute__((visibility("default"), used))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#ifndef LANES
#ifdef __AVX__
#define LANES 8
#else
#define LANES 4
#endif
#endif

/* Vectors of GCC and clang: + - * / and comparisons work lane by lane.  A comparison gives a mask:
 * all bits of a lane are set where it holds, and none where not. */
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t mask __attribute__((vector_size(4 * LANES)));
typedef vec unaligned_vec __attribute__((aligned(4), may_alias));
typedef mask unaligned_mask __attribute__((aligned(4), may_alias));

INLINE vec load(const float *p)
{
    return *(const unaligned_vec *)p;
}

INLINE void store(float *p, vec a)
{
    *(unaligned_vec *)p = a;
}

INLINE void store_mask(int32_t *p, mask a)
{
    *(unaligned_mask *)p = a;
}

/* One number in all lanes.  a - 0 is a, for -0 too; -0 + 0 would be 0. */
INLINE vec all(float a)
{
    return a - (vec){0};
}

INLINE mask choose(mask m, mask a, mask b)
{
    return (a & m) | (b & ~m);
}

/* In each lane a where the mask is set, else b. */
INLINE vec where(mask m, vec a, vec b)
{
    return (vec)choose(m, (mask)a, (mask)b);
}

/* So many numbers, filled up to whole vectors. */
INLINE int padded(int count)
{
    return (count + LANES - 1) / LANES * LANES;
}

/* Where number c of place i is, among some places, where c is in the lanes: [chunk][place][lane].
 * The places of a chunk lie side by side, so that a step from one to the next is a constant. */
INLINE size_t in_chunks(int places, int c, int i)
{
    return ((size_t)(c / LANES) * places + i) * LANES + c % LANES;
}

static void clear(void *p, size_t bytes)
{
    __builtin_memset(p, 0, bytes);
}
