/* The functions of the stages, for one network or for any.
 *
 * Built with -DNETWORK='STAGE(0, ...) STAGE(1, ...) ...', the numbers of each stage's Shape, every
 * stage has functions of its own, in which all dimensions are constants: loops of few rounds are
 * written out, and tests of what a stage is are gone.  Built without, the same functions take any
 * network, and the sides of kernels and pools alone are constants of the inner loops. */

/* `shape` is a Shape, a constant or not. */
#define FUNCTIONS(name, is_first, shape) \
    NOINLINE void forward_##name(const Stage *t, float *s, const float *weights, int first, \
                                 int training, int blocks) \
    { \
        const Shape d = shape; \
        if (d.convolution) { \
            convolution_forward(d, t, s, weights, first, training); \
        } else { \
            dense_forward(d, t, is_first, s, weights, blocks); \
        } \
    } \
    NOINLINE void backward_##name(const Stage *t, float *s, const float *weights, int image, \
                                  float *kept) \
    { \
        const Shape d = shape; \
        if (d.convolution) { \
            convolution_backward(d, t, s, image, is_first); \
        } else { \
            dense_backward(d, t, is_first, s, weights, kept); \
        } \
    } \
    NOINLINE void gradient_##name(const Stage *t, const float *kept, size_t stride, int blocks, \
                                  int row, int count, float *gradient) \
    { \
        const Shape d = shape; \
        if (!d.convolution) { \
            dense_gradient(d, t, is_first, kept, stride, blocks, row, count, gradient); \
        } \
    }

#ifdef NETWORK

#define SHAPE(...) ((Shape){__VA_ARGS__})
#define STAGE(number, ...) FUNCTIONS(number, number == 0, SHAPE(__VA_ARGS__))
NETWORK
#undef STAGE

#define STAGE(number, ...) \
    {.shape = {__VA_ARGS__}, .forward = forward_##number, .backward = backward_##number, \
     .gradient = gradient_##number},
static const Stage BUILT_FOR[] = {NETWORK};
#undef STAGE

static int is_same(const Shape *a, const Shape *b)
{
    for (int i = 0; i < SHAPE_NUMBERS; i++) {
        if (((const int *)a)[i] != ((const int *)b)[i]) {
            return 0;
        }
    }
    return 1;
}

/* The stages of a network, and whether it is the one that this was built for: others have no
 * functions here. */
static int find_stages(const Shape *shapes, int count, Stage *stages)
{
    int same = count == sizeof BUILT_FOR / sizeof(Stage);
    for (int j = 0; j < count && same; j++) {
        same = is_same(&BUILT_FOR[j].shape, &shapes[j]);
    }
    for (int j = 0; j < count; j++) {
        if (same) {
            stages[j] = BUILT_FOR[j];
        } else {
            stages[j].shape = shapes[j];
        }
    }
    return same;
}

#else

FUNCTIONS(any, t->is_first, t->shape)

/* The stages of a network: this was built for all. */
static int find_stages(const Shape *shapes, int count, Stage *stages)
{
    for (int j = 0; j < count; j++) {
        stages[j] = (Stage){
            .shape = shapes[j],
            .forward = forward_any,
            .backward = backward_any,
            .gradient = gradient_any,
        };
    }
    return 1;
}

#endif
