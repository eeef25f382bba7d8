/* Threads of one call.  They take pieces of work by tickets: whoever is free draws the next
 * number.  Who computes a piece changes nothing, since its result has a place of its own. */

#include <stdatomic.h>

#ifdef __wasm__
#define ONE_THREAD
#endif
#ifndef ONE_THREAD
#include <pthread.h>
#endif

typedef struct Team Team;
struct Team {
    void (*part)(void *call, float *scratch, int first); /* what each thread does */
    void *call;
    float *scratch; /* of the first thread; those of the others follow */
    size_t floats;  /* from one scratch to the next */
    /* Numbers that all threads change stand in lines of the cache of their own. */
    _Alignas(64) atomic_int ticket;
    _Alignas(64) atomic_int arrived;
    atomic_int phase; /* how often all have met */
#ifndef ONE_THREAD
    pthread_mutex_t lock;
    pthread_cond_t turn; /* a phase has begun */
    int started;
    int threads;
#endif
};

enum { MOST_THREADS = 64 };

static int next_ticket(Team *team)
{
    return atomic_fetch_add(&team->ticket, 1);
}

#ifdef ONE_THREAD

static void meet(Team *team)
{
    team->ticket = 0;
}

static void together(Team *team, int threads)
{
    (void)threads;
    team->part(team->call, team->scratch, 1);
}

#else

/* All threads wait for the last, which also puts the tickets back to 0.  Who has waited for some
 * microseconds sleeps: another thread may need the core to arrive. */
static void meet(Team *team)
{
    const int phase = atomic_load(&team->phase);
    if (atomic_fetch_add(&team->arrived, 1) == team->threads - 1) {
        atomic_store(&team->arrived, 0);
        atomic_store(&team->ticket, 0);
        pthread_mutex_lock(&team->lock);
        atomic_store(&team->phase, phase + 1);
        pthread_cond_broadcast(&team->turn);
        pthread_mutex_unlock(&team->lock);
        return;
    }
    for (int spin = 0; spin < 2000; spin++) {
        if (atomic_load(&team->phase) != phase) {
            return;
        }
    }
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->phase) == phase) {
        pthread_cond_wait(&team->turn, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}

static void *helper(void *p)
{
    Team *team = p;
    pthread_mutex_lock(&team->lock); /* until it is known how many take part */
    team->started++;
    const int number = team->started;
    pthread_mutex_unlock(&team->lock);
    team->part(team->call, team->scratch + number * team->floats, 0);
    return 0;
}

/* Do the call's part in `threads` threads, or in as many as can be had. */
static void together(Team *team, int threads)
{
    pthread_t id[MOST_THREADS];
    int more = 0;
    pthread_mutex_init(&team->lock, 0);
    pthread_cond_init(&team->turn, 0);
    pthread_mutex_lock(&team->lock);
    while (more < threads - 1 && !pthread_create(&id[more], 0, helper, team)) {
        more++;
    }
    team->threads = more + 1;
    pthread_mutex_unlock(&team->lock);
    team->part(team->call, team->scratch, 1);
    while (more) {
        more--;
        pthread_join(id[more], 0);
    }
    pthread_cond_destroy(&team->turn);
    pthread_mutex_destroy(&team->lock);
}

#endif
