"""Few-shot classification of codes: who is learned from, who is judged, and what is known about the result."""

import math

import pytest
import torch

from intelvae.metrics import downstream
from intelvae.metrics.downstream import HELD_OUT, NAMES, few_shot, in_turn

K = 4


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def blobs(n, distance, seed=0, dim=3):
    """n codes (n, dim) around K centres on the first axis, `distance` apart, and their labels."""
    labels = torch.arange(n) % K
    codes = torch.randn(n, dim, generator=generator(seed))
    codes[:, 0] += distance * labels
    return codes, labels


def test_classes_take_turns_and_every_example_comes_once():
    labels = torch.tensor([0] * 40 + [1] * 7 + [5] * 20)
    order = in_turn(labels, generator())
    assert sorted(order.tolist()) == list(range(67))
    assert labels[order][:21].tolist() == [0, 1, 5] * 7  # until the smallest class has run out
    assert labels[order][21:47].tolist() == [0, 5] * 13 and (labels[order][47:] == 0).all()
    other = in_turn(labels, generator(1))
    assert not torch.equal(order, other) and torch.equal(order, in_turn(labels, generator()))


def test_who_is_learned_from_and_who_is_judged(monkeypatch):
    seen = []

    def watch(classifier, z, c, test_z, test_c):
        seen.append((z[:, 0].tolist(), c.tolist(), test_z[:, 0].tolist()))
        return 0.0

    monkeypatch.setattr(downstream, "_accuracy", watch)
    n = HELD_OUT + 100
    codes, labels = torch.arange(float(n))[:, None], torch.arange(n) % K
    test = torch.full((8, 1), -1.0), torch.arange(8) % K
    few_shot(codes, labels, test, generator=generator(), sizes=(8, 40), draws=2, names=NAMES[:1])
    assert [len(learned) for learned, _, _ in seen] == [8, 40, 8, 40]
    for learned, of_class, judged in seen:
        assert judged == pytest.approx([-1 / codes.square().mean().sqrt().item()] * 8)
        assert of_class == list(range(K)) * (len(learned) // K)
    assert seen[0][0] == seen[1][0][:8] and set(seen[0][0]) != set(seen[2][0])  # nested within a draw, not between two

    seen.clear()
    few_shot(codes, labels, generator=generator(), sizes=(8, 100), draws=2, names=NAMES[:1])
    for learned, _, judged in seen:
        assert len(judged) == len(set(judged)) == HELD_OUT and not set(learned) & set(judged)


def test_codes_that_tell_classes_apart_are_classified():
    # one dimension: with more a forest spends splits on the others
    found = few_shot(
        *blobs(400, 100.0, dim=1), blobs(2000, 100.0, seed=1, dim=1), generator=generator(), sizes=(4, 200)
    )
    assert list(found) == list(NAMES)
    for of in found.values():
        assert list(of) == [4, 200] and of[200] == [1.0] * 10
    assert found["nearest neighbours"][4] == [1.0] * 10  # with one example a class the nearest is the right one


def test_codes_that_know_nothing_are_guessed():
    found = few_shot(*blobs(400, 0.0), blobs(2000, 0.0, seed=2), generator=generator(), sizes=[200], draws=3)
    # four standard errors of 2,000 guesses
    error = 4 * math.sqrt(0.1875 / 2000)
    assert all(accuracy == pytest.approx(1 / K, abs=error) for of in found.values() for accuracy in of[200])


def test_more_labels_do_better_up_to_the_best_there_is():
    # two classes at +-1 along one axis: no classifier is right more often than Phi(1) = 0.8413
    def pair(n, seed):
        labels = torch.arange(n) % 2
        codes = torch.randn(n, 5, generator=generator(seed))
        codes[:, 0] += 2.0 * labels - 1
        return codes, labels

    found = few_shot(*pair(3000, 1), pair(10_000, 2), generator=generator(), sizes=(6, 2000), draws=5, names=NAMES[:2])
    for of in found.values():
        few, many = (sum(of[n]) / 5 for n in (6, 2000))
        # 0.02: four standard errors of a share of 10,000 test codes, 0.015, and what 2,000 labels are short of
        assert few < many - 0.02 and many == pytest.approx(0.8413, abs=0.02)


def test_one_generator_gives_the_same_accuracies_twice():
    codes, labels = blobs(300, 1.0)
    one, other = (
        few_shot(codes, labels, blobs(100, 1.0, seed=3), generator=generator(), sizes=(8, 40), draws=2)
        for _ in range(2)
    )
    assert one == other


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ["svm"]}, "unknown classifier 'svm'"),
        ({"sizes": [3]}, "must lie between the number of classes, 4"),
        ({"sizes": [301]}, "and 300"),
        ({"test": None}, "and -1700"),
        ({"labels": torch.zeros(300, dtype=torch.int64)}, "at least 2"),
        ({"labels": torch.zeros(299, dtype=torch.int64)}, "do not go together"),
        ({"test": (torch.zeros(5, 2), torch.zeros(5, dtype=torch.int64))}, "do not go together"),
        ({"codes": torch.full((300, 3), torch.nan)}, "finite"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(change, message, unchecked):
    codes, labels = blobs(300, 1.0)
    arguments = {"codes": codes, "labels": labels, "test": blobs(100, 1.0), "sizes": [8], **change}
    with pytest.raises(ValueError, match=message) as caught:
        few_shot(**arguments, generator=generator())
    assert "\n" not in str(caught.value)


def test_the_scale_of_codes_does_not_matter_and_that_of_one_dimension_does():
    codes, labels = blobs(400, 1.5)
    test, of_test = blobs(400, 1.5, seed=2)
    found = [
        few_shot(codes * s, labels, (test * s, of_test), generator=generator(), sizes=(40,), draws=3)
        for s in (1.0, 0.01, 100.0)
    ]
    assert found[0] == found[1] == found[2] and 0.6 < found[0]["logistic regression"][40][0] < 1
    one = torch.ones(codes.shape[1]).index_fill(0, torch.tensor([0]), 100.0)
    other = few_shot(codes * one, labels, (test * one, of_test), generator=generator(), sizes=(40,), draws=3)
    assert other["logistic regression"] != found[0]["logistic regression"]


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [
        (torch.float16, 1.0),
        (torch.float16, 1e3),
        (torch.bfloat16, 1.0),
        (torch.bfloat16, 1e30),
        (torch.float32, 1e18),
        (torch.float32, 1e36),
        (torch.float32, 1e-30),
        (torch.float64, 1e200),
    ],
)
def test_codes_of_every_precision_and_scale_are_read(dtype, scale):
    codes, labels = blobs(400, 9.0)
    test, of_test = blobs(400, 9.0, seed=2)
    other, of_other = ((scale * z.double()).to(dtype) for z in (codes, test))
    expected, found = (
        few_shot(z, labels, (judged, of_test), generator=generator(), sizes=(40,), draws=1)
        for z, judged in ((codes, test), (other, of_other))
    )
    for name in NAMES:  # 0.01: four of the 400, which half precision rounds across a border
        assert found[name][40] == pytest.approx(expected[name][40], abs=0.01) and found[name][40][0] > 0.9


def test_codes_may_come_straight_from_a_model():
    codes, labels = blobs(400, 1.5)
    straight = codes.clone().requires_grad_()
    one, other = (
        few_shot(z, labels, (z, labels), generator=generator(), sizes=(40,), draws=1) for z in (codes, straight)
    )
    assert one == other
