/* What a network is, and where all that it needs lies in memory.
 *
 * A network is a row of stages.  A stage is a layer with weights, the pool behind it and the
 * activation behind both: first convolutions, then dense ones, the last of which gives the logits.
 */

enum {
    BLOCK = 16, /* images that share a gradient: part of what is computed, not of its speed */
    MOST_STAGES = 16,
};

enum { NONE, RELU, TANH }; /* activations */

/* The dimensions of a stage.  In a build for one network they are constants to the compiler: every
 * function takes its Shape by value and is inlined where it is called with one. */
typedef struct {
    int convolution; /* or 0: a dense layer, to which all values come as channels of 1 x 1 */
    int C;           /* channels that come in */
    int H;           /* their rows */
    int W;           /* and columns */
    int O;           /* maps or units that go out */
    int K;           /* the side of a kernel */
    int P;           /* the side of the pool, 1 if there is none */
    int average;     /* whether the pool takes the average, not the maximum */
    int activation;
    int to_dense; /* whether a dense layer is next */
} Shape;
enum { SHAPE_NUMBERS = sizeof(Shape) / sizeof(int) };

/* An average pool commutes with a convolution.  So the kernel takes the averages first, of every
 * box of P x P, and then convolves at every P-th place: for P = 2 a quarter of the products. */

/* The side of the pool whose maximum is taken, and of the box that is averaged. */
INLINE int maxima(Shape d)
{
    return d.average ? 1 : d.P;
}

INLINE int box(Shape d)
{
    return d.average ? d.P : 1;
}

/* What is convolved: what comes in, or the averages of its boxes. */
INLINE int high(Shape d)
{
    return d.H - box(d) + 1;
}

INLINE int wide(Shape d)
{
    return d.W - box(d) + 1;
}

/* The maps that go out.  Of a side that the pool does not divide, the last places are in none. */
INLINE int rows(Shape d)
{
    return (d.H - d.K + 1) / d.P;
}

INLINE int columns(Shape d)
{
    return (d.W - d.K + 1) / d.P;
}

INLINE int area(Shape d)
{
    return rows(d) * columns(d);
}

/* The side of what a pool sees, and of a kernel in a frame of zeros: see frame_kernels. */
INLINE int window(Shape d)
{
    return d.K + maxima(d) - 1;
}

INLINE int frame(Shape d)
{
    return d.K + 2 * (maxima(d) - 1);
}

/* The weights of a stage, without its biases. */
INLINE int weights_of(Shape d)
{
    return d.O * d.C * d.K * d.K;
}

/* Columns of a dense layer's weights come in groups of two vectors: how many there are, and where
 * one begins.  A last group that does not fit is moved back to end with the row. */
INLINE int groups_of(int columns)
{
    return (columns + 2 * LANES - 1) / (2 * LANES);
}

INLINE int group_at(int columns, int group)
{
    return MIN(group * 2 * LANES, columns - 2 * LANES);
}

/* ---------------------------------------------------------------------- places in memory */

typedef struct { /* an outcome of a convolution that has a gradient */
    float gradient;
    int at; /* where its window begins, in floats: list_winners says of what */
} Winner;

enum {
    ROOM = 8, /* columns of a kernel in a gradient of the first stage, and spare pixels of an image */
    IMAGES_LIST = 1 + BLOCK, /* room for a list of images of a block: see Numbers in dense.h */
    MOST_AT_ONCE = 4,  /* blocks that a thread computes at a time: see Plan */
    CHUNK = 2048,      /* weights that one thread adds up and updates at a time */
#ifdef __wasm__
    TILE = 4, /* rows of a matrix that are multiplied at a time: see dense.h */
#else
    TILE = 6,
#endif
    /* A thread adds up and updates so many rows of a dense layer's weights at a time at most, a
     * multiple of TILE, and so many numbers. */
    PIECE_ROWS = 66,
    PIECE_FLOATS = 65536,
};

/* What the functions of a stage need to know besides its shape.  The names of a place say what
 * lies there, [innermost index last]; all are counted in floats. */
