# %% tags=["remove-cell"]
import numpy as np

from exhibits import glue, provenance, show, show_table
from exhibits.dataset import class_rows
from exhibits.dataset_figure import close_calls, images_at, read_places
from exhibits.drawings import digits
from lenet5.data import checksum, load

train, test = load()
origin = provenance.of_data(checksum(train, test))
train_counts = np.bincount(train.labels)
test_counts = np.bincount(test.labels)
glue("{:,}", train=train_counts.sum(), test=test_counts.sum())
glue("{:,}", total=train_counts.sum() + test_counts.sum())
glue(side=train.images.shape[-1], classes=len(train_counts))

# %% [markdown]
# # Data: digits in many hands
#
# MNIST {cite:p}`mnist` is {glue:text}`total` grey images of handwritten digits in {glue:text}`classes` classes, each of
# {glue:text}`side`×{glue:text}`side` pixels: {glue:text}`train` for training and {glue:text}`test` for testing. What
# the 2020 report says of them holds, with two corrections: the classes of MNIST are not equally large, and its second
# set, the test images, is no validation set.
#
# The makers of MNIST took the digits from forms that census clerks and high-school students had filled in for the
# United States National Institute of Standards and Technology, scaled each into a box of 20×20 pixels, and placed it so
# that its centre of mass is the centre of the image {cite:p}`lecun1998`.
#
# {numref}`fig-digits` shows what a network is up against. Strokes are thick or thin, upright or slanted, and some
# digits can be told only by a small gap. The 2020 report shows the same hundred digits, and does not say how it chose
# them; nothing in its program draws them. We found each digit in MNIST by its likeness to the picture, all of them
# among the training images. For {glue:text}`close` of them a second image is nearly as much like it.

# %% [markdown]
# ```{glue:figure} fig-digits
# :name: fig-digits
# :alt: A grid of ten rows and ten columns of handwritten digits in many hands, black on white. The first row reads
# :  3 6 8 1 7 9 6 6 9 1.
# The hundred digits that the 2020 report shows, drawn from the files of MNIST. In the data 255 is ink and 0 is paper.
# ```
#
# A pixel is a grey level, and the network takes it divided by 255. Nothing else is done to the images: no mean is
# subtracted, and none is shifted, rotated or distorted. {glue:text}`paper` of all pixels are bare paper, and the mean
# grey is {glue:text}`mean_grey`.

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the hundred digits"}
places = read_places()
glue(close=close_calls(places))
show(
    "fig-digits",
    digits(images_at(places, train, test)),
    f"{origin} · `data/dataset-grid.csv`",
)
glue("{:.0f} %", paper=100 * (train.images == 0).mean())
glue("{:.3f}", mean_grey=train.images.mean() / 255)

# %% [markdown]
# ## Classes
#
# The 2020 report counts {glue:text}`mean_count` training images in each class, which is the average. The digit
# {glue:text}`fewest_digit` has the fewest, {glue:text}`fewest`, and the digit {glue:text}`most_digit` the most,
# {glue:text}`most` ({numref}`tab-classes`).

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: images per class"}
glue("{:,}", fewest=train_counts.min(), most=train_counts.max())
glue("{:,}", mean_count=round(train_counts.mean()))
glue(fewest_digit=train_counts.argmin(), most_digit=train_counts.argmax())
show_table(
    "digit | training images | test images",
    class_rows(train_counts, test_counts),
    "Images per class in the two splits.",
    "tab-classes",
    origin,
    "lrr",
)

# %% [markdown]
# ## Two sets, two uses
#
# The network learns from the training images alone. The test images measure it. The 2020 report also calls the test
# images its validation set, a name for images by which one chooses: a learning rate, or the epoch at which to stop. It
# does not hide that the two are one set, and its last epoch is not its best, so nothing seems to have been chosen by
# them. For our run nothing is chosen either: recipe and number of epochs are fixed beforehand, so the error on the test
# images is a fair estimate of the error on new ones from the same source. Where later chapters choose, they hold
# training images back.
