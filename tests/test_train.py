"""The loop: its config, its arithmetic, its determinism, its failures."""

import dataclasses

import numpy as np
import pytest
import reference
import torch

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.data import Split
from lenet5.model import LeNet5
from lenet5.train import Metrics, State, evaluate, logits, train


def float64(split: Split) -> Split:
    return Split(split.images.double(), split.labels)


def weights(model: LeNet5) -> dict[str, np.ndarray]:
    return {
        name.removeprefix("layers."): tensor.detach()
        .double()
        .contiguous()
        .numpy()
        .copy()
        for name, tensor in model.named_parameters()
    }


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("epochs", -1, "a whole number from 0"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", 0, "from 1 to 60000"),
        ("lr", -1e-3, "a number from 0 to 10"),
        ("lr", float("nan"), "a number from 0 to 10"),
        ("seed", "7", "a whole number"),
        ("threads", 0, "from 1 to 1024"),
        ("device", "tpu", "auto | cpu | cuda"),
    ],
)
def test_an_impossible_value_is_refused_with_the_allowed_range(name, value, text):
    with pytest.raises(ValueError, match=name) as error:
        Config(**{name: value})
    assert text in str(error.value)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="learning"):
        Config(learning=1)


def test_the_defaults_are_the_recipe_of_the_report():
    config = Config()
    assert (config.epochs, config.batch_size, config.lr, config.seed) == (
        20,
        128,
        3e-4,
        0,
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.lr = 1.0


def test_ten_steps_agree_with_an_independent_loop_in_float64(mnist):
    train_split, test_split = mnist
    # 9 full batches and a short one: ten steps in an epoch
    train_split = Split(train_split.images[:1180], train_split.labels[:1180])
    test_split = Split(test_split.images[:100], test_split.labels[:100])
    config = Config(epochs=1)
    state = State.initial(config)
    state.model.double()
    ours = weights(state.model)
    train(config, float64(train_split), float64(test_split), state=state)

    order = torch.randperm(
        1180, generator=torch.Generator().manual_seed(config.seed)
    ).numpy()
    images, labels = train_split.images.double().numpy(), train_split.labels.numpy()
    batches = [
        (images[rows], labels[rows]) for rows in np.split(order, range(128, 1180, 128))
    ]
    assert len(batches) == 10
    assert len(batches[-1][1]) == 28
    reference.adam(ours, batches, config.lr)
    for name, value in weights(state.model).items():
        np.testing.assert_allclose(value, ours[name], rtol=0, atol=1e-6, err_msg=name)


def test_float32_follows_the_float64_reference(mnist):
    images, labels = (tensor[:128] for tensor in mnist[0])
    model = LeNet5(seed=5)
    loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    expected, gradients = reference.loss_and_gradients(
        weights(model), images.double().numpy(), labels.numpy()
    )
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(
            parameter.grad.numpy(),
            gradients[name.removeprefix("layers.")],
            rtol=0,
            atol=1e-6,
        )


def test_it_overfits_one_batch(mnist):
    one = Split(mnist[0].images[:64], mnist[0].labels[:64])
    last = train(Config(epochs=60, batch_size=64, lr=3e-3), one, one).history[-1]
    assert last.train_error == 0
    assert last.train_loss < 0.01


def test_the_same_seed_gives_the_same_bits(small):
    one, same, other = (
        train(Config(epochs=2, seed=seed), *small) for seed in (0, 0, 1)
    )
    assert one.history == same.history
    assert one.history != other.history
    pairs = zip(one.model.parameters(), same.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_evaluation_and_callbacks_do_not_shift_the_shuffle(small):
    def busy(state):
        torch.randperm(10)
        evaluate(state.model, small[1])

    plain = train(Config(epochs=2), *small)
    watched = train(
        Config(epochs=2), *small, on_epoch=busy, on_step=lambda *_: torch.rand(3)
    )
    assert watched.history == plain.history


def test_metrics_are_measured_before_the_first_epoch_and_after_each(small):
    seen, steps = [], []
    state = train(
        Config(epochs=2),
        *small,
        on_epoch=lambda state: seen.append(len(state.history)),
        on_step=lambda epoch, images: steps.append((epoch, images)),
    )
    assert seen == [1, 2, 3]
    assert [row.epoch for row in state.history] == [0, 1, 2]
    assert steps == [(e, n) for e in (1, 2) for n in (128, 256, 384, 512, 600)]
    assert state.history[0].test_loss == pytest.approx(np.log(10), abs=0.15)


def test_train_and_test_metrics_are_of_their_own_split(small):
    state = train(Config(epochs=3, lr=3e-3), *small)
    last = state.history[-1]
    assert (last.train_loss, last.train_error) == evaluate(state.model, small[0])
    assert (last.test_loss, last.test_error) == evaluate(state.model, small[1])
    assert last.train_loss != last.test_loss
    swapped = train(Config(epochs=3, lr=3e-3), small[0], small[0]).history[-1]
    assert swapped.train_loss == last.train_loss  # the test split teaches nothing
    assert swapped.test_loss == swapped.train_loss


def test_evaluate_counts_what_a_plain_loop_counts(small):
    model = LeNet5(seed=2)
    loss, error = evaluate(model, small[1])
    wrong, total = 0, 0.0
    for image, label in zip(*small[1], strict=True):
        z = model(image[None])[0].double().detach()
        wrong += int(z.argmax()) != int(label)
        total += float(z.logsumexp(0) - z[label])
    assert error == 100 * wrong / 200
    assert loss == pytest.approx(total / 200, abs=1e-6)


def test_logits_of_more_images_than_a_batch(mnist):
    model = LeNet5()
    whole = logits(model, mnist[1].images[:2500])
    assert whole.shape == (2500, 10)
    torch.testing.assert_close(whole[2400:], model(mnist[1].images[2400:2500]))


def test_a_loss_that_is_not_finite_stops_the_run(small):
    images = small[0].images.clone()
    order = torch.randperm(600, generator=torch.Generator().manual_seed(0))
    images[order[300]] = float("nan")  # falls into the third batch of the first epoch
    state = State.initial(Config())
    state.history.append(
        Metrics(0, 2.3, 90.0, 2.3, 90.0)
    )  # epoch 0 was measured before
    damaged = Split(images, small[0].labels)
    with pytest.raises(
        Lenet5Error, match=r"epoch 1, step 3 of 5.*learning rate"
    ) as error:
        train(Config(epochs=1), damaged, small[1], state=state)
    assert "nan" in str(error.value)


def test_the_thread_count_is_given_back(small):
    before = torch.get_num_threads()
    train(Config(epochs=0, threads=1 if before > 1 else 2), *small)
    assert torch.get_num_threads() == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none_is_refused(small):
    with pytest.raises(Lenet5Error, match="no CUDA device"):
        train(Config(device="cuda"), *small)
