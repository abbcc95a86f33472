"""The pages in docs/ and the README: their code runs, their links lead somewhere, and what is generated is current."""

from __future__ import annotations

import importlib.util
import pathlib
import re

import pytest

from mxnet._ops import registry

ROOT = pathlib.Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
#: The reference is written when the pages are built, and is not kept.
PAGES = [ROOT / "README.md", *sorted(p for p in DOCS.rglob("*.md") if DOCS / "reference" not in p.parents)]
PAGES_WITH_CODE = ["README.md", "docs/how_it_works.md", "docs/gluon.md", "docs/leaving_mxnet.md", "docs/coming_back.md"]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def own_registry():
    """A page may register operators."""
    before = dict(registry._OPERATORS)
    yield
    registry._OPERATORS.clear()
    registry._OPERATORS.update(before)


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize("name", PAGES_WITH_CODE)
def test_code_prints_what_the_page_says(generate, name):
    page = ROOT / name
    assert page in generate.RUN
    _, wrong = generate.run(page)
    for code, printed, expected in wrong:
        message = f"run `python docs/generate.py --outputs`, or mend this:\n{code}"
        pytest.fail(f"{message}\nwhich prints\n{printed}\nand should print\n{expected}")


def test_a_wrong_page_is_found(generate, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n\nend\n")
    mended, wrong = generate.run(page)
    assert wrong == [("print(1 + 1)\n", "2\n", "3\n")]
    assert mended == "```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n\nend\n"


def test_a_wrong_command_is_found(generate, tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    monkeypatch.setattr(generate, "COMMANDS", (page,))
    page.write_text("```sh\nremx diff a b  # fails\n```\n\n```text\nAll is well\n```\n")
    _, wrong = generate.run(page)
    assert [(code, expected) for code, _, expected in wrong] == [("remx diff a b  # fails\n", "All is well\n")]
    assert "there is no file 'a'" in wrong[0][1]
    for command in ("remx diff a b", "rm -r x"):
        page.write_text(f"```sh\n{command}\n```\n")
        with pytest.raises(ValueError, match=command):
            generate.run(page)


def test_support_is_current(generate):
    text = (DOCS / "support.md").read_text()
    assert text == generate.support(), "run `python docs/generate.py`"
    total = re.search(r"\*\*All operators\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", text)
    assert total is not None
    assert text.count("| yes | `") == int(total[2])


def test_readme_counts_as_support_does(generate):
    total = re.search(r"\*\*All operators\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", generate.support())
    assert total is not None
    assert f"{total[2]} of the {total[1]} operators" in (ROOT / "README.md").read_text()


def test_figures_are_taken_over(generate):
    page = (
        "## A\n\n| target | limit | found | |\n| --- | ---: | ---: | --- |\n| step | 1 x | 0.9 x | met |\n\n| other |\n"
    )
    readme = "a\n<!-- figures -->\nold\n<!-- end of figures -->\nb\n"
    table = "| Figure | Target | Found | |\n|---|---:|---:|---|\n| A: step | 1 x | 0.9 x | met |\n"
    expected = f"a\n<!-- figures -->\n\n{table}\n<!-- end of figures -->\nb\n"
    assert generate.with_figures(readme, page) == expected
    assert generate.with_figures(expected, page) == expected


def test_every_operator_has_a_reference_page(generate):
    pages = generate.reference()
    text = "\n".join(pages.values())
    for operator in registry.operators():
        if operator.module.startswith("mxnet._ops."):
            assert text.count(f"\n## {operator.name}\n") == 1, operator.name
    assert "families.md" not in pages
    for name, page in pages.items():
        assert page.count("```") % 2 == 0, name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.is_file(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(), flags=re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings], target


def test_every_decision_is_listed_and_numbered():
    index = (DOCS / "index.md").read_text()
    listed = re.findall(r"\]\(decisions/([^)]+)\)", index)
    assert listed == [path.name for path in DECISIONS]
    for number, path in enumerate(DECISIONS, start=1):
        assert path.name.startswith(f"{number:04}-")
        assert path.read_text().startswith(f"# {number}. ")


def test_every_page_is_reached_from_the_index():
    index = (DOCS / "index.md").read_text()
    for page in PAGES[1:]:
        name = page.relative_to(DOCS).as_posix()
        assert name == "index.md" or f"]({name})" in index, name
