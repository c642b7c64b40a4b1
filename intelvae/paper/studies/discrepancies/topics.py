"""What each discrepancy is in words: the text, the authors' code, this book, and the pages that tell of it."""

from __future__ import annotations

from typing import NamedTuple

from intelvae.paper.studies.digits.analysis.shares import NOT_RUN
from intelvae.paper.studies.discrepancies.analysis import Filled, moved


class Topic(NamedTuple):
    """A difference in words; `pages` are where it is told of in full, by their names.

    `elsewhere` says, of one that is in no chart, where a page shows what it moves, if one does.
    """

    title: str
    text: str
    code: str
    ours: str
    pages: tuple[str, ...]
    elsewhere: str = "not tried"


CONNECTIVITY, MODES, DIGITS, SHARES = (
    "04_multiple_connectivity", "05_multi_modality", "06_all_digits", "07_proportions",
)  # fmt: skip
SPARSITY, DETAIL, FACES = "08_sparsity", "09_sparsity_in_detail", "10_faces"
HIERARCHIES, LEVELS = "11_hierarchies", "12_face_hierarchies"
NOTHING = "not stated"

TOPICS: dict[str, Topic] = {
    "sampler": Topic(
        "Where images come from", NOTHING,
        "for the FID, images of MoG- and Vamp-VAE from N(0, I)", "each model's own prior", (DIGITS, MODES, FACES),
    ),
    "entropy": Topic(
        "Entropy of q in the loss", "as in the ELBO", "MoG- and Vamp-VAE count it D times", "once", (DIGITS,),
    ),
    "mixture": Topic(
        "The MoG-VAE's mixture", "gives no constants", "two components at ±2 (or four), variance e",
        "Table 1: ten on a ring; Table 2: two at ±2; variance 1", (DIGITS, MODES),
    ),
    "pseudo-inputs": Topic(
        "The Vamp-VAE's pseudo-inputs", "gives no number",
        "500 (in the notebooks 10 or 30), from N(0, I), of any value, not saved",
        "50 in Table 2, 100 in Tables 1 and 4, 30 on points; started from data, held to grey levels",
        (DIGITS, MODES, FACES),
    ),
    "flow": Topic(
        "The Sylvester flow", NOTHING,
        "amortised on the posterior's mean; derivatives and diagonals of different images are paired; eight vectors "
        "also in one dimension; the score is that of codes before the flow",
        "amortised on features, one vector in one dimension, the score of z", (DIGITS, MODES, FACES),
    ),
    "flow-head": Topic(
        "The flow's head on faces", NOTHING, "the flow's parameters from the posterior's mean (see above)",
        "a layer of 256 units before the head", (FACES,),
    ),
    "constants": Topic(
        "Constants of the clusters", "c1 = 5, c2 = 0.2, fixed borders",
        "5, 0.5 and learned borders; in June 2021 1, 0.2 and fixed ones", "the text's", (DIGITS, MODES, SHARES),
    ),
    "forgotten": Topic(
        "Learned borders", "learned for Table 3 only", "learned everywhere, and lost when a model is loaded",
        "learned for Table 3 only", (DIGITS, MODES),
    ),
    "clusters": Topic(
        "Number of clusters K in Table 1", NOTHING, "2 by default; a product gives every factor 2", "2 x 5", (DIGITS,),
    ),
    "sectors": Topic(
        "Ten sectors", "K in one plane, or in several if K is a product", "has K in one plane, but never calls it",
        "2 x 5, and also ten in one plane", (DIGITS,),
    ),
    "threshold": Topic(
        "The border of Table 3", "learned", "b = 8 sigmoid(β) - 4, so a step moves b twice as far at first",
        "b itself, without bounds", (SHARES,),
    ),
    "likelihood": Topic(
        "Likelihood of images", NOTHING,
        "cross-entropy by default; absolute errors for sparsity; in June 2021 squared errors",
        "squared errors", (DIGITS, MODES, DETAIL),
    ),
    "network": Topic(
        "The network for digits", "that of Mathieu et al.", "another one, with batch norm everywhere, on 28x28",
        "that of Mathieu et al., on 32x32", (MODES, DIGITS),
    ),
    "keras": Topic(
        "Defaults of Keras", NOTHING,
        "batch norm with momentum 0.99 and ε 1e-3, padding on one side; Adam with ε 1e-7",
        "the same in the authors' network; Adam with ε 1e-8", (MODES, DIGITS),
        "all but Adam's ε are part of the authors' network, above",
    ),
    "pixels": Topic(
        "How many pixels are summed", "784", "784", "1,024, since Mathieu's network takes 32x32",
        (DIGITS, DETAIL),
    ),
    "binary": Topic("Binary or grey images", "binary images", "grey images", "grey images", (DIGITS, MODES, DETAIL)),
    "split": Topic(
        "Split and early stopping", "55,000, 5,000 and 10,000; nothing on stopping",
        "all images there are, of zeros and ones 12,665 and 2,115; none to validate; stops by the FID or loss of the "
        "test set",
        "the text's split, of zeros and ones 10,000, 1,000 and 1,980; a fixed number of epochs",
        (DIGITS, MODES),
    ),
    "stretch": Topic(
        "What the FID sees", "“FID”", "every image stretched to the full range of values, also where images are logits",
        "values clipped to [0, 1]", (DIGITS,),
    ),
    "count": Topic(
        "How many images the FID has", NOTHING, "2,100 generated and 2,000 test images",
        "10,000 or 2,000 of each", (DIGITS,), "page 06 shows what a hundred more images change",
    ),
    "wrap": Topic(
        "Pixels of faces", NOTHING, "times 255 and made bytes without clipping", "clipped", (FACES,),
    ),
    "floor": Topic("Range of the gates", "[0, 1]", "[0.2, 1]", "[0, 1]", (DETAIL,)),
    "penalty": Topic("What is penalised", "the gates DS(y)", "\\|z\\| = \\|y\\| DS(y)", "the gates", (DETAIL,)),
    "code-sparse": Topic(
        "Range and penalty at once", "gates in [0, 1], penalised", "gates in [0.2, 1], \\|z\\| penalised", "the text's",
        (DETAIL, FACES),
    ),
    "second-term": Topic(
        "Second term of the penalty", "entropy of the mean of the gates",
        "the same, but every image's gates are first divided by their sum", "as in the authors' code", (DETAIL,),
    ),
    "beta": Topic("β of the sparse runs", NOTHING, "1, 3 and 0.3; 3 for the classifiers", "1", (DETAIL,)),
    "sign": Topic(
        "The sign of γ", "L + γ L_sp is maximised, a larger γ is sparser",
        "adds γ L_sp to the loss, right for γ > 0; but the script has 0 to −10",
        "γ of 0 or more, a larger one is sparser", (SPARSITY,), "not run; page 08 says which sign makes codes sparse",
    ),
    "gammas": Topic(
        "The values of γ", "0.1 to 100; on faces 30 and 70", "10 to 300 for classifiers, 1e-7 to 100 in the ablation",
        "0 to 100; on faces 30, 50, 70, 210 and 700", (SPARSITY, DETAIL, FACES), "pages 08 to 10 have a row for each γ",
    ),
    "forest": Topic(
        "Codes that a forest learns from", "of training images, it seems", "of test images, judged on the last 2,000",
        "of training images, judged on all test images", (SPARSITY, DETAIL),
        "page 08, “authors’ forest”, and below this table",
    ),
    "score": Topic(
        "Which codes have the score", "“a representation z”, of a sample or a mean",
        "samples, of the first 2,000 test images", "samples, and also means", (SPARSITY, FACES),
    ),
    "replication": Topic(
        "Source of the Sparse-VAE", "a public replication",
        "no Sparse-VAE; the replication draws codes from N(0, I), and has β = 0.1 on faces", "its own prior, β = 1",
        (DETAIL, FACES),
    ),
    "published-vsc": Topic(
        "The Sparse-VAE's published version", "cites it", "no Sparse-VAE", "the first version, with a fixed prior",
        (DETAIL,),
    ),
    "offset": Topic(
        "The Sparse-VAE's decoder", "that of all methods", "no Sparse-VAE", "first layer without a bias", (DETAIL,),
    ),
    "units": Topic(
        "DD's units", NOTHING, "no DD; DD's authors have absolute errors over 0.1 and α = 100",
        "squared errors, α = 3", (DETAIL,),
    ),
    "optimiser": Topic(
        "The optimiser of baselines", "Adam, 1e-3", "Adam, 1e-3; no DD",
        "Adam, 1e-3. DD's authors: AMSGrad, 5e-4, batches of 500; Sylvester's: Adamax, 5e-4, a warm-up of 100 epochs",
        (SPARSITY, DIGITS),
    ),
    "two-priors": Topic(
        "The prior on points", "N(0, I)", "trained against variance e, sampled with variance 1", "N(0, I)",
        (CONNECTIVITY,),
    ),
    "notebooks": Topic(
        "The notebooks' other settings", "three layers, batches of 10 to 500, g of Eq 5",
        "two layers, batches of 10, g times 2, log-variance counted twice", "three layers, batches of 100, g of Eq 5",
        (CONNECTIVITY,),
    ),
    "likelihood-2d": Topic(
        "Likelihood on points", NOTHING, "Gaussian, log-variance counted twice, which is β = 1/2",
        "Gaussian; starts with a small variance, and the KL warms up", (CONNECTIVITY,),
    ),
    "capacity": Topic(
        "Width on points", "layers of ten", "layers of ten", "layers of ten, and also of 50", (CONNECTIVITY,),
    ),
    "iwae": Topic(
        "Bound of the ablation", "L plus the penalty", "50 importance samples, a prior of variance e", "the ELBO",
        (DETAIL,),
    ),
    "face-network": Topic(
        "Network of faces", "Table C.2", "256, 128 and 64 channels in the decoder",
        "Table C.2, “Dense & BN” normalised for each channel", (FACES,),
    ),
    "resizing": Topic(
        "Resizing of faces", "to 64x64, following Hou et al.",
        "PIL's default filter, which is another one since version 7",
        "bilinear, antialiased", (FACES,),
    ),
    "validation": Topic(
        "Validation faces", "20,000", "none; in June 2021 the training faces", "those of the official split", (FACES,),
    ),
    "length": Topic(
        "How long, on what",
        "163,000 faces, epochs not stated", "40 to 200 epochs",
        "at `laptop` 8,059 faces, 10 epochs, for Table 3 10,000 steps", (FACES, DIGITS, SHARES),
    ),
    "repeats": Topic(
        "Repeats", "ten for Tables 1, 3 and B.1, else not stated",
        "5 to 15, and no seed is set for training", "three to twenty, with seeds",
        (DIGITS, DETAIL, FACES), "all pages show deviations over seeds",
    ),
    "dimensions": Topic(
        "Dimensions of the hierarchies", "128, in the table 64", "128 down to 2, without levels for 128",
        "the table's, and also the text's", (LEVELS,),
    ),
    "levels": Topic(
        "The networks between levels", "“neural network”", "one layer and a ReLU",
        "the authors', and also residual ones", (HIERARCHIES, LEVELS),
    ),
    "attributes": Topic(
        "Classifier of attributes", "linear",
        "ten hidden units on a sample of each code, labels of test faces, its best epoch by other test faces",
        "linear, and also the authors'", (LEVELS,),
    ),
}  # fmt: skip