typedef struct Stage Stage;
typedef struct Plan Plan;
struct Stage {
    Shape shape;
    /* A convolution of images first .. first + LANES - 1 of a block, or a dense layer of `blocks`. */
    void (*forward)(const Stage *, float *scratch, const float *weights, int first, int training,
                    int blocks);
    void (*backward)(const Stage *, float *scratch, const float *weights, int image, float *kept);
    /* Of a dense stage: the gradient by `count` rows of its weights, added over blocks. */
    void (*gradient)(const Stage *, const float *kept, size_t stride, int blocks, int row,
                     int count, float *gradient);
    int is_first;
    int before; /* the activation of the stage before */
    size_t of_block; /* floats of a block's scratch, which those of the next block follow */
    /* In the weights. */
    int weight;
    int bias;
    /* In a thread's scratch.  Forward, with images in the lanes: LANES of them between
     * convolutions, BLOCK from the last convolution on. */
    size_t in;    /* [C][H][W][LANES], dense [C][BLOCK]: the stage before writes it */
    size_t boxed; /* [C][high][wide][LANES]: the averages */
    size_t out;
    size_t place; /* as out, int32: where each maximum is, counted in what is convolved */
    /* Image by image: what is convolved, [BLOCK][chunk][high][wide][LANES] with channels in the lanes, see in_chunks; of the first stage
     * [BLOCK][C * high * wide + ROOM]; and if that is boxed, what came in, for its slopes. */
    size_t seen;
    size_t came_in;
    /* Backward: the loss's gradients by what goes out and comes in.  Between convolutions of one
     * image, [chunk][place][LANES] with maps in the lanes; from the last one on of a block, as out. */
    size_t dout;
    size_t din;
    size_t dboxed;
    size_t framed;  /* [chunk][O][frame * frame][LANES]: kernels in frames of zeros */
    size_t dweight; /* of the block: [O][chunk][K * K][LANES]; first stage [O][C][K][ROOM] */
    size_t dbias;
    /* The winners of one image, by map and by place, with room for one that does not count; and
     * how many each list has. */
    size_t by_map;   /* Winner [O][area + 1] */
    size_t by_place; /* Winner [area][O + 1] */
    size_t of_map;   /* int [O] */
    size_t of_place; /* int [area] */
    /* Of a dense first stage: the list of pixels that have ink in a block, see dense.h. */
    size_t pixels;
    /* In what is kept of a block for the update, see Plan: a dense stage's input by groups of
     * columns, [group][BLOCK][2 * LANES], or [C][BLOCK] if they fill none, and its gradient
     * [O][BLOCK]; of a first stage the images that have ink in a group, [group][IMAGES_LIST]. */
    size_t block_in;
    size_t block_dout;
    size_t block_images;
};

/* A network, ready to be computed.  It lies in the caller's memory: several may be used at once. */
struct Plan {
    int count; /* of stages */
    int convolutions; /* of them */
    int weights;
    int pixels;
    int classes;
    int conv_weights; /* of the convolutions, with biases: they come first */
    size_t pixels_at; /* [BLOCK][pixels + ROOM] */
    size_t terms_at;  /* double [classes] */
    size_t sum_at;    /* the gradient of some weights */
    size_t of_block;  /* floats of a block's scratch */
    /* Blocks that a thread computes at a time at most.  The weights of a first dense layer are too
     * many for a nearer cache: going through them once for several blocks spares the way to them. */
    int at_once;
    size_t scratch; /* floats of a thread's scratch: those of all these blocks */
    /* What is kept of each block of a batch until the weights are updated: the gradient by the
     * convolutions' weights, and for each dense stage what came in and its gradient.  The product
     * of the two is the gradient by its weights, which is not written down: for a wide layer it is
     * much longer. */
    size_t kept; /* floats */
    Stage stages[MOST_STAGES];
};

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t blocks_of(size_t images)
{
    return (images + BLOCK - 1) / BLOCK;
}

/* Room for some floats, at a boundary of 64 bytes; where it is. */
static size_t take(size_t *used, size_t floats)
{
    const size_t at = *used;
    *used += (floats + 15) / 16 * 16;
    return at;
}

/* The rows of a dense layer's weights that are added up and updated at a time: an eighth of them,
 * so that several threads have work, but no more than a nearer cache holds, in tiles of 6. */
static int piece_rows(Shape d)
{
    const int eighth = (d.O / 8 + TILE - 1) / TILE * TILE;
    const int fit = PIECE_FLOATS / d.C / TILE * TILE;
    return MAX(TILE, MIN(MIN(PIECE_ROWS, eighth), fit));
}

