"""The networks that make something: text character by character, and examples from noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autograd
import nn
from nn import models
from nn.models.characters import draw

TEXT = "the quick brown fox jumps over the lazy dog. " * 4


def char_models(size):
    return {
        "rnn": models.CharRNN(size, 32, cell="rnn"),
        "lstm": models.CharRNN(size, 32, cell="lstm", embedding_size=16),
        "gru": models.CharRNN(size, 32, num_layers=2, cell="gru"),
        "transformer": models.CharTransformer(size, 32, 2, 1, context=45, dropout=0.0),
    }


def scores_of(net, x):
    out = net(x)
    return out[0] if isinstance(out, tuple) else out


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_text_is_learned_and_spoken(name):
    vocabulary = models.Vocabulary(TEXT)
    numbers = vocabulary.encode(TEXT)
    net = char_models(len(vocabulary))[name]
    x, y = numbers[None, :45], numbers[None, 1:46]
    optimizer = nn.optim.Adam(net.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(scores_of(net, x).reshape(-1, len(vocabulary)), y.reshape(-1))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert losses[-1] < 0.8
    assert vocabulary.decode(net.sample(numbers[:8], 12, temperature=0)) == TEXT[:20]


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_samples(name):
    net = char_models(7)[name].train()
    texts = [net.sample([1, 2], 20, generator=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert texts[0].shape == (22,)
    assert_array_equal(texts[0][:2], [1, 2])
    assert_array_equal(texts[0], texts[1])
    assert (texts[0] != texts[2]).any()
    assert all(module.training for module in net.modules())
    assert autograd.is_grad_enabled()


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_samples_are_what_the_whole_text_before_leads_to(name):
    net, rng = char_models(7)[name].double(), np.random.default_rng(5)
    for p in net.parameters():
        p.data = p.data * 3  # so that what was before matters
    text = [1, 2]
    for _ in range(20):
        text.append(draw(scores_of(net, np.array([text])).data[0, -1], 1.0, rng))
    assert len(set(text)) > 2
    assert_array_equal(net.sample([1, 2], 20, generator=np.random.default_rng(5)), text)


def test_samples_are_drawn_without_dropout():
    net = models.CharTransformer(7, 8, 2, 1, dropout=0.5)
    texts = [net.sample([1, 2], 20, temperature=0) for _ in range(2)]
    assert_array_equal(*texts)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_text_read_in_parts_is_the_same_text(name):
    net = char_models(7)[name].double()
    x = np.array([[0, 3, 6, 2, 2, 5]])
    whole, _ = net(x)
    first, state = net(x[:, :4])
    second, _ = net(x[:, 4:], state)
    assert_allclose(whole.data, np.concatenate([first.data, second.data], 1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_nothing_is_seen_before_its_time(name):
    net = char_models(7)[name].double().eval()
    x = np.array([[0, 3, 6, 2, 2, 5]])
    changed = x.copy()
    changed[0, 3] = 4
    before, after = scores_of(net, x).data, scores_of(net, changed).data
    assert_allclose(before[:, :3], after[:, :3], rtol=1e-12)
    assert (abs(before[:, 3:] - after[:, 3:]).max(axis=2) > 1e-9).all()


def test_transformer_speaks_beyond_its_context():
    net = models.CharTransformer(5, 4, 1, 1, context=3)
    assert net.sample([0, 1, 2, 3], 6).shape == (10,)
    with pytest.raises(ValueError, match=r"T at most 3, not \(1, 4\)"):
        net(np.zeros((1, 4), int))


def test_layers_of_a_transformer_start_differently():
    net = models.CharTransformer(5, 4, 1, 2)
    first, second = (layer.linear1.weight.data for layer in net.encoder.layers)
    assert (first != second).all()


def test_draw_has_the_probabilities_of_softmax():
    scores, rng = np.array([0.0, 1.0, -1.0, 0.5]), np.random.default_rng(0)
    counts = np.bincount([draw(scores, 0.5, rng) for _ in range(4000)], minlength=4)
    expected = np.exp(scores / 0.5) / np.exp(scores / 0.5).sum()
    assert_allclose(counts / 4000, expected, atol=0.03)
    assert draw(scores, 0) == 1
    assert draw(scores * 1e4, 1e-3, rng) == 1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one of rnn, lstm, gru, not 'mlp'"):
        models.CharRNN(5, cell="mlp")
    net = models.CharRNN(5, 4)
    with pytest.raises(ValueError, match="at least one"):
        net.sample([], 3)
    with pytest.raises(ValueError, match="temperature must be at least 0, not -1"):
        net.sample([1], 3, temperature=-1)
    with pytest.raises(ValueError, match="length must be at least 0"):
        net.sample([1], -1)
    with pytest.raises(ValueError, match="empty"):
        models.Vocabulary("")
    with pytest.raises(KeyError, match=r"not in the vocabulary of 3 characters: \['x'\]"):
        models.Vocabulary("abc").encode("ax")


def test_generated_examples_approach_the_real_ones():
    rng = np.random.default_rng(0)
    gan = models.GAN((2,), noise_size=4, hidden=[16])
    parts = (gan.discriminator, gan.discriminator_loss), (gan.generator, gan.generator_loss)
    players = [(nn.optim.Adam(part.parameters(), lr=0.005, betas=(0.0, 0.9)), loss_of) for part, loss_of in parts]
    real = (np.array([0.6, -0.4]) + 0.05 * rng.normal(size=(64, 2))).astype(np.float32)
    before = abs(gan.sample(200).data.mean(axis=0) - [0.6, -0.4]).max()
    for _ in range(150):
        for (player, loss_of), examples in zip(players, ([real], []), strict=True):
            gan.zero_grad()
            loss_of(*examples, gan.noise(64)).backward()
            player.step()
    after = abs(gan.sample(200).data.mean(axis=0) - [0.6, -0.4]).max()
    assert after < 0.15
    assert after < 0.5 * before


def test_the_discriminators_loss_leaves_the_generator_alone():
    gan = models.GAN((1, 4, 4), 3, [5])
    real = np.ones((2, 1, 4, 4), np.float32)
    gan.discriminator_loss(real, gan.noise(2)).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert all(p.grad is not None for p in gan.discriminator.parameters())
    gan.generator_loss(gan.noise(2)).backward()
    assert all(p.grad.data.any() for p in list(gan.generator.parameters())[:1])


def test_gan_refuses_other_losses_and_sizes():
    with pytest.raises(ValueError, match="kind of adversarial loss"):
        models.GAN((2,), kind="friendly")
    with pytest.raises(ValueError, match="noise_size must be at least 1"):
        models.GAN((2,), noise_size=0)
    assert abs(models.GAN((2, 3)).sample(5).data).max() <= 1
