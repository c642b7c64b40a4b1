"""Every page says how to cite it, and search engines what it is about."""

from types import SimpleNamespace

from docutils.core import publish_doctree

from intelvae.paper import citing


def test_a_description_is_the_first_words_cut_at_a_formula_or_where_there_is_no_more_room():
    def of(text):
        return citing.description(publish_doctree(f"Title\n=====\n\n{text}\n\nMore."))

    assert of("* a list\n\nThe *first* words with :math:`x`.") == "The first words with x."
    assert of(r"As far as :math:`\gamma = 3` here.") == "As far as …"
    assert citing.description(publish_doctree("Title\n=====")) == ""
    cut = of("word " * 100)
    assert len(cut) <= citing.LONGEST and cut.endswith("word …")


def test_a_page_is_cited_by_its_title_with_its_address_where_the_book_has_one():
    config = SimpleNamespace(author="the authors", copyright="2026", project="The book", html_baseurl="")
    entry = citing.bibtex("book/01_framework", "The framework", config)
    assert entry.startswith("@misc{intelvae_01_framework,\n  title = {The framework},\n  author = {{the authors}},")
    assert entry.count("{") == entry.count("}") and "url" not in entry
    config.html_baseurl = "https://example.org/book/"
    assert "  url = {https://example.org/book/book/01_framework.html},\n" in citing.bibtex(
        "book/01_framework", "", config
    )


def test_what_it_adds_to_a_page_is_escaped():
    doctree = publish_doctree('Say "<b>".')
    config = SimpleNamespace(author="a", copyright="2026", project="<i>", html_baseurl="")
    env = SimpleNamespace(titles={"page": publish_doctree("A & <b>")})
    context = {"body": "<p>text</p>", "metatags": ""}
    citing.add(SimpleNamespace(env=env, config=config), "page", "page.html", context, doctree)
    assert context["metatags"] == '<meta name="description" content="Say &quot;&lt;b&gt;&quot;.">'
    assert context["body"].startswith("<p>text</p><details") and "A &amp; &lt;b&gt;" in context["body"]
    assert "<i>" not in context["body"]
    index = {"body": "all"}
    citing.add(SimpleNamespace(), "genindex", "genindex.html", index, None)
    assert index == {"body": "all"}
