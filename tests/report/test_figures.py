import re

import matplotlib as mpl
import pytest

from wildfire_bench.errors import InputError
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.style import plot_style

mpl.use("agg")

ALT = "MB on the broker's disk for each image: JSON 26.7; binary 20.0."


def drawn():
    import matplotlib.pyplot as plt

    with plot_style():
        drawing, axes = plt.subplots()
        axes.plot([1, 2, 3])
        return draw(drawing, caption="Caption <1>", alt=ALT)


@pytest.mark.parametrize("alt", ["", "A plot of the storage that each of the variants needs."])
def test_alternative_text_without_a_number_is_refused(alt):
    with pytest.raises(InputError, match="numbers"):
        Figure(b"<svg/>", "Caption", alt)


def test_a_figure_is_an_image_of_its_own_with_caption_and_text():
    markup = drawn()._repr_html_()
    assert re.search(r'<img alt="MB .* 26\.7.*" src="data:image/svg\+xml;base64,', markup)


def test_captions_are_escaped():
    assert "Caption &lt;1&gt;" in drawn()._repr_html_()


def test_equal_numbers_give_equal_bytes():
    assert drawn().svg == drawn().svg


def test_the_file_says_neither_when_nor_by_what_it_was_made():
    assert not re.search(rb"<dc:(date|creator|format|type)>", drawn().svg)


def test_no_drawing_is_left_open():
    import matplotlib.pyplot as plt

    drawn()
    assert plt.get_fignums() == []
