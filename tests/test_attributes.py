"""Attributes from codes, on codes whose best accuracy is known."""

import math

import pytest
import torch

from intelvae.metrics import attributes


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def codes(n, seed, noise=0.0):
    """Standard normal codes (n, 6); the attributes are the signs of dimensions 0 to 2, the second for few faces."""
    z = torch.randn(n, 6, generator=generator(seed))
    noisy = z + noise * torch.randn(n, 6, generator=generator(seed + 100))
    return noisy, torch.stack([z[:, 0] > 0, z[:, 1] > 1.5, z[:, 2] < 0], 1)


def test_codes_that_say_it_are_read():
    found = attributes.linear(codes(3000, 1), codes(2000, 2), generator=generator(), sizes=(50, 3000), draws=2)
    assert found[3000].accuracy.shape == (2, 3)
    assert (found[3000].accuracy > 0.98).all()  # a plane separates the two classes; C = 1 leaves a margin
    assert found[50].accuracy.mean() < found[3000].accuracy.mean() - 0.02


def test_noise_leaves_what_can_be_known():
    # sign(z) from z + e, both standard normal: right with probability 1 - arctan(1) / pi = 3/4
    found = attributes.linear(codes(5000, 1, 1.0), codes(5000, 2, 1.0), generator=generator(), sizes=[5000], draws=1)
    right = found[5000].accuracy[0]
    assert right[[0, 2]].tolist() == pytest.approx([0.75, 0.75], abs=4 * math.sqrt(0.1875 / 5000) + 0.005)


def test_codes_that_say_nothing_are_guessed_and_balance_tells():
    train, test = codes(1000, 1), codes(4000, 2)
    found = attributes.linear(
        (torch.randn(1000, 6, generator=generator(5)), train[1]), test, generator=generator(), sizes=[1000], draws=1
    )[1000]
    trivial = attributes.majority(train[1], test[1])
    # the rare one is never predicted: accuracy near the share without it, Phi(1.5), and no better than a coin when fair
    assert found.accuracy[0, 1] == pytest.approx(trivial[1].item(), abs=0.01) and trivial[1] > 0.92
    assert found.balanced[0].tolist() == pytest.approx([0.5] * 3, abs=0.06)


def test_scales_do_not_matter_unless_codes_are_taken_as_they_are():
    train, test = codes(500, 1), codes(500, 2)
    factors = torch.tensor([1e-3, 1.0, 1e3, 1.0, 1.0, 1.0])
    scaled = [(z * factors + 5, has) for z, has in (train, test)]
    for standardise, same in ((True, True), (False, False)):
        one, other = (
            attributes.linear(*pair, generator=generator(), sizes=[100], draws=1, standardise=standardise)[100]
            for pair in ((train, test), scaled)
        )
        assert torch.allclose(one.accuracy, other.accuracy, atol=0.005) is same  # a code or two at the border


def test_what_all_have_is_said_of_all():
    z, _ = codes(100, 1)
    has = torch.ones(100, 1, dtype=torch.bool)
    found = attributes.linear((z, has), (z, has), generator=generator(), sizes=[50], draws=1)[50]
    assert found.accuracy.item() == 1 and found.balanced.isnan().all()


def test_what_no_test_code_has_leaves_the_authors_balanced_accuracy_open():
    z, _ = codes(100, 1)
    found = attributes.authors(
        (z, torch.zeros(100, 40, dtype=torch.bool)), generator=generator(), sizes=[20], held_out=50, draws=1
    )[20]
    assert (found.accuracy == 0).any()  # some start by saying it of all, and learn too slowly
    assert found.balanced.isnan().all()


def test_a_larger_draw_holds_the_smaller_and_one_generator_gives_the_same_twice():
    train, test = codes(300, 1), codes(300, 2)
    both, again, alone = (
        attributes.linear(train, test, generator=generator(), sizes=sizes, draws=3)
        for sizes in ((20, 100), (20, 100), (100,))
    )
    assert torch.equal(both[100].accuracy, again[100].accuracy) and torch.equal(both[20].balanced, again[20].balanced)
    assert torch.equal(both[100].accuracy, alone[100].accuracy)


def test_all_codes_are_fitted_once(monkeypatch):
    fits = []
    predict = attributes._predict
    monkeypatch.setattr(attributes, "_predict", lambda z, *rest: fits.append(len(z)) or predict(z, *rest))
    found = attributes.linear(codes(300, 1), codes(100, 2), generator=generator(), sizes=(299, 300), draws=4)
    assert fits.count(299) == 4 * 3 and fits.count(300) == 3  # of three attributes
    assert found[300].accuracy.shape == (4, 3) and (found[300].accuracy == found[300].accuracy[0]).all()
    other = attributes.linear(codes(300, 1), codes(100, 2), generator=generator(9), sizes=[300], draws=1)[300]
    assert torch.equal(other.accuracy[0], found[300].accuracy[0])  # another order of the same codes


