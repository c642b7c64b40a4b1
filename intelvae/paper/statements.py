"""What the paper says: its tables and figures with the claim that stands for each, and its statements by question.

A reader's five questions have statements, a statement has claims (`ledger.CLAIMS`), by patterns of their ids.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from intelvae.paper.studies.faces.grid import PUBLISHED
from intelvae.paper.studies.toys.grid import TOYS

GUESS = "Our explanation, which no experiment here tests."


class Item(NamedTuple):
    """A table or figure of the paper: the claim that stands for it, why ours is as it is, and the page that shows it.

    A `why` is what an experiment on that page shows of the published runs, or ends in `GUESS`. It is written by hand:
    tests hold it, numbers and all, against the records.
    """

    name: str
    main: str
    why: str
    page: str


ITEMS = (
    Item("Table 1", "table1-clean-vae",
         "Grey too faint to see decides the plain distance of samples from test images. Without it the InteL-VAE's "
         "samples are no closer than the VAE's, and those of GM-VAE, Vamp-VAE and flow are closer than both. The "
         "features of a digit classifier say the same of the InteL-VAE, on three seeds.",
         "06_all_digits"),
    Item("Table 2", "table2-uncertain-vae-mathieu-gaussian",
         "The first layer of the text's decoder has no offset. With one, the InteL-VAE has half as many ambiguous "
         "digits. Without one, it has fewer than the VAE if both are trained on IWAE. With the code's network it has "
         "fewer than the VAE and the flow, but not than GM-VAE, MoG-VAE and Vamp-VAE.", "05_multi_modality"),
    Item("Table 3", "table3-0.2",
         "The text's power moves the mapping's borders slowly. With the code's power, as many steps lead to learned "
         "shares of 42.4, 28.1 and 20.4 % for 40, 25 and 20 % of zeros; single seeds end at 46 and 34 %. With the "
         "text's power, 25 % counts as reproduced by the tolerance alone: the mean's interval, 27.6 to 31.7 %, leaves "
         "it out. Without zeros in the data, neither power comes near.",
         "07_proportions"),
    Item("Table 4", "table4-sparser-vae-*",
         "The penalty weighs too little beside the reconstruction of a face. With $\\gamma = 70$ the score in the "
         "dimensions in use is that of chance; with ten times as much weight, after as few steps, it is 0.36 to 0.58 "
         "above. Few steps alone are no reason: on Fashion-MNIST, as few leave at least 68 % of the sparsity with "
         "$\\gamma = 30$, and 3 to 57 % with $\\gamma = 10$.", "10_faces"),
    Item("Table B.1", "tableB1-50-*",
         "With the code's classifier, which reports its best epoch on the test faces, no significant difference is "
         "found from 50 and 100 labels. With a linear classifier and 50 labels, every model is less accurate than a "
         "guess that ignores the face.",
         "12_face_hierarchies"),
    Item("Figure 2", "fig2-bridge",
         "The Vamp-VAE's prior learns both clusters and leaves nearly nothing between them. The InteL-VAE has about as "
         f"many samples between them as the VAE, because its mapping tears only next to zero. {GUESS}", "03_why"),
    Item("Figure 3", "fig3-aggregate",
         "A VAE's codes match a prior as sparse as the data no worse than the InteL-VAE's codes match their own p(z). "
         "But ten runs find only differences of 0.10 or more, nearly as large as the VAE's distance, 0.12.", "03_why"),
    Item("Figure 4", "fig4-star-hole",
         "Layers of ten units are too small for the star and the infinity sign. With 50 units, on three seeds, fewer "
         "samples lie in the holes, but more of the InteL-VAE's than of the VAE's: 5.2 against 4.0 % on the star, and "
         "11.6 against 7.2 % on the infinity sign.", "04_multiple_connectivity"),
    Item("Figure 7", "fig7-clean-sparser-and-closer-1",
         "At small weights codes get sparser in dimensions that are not in use; in those in use no significant "
         "difference is found. With $\\gamma = 1$ samples are closer than the VAE's in all three seeds (faint pixels "
         "left out), by 36 on average. But three seeds are too few to show a difference below 58.", "08_sparsity"),
    Item("Figure 8", "fig8-active",
         "A class shares few dimensions with other classes, but 15 % of all dimensions are active for it. The verdict "
         "depends on our threshold for \"active\": with a fifth of the class's largest dimension instead of a tenth, "
         "9.1 % are active.", "08_sparsity"),
    Item("Figure C.2", "figC2-vamp-as-vae-circle",
         "The start of training decides. Unless the decoder's variance starts small, the Vamp-VAE has as many samples "
         "in the holes as the VAE, and so has the InteL-VAE.", "04_multiple_connectivity"),
    Item("Figure C.3", "figC3-clean-sparser-and-closer-1",
         "With $\\gamma = 1$ samples are closer than the VAE's in all three seeds (faint pixels left out), by 32 on "
         "average. But three seeds are too few to show a difference below 52.",
         "09_sparsity_in_detail"),
    Item("Figure B.2", "figB2-category",
         "With the code's layers, all levels but the highest hold next to nothing.", "11_hierarchies"),
    Item("Figure B.3", "figB3-50-*", "The figure is a part of Table B.1, and comes out as the table does.",
         "12_face_hierarchies"),
)  # fmt: skip
TEXT = "The text"


class Statement(NamedTuple):
    """A statement of the paper, the patterns of the ids of its claims, and the page that judges them."""

    text: str
    ids: tuple[str, ...]
    page: str


QUESTIONS: dict[str, tuple[Statement, ...]] = {  # what a reader asks, and the statements that answer it
    "Does the latent space get the structure?": (
        Statement("Codes match a sparse target better than a sparse prior.", ("fig3-*",), "03_why"),
        Statement("Fewer samples than a VAE's lie in the holes of circle and square.",
                  ("fig4-circle-hole", "fig4-square-hole"), "04_multiple_connectivity"),
        Statement("Fewer samples than a VAE's lie in the holes of star and infinity sign, and between clusters.",
                  ("fig4-star-hole", "fig4-infinity-hole", "fig4-mixture-bridge"), "04_multiple_connectivity"),
        Statement("Fewer ambiguous digits than any other method.", ("table2-uncertain-*",), "05_multi_modality"),
        Statement("The share of ones is nearer to one half than with any other method.", ("table2-balance-*",),
                  "05_multi_modality"),
        Statement("The share of zeros is learned.", ("table3-*",), "07_proportions"),
        Statement("Codes get sparser with $\\gamma$, and extremely so.",
                  ("fig7-sparsity-grows", "fig7-extremely-sparse", "figC3-sparsity-grows", "figC3-extremely-sparse"),
                  "08_sparsity"),
        Statement("Fewer than a tenth of the dimensions are active for a class.", ("fig8-active",), "08_sparsity"),
        Statement("Classes share fewer dimensions than a VAE's.", ("fig7-overlap",), "08_sparsity"),
        Statement("The penalty does little without the mapping.", ("ablation-*",), "09_sparsity_in_detail"),
        Statement("Faces: sparse codes at no cost in samples.", ("table4-quality-*", "table4-sparser-vae-*"),
                  "10_faces"),
        Statement("High levels of a hierarchy hold categories, low ones details.", ("figB2-category", "figB2-details"),
                  "11_hierarchies"),
        Statement("Every level of a hierarchy holds features.", ("figB2-held",), "11_hierarchies"),
        Statement("A flow may be the mapping, and the hand-made one does more.", ("flow-*",), "13_beyond_the_elbo"),
    ),
    "Are samples better?": (
        Statement("In the plane, samples are closer to the data than a VAE's.",
                  tuple(f"fig4-{data}" for data in TOYS), "04_multiple_connectivity"),
        Statement("In the plane, samples are closer to the data than a Vamp-VAE's.",
                  tuple(f"figC2-vamp-{data}" for data in TOYS), "04_multiple_connectivity"),
        Statement("Better samples of all digits than any other method.",
                  tuple(f"table1-clean-{name}" for name in ("vae", "gm", "mog", "vamp", "vae-sylvester")),
                  "06_all_digits"),
        Statement("For $\\gamma < 3$ samples of clothes are better than a VAE's.", ("fig7-clean-distance-gamma-*",),
                  "08_sparsity"),
        Statement("For $\\gamma < 3$ codes of clothes are sparser and samples better at once.",
                  ("fig7-clean-sparser-and-closer-*",), "08_sparsity"),
        Statement("For $\\gamma < 3$ samples of digits are better than a VAE's.", ("figC3-clean-distance-gamma-*",),
                  "09_sparsity_in_detail"),
        Statement("For $\\gamma < 3$ codes of digits are sparser and samples better at once.",
                  ("figC3-clean-sparser-and-closer-*",), "09_sparsity_in_detail"),
        Statement("Faces: better samples than any other method.",
                  tuple(f"table4-{name}-{PUBLISHED}-*" for name in ("vae", "vamp", "sylvester")), "10_faces"),
    ),
    "Do codes tell more about the data?": (
        Statement("A forest learns more from few labels than with a VAE's codes.",
                  ("fig7-few-shot-vae", "figC3-few-shot-vae"), "08_sparsity"),
        Statement("A forest learns more from few labels than with DD's codes.",
                  ("fig7-few-shot-dd", "figC3-few-shot-dd"), "08_sparsity"),
        Statement("A forest learns more from few labels than with the Sparse-VAE's codes.",
                  ("fig7-few-shot-sparse-vae", "figC3-few-shot-sparse-vae"), "08_sparsity"),
        Statement("A forest learns more from many labels than with a VAE's codes.",
                  ("fig7-many-labels", "figC3-many-labels"), "08_sparsity"),
        Statement("A forest learns more from many labels than with DD's codes.",
                  ("fig7-many-labels-dd", "figC3-many-labels-dd"), "08_sparsity"),
        Statement("A forest learns more from many labels than with the Sparse-VAE's codes.",
                  ("fig7-many-labels-sparse-vae", "figC3-many-labels-sparse-vae"), "08_sparsity"),
        Statement("Faces: from few labels a hierarchy beats every VAE.",
                  ("tableB1-50-*", "tableB1-100-*", "tableB1-500-*", "tableB1-1000-*"), "12_face_hierarchies"),
        Statement("Faces: from many labels a hierarchy beats every VAE.", ("tableB1-5000-*", "tableB1-10000-*"),
                  "12_face_hierarchies"),
        Statement("Faces: a hierarchy loses less than a VAE where labels get few.", ("tableB1-robust-*",),
                  "12_face_hierarchies"),
        Statement("Faces: a hierarchy tells nearly every attribute as well as the best VAE.", ("figB3-*",),
                  "12_face_hierarchies"),
    ),
    "Is training as simple as a VAE's?": (
        Statement("The KL divergence never grows under $g$.", ("fig1-identity", "thm1-*"), "02_theorem1"),
        Statement("Sparse codes keep the KL divergence of a VAE.", ("fig7-kl",), "08_sparsity"),
        Statement("In the plane, other bounds serve a mapping, too.", ("bounds-*",), "13_beyond_the_elbo"),
        Statement("On zeros and ones, other bounds serve a mapping, too.", ("digits-*",), "13_beyond_the_elbo"),
        Statement("In the plane, the VAE's decoder is the steeper one.", ("slope-*",), "13_beyond_the_elbo"),
        Statement("In the plane, training is as stable as a VAE's.", ("stability-*",), "13_beyond_the_elbo"),
    ),
    "Do the other methods do what the paper says of them?": (
        Statement("A VAE bridges clusters, and a Vamp-VAE does not.", ("fig2-bridge",), "03_why"),
        Statement("In the plane, the Vamp-VAE is no better than a VAE.", ("figC2-vamp-as-vae-*",),
                  "04_multiple_connectivity"),
        Statement("The baselines' samples of all digits are better than a VAE's.", ("table1-clean-*-than-vae",),
                  "06_all_digits"),
        Statement("DD is less sparse, and its samples are worse.",
                  ("fig7-less-sparse-dd", "fig7-clean-distance-dd", "figC3-less-sparse-dd", "figC3-clean-distance-dd"),
                  "08_sparsity"),
        Statement("DD is less sparse with too large a coefficient.", ("fig7-dd-drops",), "08_sparsity"),
        Statement("The Sparse-VAE is hardly sparse, and its samples are good.",
                  ("fig7-less-sparse-vsc-*", "fig7-vsc-*", "fig7-clean-distance-vsc-*", "figC3-vsc-*", "figC3-*-vsc-*"),
                  "09_sparsity_in_detail"),
        Statement("Faces: Vamp-VAE and Sylvester flow have better samples than a VAE.", ("table4-*-than-vae-*",),
                  "10_faces"),
        Statement("Faces: the Sparse-VAE is less sparse, and its samples are unacceptable.",
                  ("table4-sparser-vsc-*", "table4-vsc-*"), "10_faces"),
        Statement("Faces: the more labels, the more dimensions are best for a VAE.", ("tableB1-optimum-*",),
                  "12_face_hierarchies"),
    ),
}  # fmt: skip
STATEMENTS = tuple(chain.from_iterable(QUESTIONS.values()))