static void plan_convolution(Stage *t, Plan *plan)
{
    const Shape d = t->shape;
    size_t *used = &plan->of_block;
    const size_t seen = (size_t)high(d) * wide(d);
    const size_t channels = padded(d.C);
    const size_t values = (size_t)d.O * area(d);
    t->place = take(used, values * BLOCK);
    if (box(d) > 1) {
        t->boxed = take(used, d.C * seen * LANES);
    }
    t->dbias = take(used, padded(d.O));
    if (t->is_first) {
        t->seen = box(d) > 1 ? take(used, BLOCK * (d.C * seen + ROOM)) : plan->pixels_at;
        t->dweight = take(used, (size_t)d.O * d.C * d.K * ROOM);
        return;
    }
    t->seen = take(used, BLOCK * seen * channels);
    if (box(d) > 1) {
        t->came_in = take(used, (size_t)BLOCK * d.H * d.W * channels);
        t->dboxed = take(used, seen * channels);
    }
    t->framed = take(used, (size_t)d.O * frame(d) * frame(d) * channels);
    t->dweight = take(used, (size_t)d.O * d.K * d.K * channels);
    t->by_map = take(used, 2 * (size_t)d.O * (area(d) + 1));
    t->by_place = take(used, 2 * (size_t)area(d) * (d.O + 1));
    t->of_map = take(used, d.O);
    t->of_place = take(used, area(d));
}

/* Fills in where all lies; the shapes and functions of the stages are there. */
static void make_plan(Plan *plan)
{
    Stage *stages = plan->stages;
    const Shape first = stages[0].shape;
    size_t *used = &plan->of_block;
    size_t sum = CHUNK;
    *used = 0;
    plan->weights = 0;
    plan->pixels = first.C * first.H * first.W;
    plan->classes = stages[plan->count - 1].shape.O;
    plan->pixels_at = take(used, (size_t)BLOCK * (plan->pixels + ROOM));
    stages[0].in = take(used, (size_t)plan->pixels * (plan->convolutions ? LANES : BLOCK));
    for (int j = 0; j < plan->count; j++) {
        Stage *t = stages + j;
        const Shape d = t->shape;
        const int in_lanes = d.convolution && !d.to_dense; /* LANES images, not BLOCK */
        const size_t values = (size_t)d.O * (d.convolution ? area(d) : 1);
        t->is_first = j == 0;
        t->before = j ? stages[j - 1].shape.activation : NONE;
        t->weight = plan->weights;
        t->bias = t->weight + weights_of(d);
        plan->weights = t->bias + d.O;
        t->out = take(used, values * (in_lanes ? LANES : BLOCK));
        if (in_lanes) {
            t->dout = take(used, (size_t)area(d) * padded(d.O));
        } else {
            t->dout = take(used, values * BLOCK);
        }
        if (j) {
            t->in = t[-1].out;
            t->din = t[-1].dout;
        }
        if (d.convolution) {
            plan_convolution(t, plan);
            plan->conv_weights = plan->weights;
        } else {
            sum = MAX(sum, (size_t)piece_rows(d) * d.C);
        }
    }
    stages[plan->count - 1].dout = stages[plan->count - 1].out; /* the loss writes over the logits */
    plan->terms_at = take(used, 2 * (size_t)plan->classes);
    plan->sum_at = take(used, sum);
    plan->kept = 0;
    take(&plan->kept, plan->conv_weights);
    for (int j = plan->convolutions; j < plan->count; j++) {
        const int groups = groups_of(stages[j].shape.C);
        stages[j].block_in = take(&plan->kept, (size_t)groups * BLOCK * 2 * LANES);
        stages[j].block_dout = take(&plan->kept, (size_t)BLOCK * stages[j].shape.O);
    }
    if (plan->convolutions == 0) {
        const int groups = groups_of(first.C);
        stages[0].pixels = take(used, 1 + (size_t)first.C);
        stages[0].block_images = take(&plan->kept, (size_t)groups * IMAGES_LIST);
    }
    for (int j = 0; j < plan->count; j++) {
        stages[j].of_block = plan->of_block;
    }
    plan->at_once = plan->convolutions ? 1 : MOST_AT_ONCE;
    plan->scratch = plan->at_once * plan->of_block;
}
