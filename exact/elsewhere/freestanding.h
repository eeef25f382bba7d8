/* For a driver without a C library: bytes come in, drive() turns them into others, these go out.
 *
 * A driver defines in[], out[] and drive(), which returns how many bytes of out[] count. */
EXPORT char *input(void) { return in; }
EXPORT char *output(void) { return out; }

#if defined(_WIN32) /* the one with a C library, without which no program starts there */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
int main(void)
{
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    fread(in, 1, sizeof in, stdin);
    fwrite(out, 1, drive(), stdout);
    return 0;
}

#elif !defined(__wasm__) /* Linux: bytes come by standard input and go to standard output */
void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memmove(void *to, const void *from, size_t n)
{
    volatile char *t = to;
    const char *f = from;
    if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, n);
    while (n--) t[n] = f[n];
    return to;
}
void *memset(void *to, int value, size_t n)
{
    for (size_t i = 0; i < n; i++) ((volatile char *)to)[i] = (char)value;
    return to;
}

/* Each processor has its own registers and instruction for a call of the system, and its own numbers. */
#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, EXIT = 60 };
#define START __attribute__((force_align_arg_pointer)) /* as if it were called by a function */
#elif defined(__i386__)
enum { READ = 3, WRITE = 4, EXIT = 1 };
#define START __attribute__((force_align_arg_pointer))
#elif defined(__s390x__)
enum { READ = 3, WRITE = 4, EXIT = 1 };
#define START
#else /* AArch64, RISC-V */
enum { READ = 63, WRITE = 64, EXIT = 93 };
#define START
#endif
static long system_call(long number, long a, long b, long c)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
#elif defined(__i386__)
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
#elif defined(__s390x__)
    register long r1 __asm__("r1") = number, r2 __asm__("r2") = a, r3 __asm__("r3") = b, r4 __asm__("r4") = c;
    __asm__ volatile("svc 0" : "+r"(r2) : "r"(r1), "r"(r3), "r"(r4) : "memory");
    return r2;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#else
    register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
#endif
}
START void _start(void)
{
    for (long at = 0, n; (n = system_call(READ, 0, (long)in + at, sizeof in - at)) > 0;) at += n;
    size_t bytes = drive();
    for (size_t at = 0; at < bytes;) at += system_call(WRITE, 1, (long)out + at, bytes - at);
    system_call(EXIT, 0, 0, 0);
}
#endif