def test_the_authors_protocol_reports_the_best_epoch():
    z, has = codes(2000, 1)
    found = attributes.authors((z, has), generator=generator(), sizes=(50, 1000), held_out=500, draws=2)
    # the rare attribute may stop where nobody has it, which twenty epochs do not improve
    assert (found[1000].accuracy[:, [0, 2]] > 0.95).all()
    assert found[50].accuracy.mean() < found[1000].accuracy.mean()
    # 40 attributes that codes say nothing of
    nothing = torch.randn(2000, 6, generator=generator(7)), torch.rand(2000, 40, generator=generator(8)) < 0.5
    guess = attributes.authors(nothing, generator=generator(), sizes=[50], held_out=100, draws=2)[50]
    # the best of many epochs on 100 codes: more than the half that can be had; one standard error is 0.05 / sqrt(80)
    assert guess.accuracy.mean() > 0.5 + 2 * 0.0056


def test_the_authors_protocol_draws_the_same_faces_for_every_model(monkeypatch):
    has = codes(200, 1)[1]
    telling, noise = codes(200, 1)[0], torch.randn(200, 6, generator=generator(7))
    draws, train = [], attributes._perceptrons

    def watched(learned, judged, g):
        found = train(learned, judged, g)
        faces = [part[0][:, 0].tolist() for part in (learned, judged)]
        draws.append((faces, g.get_state()))  # who was learned from and judged, and what is left of the generator
        return found

    monkeypatch.setattr(attributes, "_perceptrons", watched)
    for z in (telling, telling[:, :1], noise):
        z = torch.cat([torch.arange(200.0)[:, None], z], 1)  # a face's number comes first
        attributes.authors((z, has), generator=generator(), sizes=(20, 50), held_out=90, draws=3)
    wide, narrow, other = draws[:6], draws[6:12], draws[12:]
    assert [faces for faces, _ in wide] == [faces for faces, _ in narrow] == [faces for faces, _ in other]
    assert len({tuple(judged) for (_, judged), _ in wide}) == 3
    # though other numbers of weights, and of epochs before they stop, took other amounts of random numbers
    for model in (narrow, other):
        assert not torch.equal(model[0][1], wide[0][1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": [1]}, "each of sizes must be a whole number >= 2"),
        ({"sizes": [301]}, "between 2 and 300"),
        ({"test": (torch.zeros(5, 2), torch.zeros(5, 3, dtype=torch.bool))}, "do not go together"),
        ({"test": (torch.zeros(5, 6), torch.zeros(4, 3, dtype=torch.bool))}, "do not go together"),
        ({"test": (torch.zeros(5, 6), torch.zeros(5, 2, dtype=torch.bool))}, "do not go together"),
        ({"test": (torch.full((5, 6), torch.nan), torch.zeros(5, 3, dtype=torch.bool))}, "finite"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(change, message, unchecked):
    arguments = {"train": codes(300, 1), "test": codes(100, 2), "sizes": [50], **change}
    train, test = arguments.pop("train"), arguments.pop("test")
    with pytest.raises(ValueError, match=message) as caught:
        attributes.linear(train, test, generator=generator(), **arguments)
    assert "\n" not in str(caught.value)


def told(train, test):
    """What the three functions say of codes with these attributes."""
    authors = attributes.authors(test, generator=generator(), sizes=[50], held_out=40, draws=1)[50]
    linear = attributes.linear(train, test, generator=generator(), sizes=[50], draws=1, standardise=False)[50]
    return torch.cat([*authors, *linear, attributes.majority(train[1], test[1])[None]])


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.float32])
def test_attributes_may_be_ones_and_zeros_and_codes_come_straight_from_a_model(dtype):
    (z, has), (judged, truth) = codes(200, 1), codes(100, 2)
    expected = told((z, has), (judged, truth))
    straight = z.double().requires_grad_(), judged.double().requires_grad_()
    torch.testing.assert_close(told((straight[0], has.to(dtype)), (straight[1], truth.to(dtype))), expected)


@pytest.mark.parametrize("attribute", [-1, 2])
def test_attributes_of_other_numbers_are_refused(attribute):
    z, has = codes(200, 1)
    wrong = torch.where(has, 1, attribute)
    for call in (
        lambda: attributes.linear((z, has), (z, wrong), generator=generator(), sizes=[50]),
        lambda: attributes.linear((z, wrong), (z, has), generator=generator(), sizes=[50]),
        lambda: attributes.authors((z, wrong), generator=generator(), sizes=[50], held_out=50),
        lambda: attributes.majority(has, wrong),
    ):
        with pytest.raises(ValueError, match=f"^attributes are True and False or 1 and 0, not {attribute}$"):
            call()