def tried(found: dict[str, Filled]) -> str:
    """The topics that charts have, as a table in Markdown: text, code, this book, and the largest bar of each chart."""
    bars = _of_charts(found)
    lines = [
        "| difference (pages) | the text | the authors' code | this book | largest change in each chart |",
        "|---|---|---|---|---|",
    ]
    for key, topic in TOPICS.items():
        if key in bars:
            moves = "<br>".join(each.replace(" %", "\xa0%") for each in moved(found, key)) or NOT_RUN
            lines.append(f"| {' | '.join((*_cells(topic), moves))} |")
    return "\n".join(lines)


def untried(found: dict[str, Filled]) -> str:
    """The others, as such a table: with the page that tells what they move, if one does."""
    bars = _of_charts(found)
    lines = [f"| {' | '.join((*_cells(topic), topic.elsewhere))} |" for key, topic in TOPICS.items() if key not in bars]
    head = [
        "| difference (pages) | the text | the authors' code | this book | what it moves |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *lines])


def _of_charts(found: dict[str, Filled]) -> set[str]:
    return {each.topic for filled in found.values() for each in filled.chart.discrepancies}


def _cells(topic: Topic) -> tuple[str, ...]:
    links = ", ".join(f"[{page[:2]}]({page}.ipynb)" for page in topic.pages)
    return f"**{topic.title}** ({links})", topic.text, topic.code, topic.ours
