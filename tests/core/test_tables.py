"""What a person's own table becomes, and every way in which it is refused."""

import gzip
import io
import pickle
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.core import tables
from nnviz.core.datasets import DATASETS, from_csv, from_table
from nnviz.core.tables import read_table
from nnviz.core.tabular import guess_task


def table(text):
    return read_table(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def kinds(read):
    return {column.name: column.kind for column in read.columns}


FLOWERS = """size,colour,day,name,kind
1,red,2024-01-02,a b,p
2,blue,2024-01-03,c d,q
,red,2024-01-04,e f,p
4,,2024-01-05,g h,q
5,red,2024-01-06,i j,p
"""


def test_each_column_is_recognised():
    read = table(FLOWERS)
    assert kinds(read) == {"size": "number", "colour": "category", "day": "date", "name": "text", "kind": "category"}
    size, colour = read.columns[:2]
    assert (size.missing, size.distinct, size.examples[0]) == (1, 4, "1.0")
    assert (colour.missing, colour.distinct, colour.levels) == (1, 2, ("blue", "red"))
    assert read.column("name").note
    assert read.rows == 5


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_separators_line_ends_and_byte_order_marks_make_no_difference(separator, end, mark):
    rows = (("a", "b", "c"), ("1.5", "2", "x"), ("2.5", "3", "y"), ("3.5", "4", "x"))
    read = table(mark + end.join(separator.join(row) for row in rows).encode())
    assert kinds(read) == {"a": "number", "b": "number", "c": "category"}
    assert read.frame["a"].tolist() == [1.5, 2.5, 3.5]


def test_a_decimal_comma_is_read_where_the_comma_parts_nothing():
    assert table("a;b\n1,5;2\n-2,25;3\n").frame["a"].tolist() == [1.5, -2.25]


def test_quoted_cells_may_hold_separators_line_ends_and_quotation_marks():
    read = table('name,x\n"Smith, ""Jo""\nof York",1\n"b, c",2\n"b, c",3\n')
    assert read.frame["name"].tolist()[0] == 'Smith, "Jo"\nof York'
    assert read.frame["x"].tolist() == [1, 2, 3]


def test_a_table_without_header_gets_names():
    assert kinds(table("5.1,3.5,rosa\n4.9,3.0,rosa\n4.0,3.5,alba\n")) == {
        "column 1": "number",
        "column 2": "number",
        "column 3": "category",
    }
    assert [column.name for column in table("place,2019,2020\nA,1,3\nB,2,2\n").columns] == ["place", "2019", "2020"]


def test_a_column_that_counts_the_rows_is_no_feature():
    read = table(",x,y\n0,5,1\n1,3,2\n2,4,4\n")
    assert kinds(read) == {"column 1": "index", "x": "number", "y": "number"}
    assert from_table(read, "y").feature_names == ("x",)


def test_what_is_known_as_missing_is_counted():
    read = table("x,y\nNA,1\n?,2\nnan,3\n,4\n5,5\n")
    assert read.column("x").missing == 4
    assert read.column("x").kind == "number"


def test_numbers_with_a_stray_word_say_which():
    column = table("x,y\n1,1\n2,2\nlots,3\n4,4\n").column("x")
    assert column.kind == "text"
    assert "lots" in column.note


@pytest.mark.parametrize(
    "cells", [["12345678901234567890123", "5", "6"], ["-12345678901234567890123", "5", ""], ["18446744073709551615", "-1", "6"]]
)
def test_whole_numbers_beyond_64_bits_are_numbers(cells):
    read = table("x,y\n" + "".join(f"{cell},{i}\n" for i, cell in enumerate(cells)))
    assert read.column("x").kind == "number"
    expected = [float(cell) if cell else np.nan for cell in cells]
    assert np.array_equal(read.frame["x"].to_numpy(dtype=float), expected, equal_nan=True)


def test_a_number_of_400_digits_is_told_where_it_is_used():
    read = table("id,y\n" + f"{'1' * 400},1\n" * 2 + "5,2\n")
    assert read.column("id").kind == "number"
    with pytest.raises(ValueError, match="row 1 of column 'id' holds inf"):
        from_table(read, "y")


def test_points_in_a_table_of_decimal_commas_are_not_guessed_at():
    column = table("a;b\n1,5;2.5\n2,5;1.500\n3,5;3.5\n").column("b")
    assert column.kind == "text"
    assert column.note == "its numbers are not written as the table's are, such as '2.5'"


def test_the_same_bytes_are_an_equal_table_and_an_upload_is_read_twice():
    upload = io.BytesIO(FLOWERS.encode())
    one, two = read_table(upload), read_table(upload)
    assert one == two
    assert hash(one) == hash(two)
    assert one != table(FLOWERS.replace("4,,", "6,,"))


# To samples.


def test_a_file_gives_the_iris_that_come_with_it(tmp_path):
    iris = DATASETS["iris"]()
    file = tmp_path / "iris.csv"
    lines = ["a,b,c,d,species"] + [
        ",".join(map(repr, x)) + "," + iris.class_names[y] for x, y in zip(iris.X.T.tolist(), iris.labels, strict=True)
    ]
    file.write_text("\n".join(lines))
    for given_as in (file, str(file), io.StringIO(file.read_text())):
        data = from_csv(given_as, targets=["species"], seed=0)
        assert np.array_equal(data.X, iris.X)
        assert np.array_equal(data.Y, iris.Y)
        assert data.class_names == iris.class_names
        assert data.task == "classification"
        assert np.array_equal(data.train.X, iris.train.X)
    assert from_csv(file, targets="species", samples=30, noise=0.1).samples == 30


def test_categories_become_one_row_each():
    data = from_table(table("c,x,y\nred,1,10\nblue,2,20.5\nred,3,30\ngreen,4,41\n"), "y", standardize=False)
    assert data.feature_names == ("c = blue", "c = green", "c = red", "x")
    assert data.X[:3].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]]


def test_rows_with_an_empty_cell_are_dropped_and_counted():
    data = from_table(table(FLOWERS), "kind")
    assert data.X.tolist() == [[1, 2, 5], [0, 1, 0], [1, 0, 1]]
    assert "2 of 5 rows with an empty cell were left out." in data.notes
    assert any("'day'" in note for note in data.notes)


def test_a_column_that_never_changes_is_named():
    data = from_table(table("x,flat,y\n1,7,1.5\n2,7,3\n3,7,4.5\n4,7,6\n"), "y")
    assert data.notes == ("The column 'flat' is the same in every row: it tells nothing.",)
    assert np.isfinite(data.train.X).all()


def test_an_empty_cell_is_filled_with_the_mean_of_the_training_part():
    data = from_table(table(FLOWERS), "kind", missing="mean", test_fraction=0.4, seed=1)
    assert data.samples == 5
    known = [i for i in data.train.index if i != 2]
    assert data.X[0, 2] == pytest.approx(data.X[0, known].mean())
    levels = [i for i in data.train.index if i != 3]
    assert data.X[1:, 3] == pytest.approx(data.X[1:, levels].mean(axis=1))
    assert data.X[1:, 3].sum() == pytest.approx(1)


def test_a_row_without_target_is_dropped_either_way():
    read = table("x,y\n1,1.5\n2,\n3,3.5\n4,4.5\n")
    assert from_table(read, "y", missing="mean").X.tolist() == [[1, 3, 4]]


def test_the_scale_of_features_and_of_a_regressions_targets_is_the_training_parts():
    rng = np.random.default_rng(0)
    text = "a,b,y\n" + "".join(f"{a},{100 * b},{1e5 * (a + b)}\n" for a, b in rng.normal(size=(60, 2)))
    data = from_table(table(text), "y", seed=2)
    assert data.train.X.mean(axis=1) == pytest.approx(0, abs=1e-9)
    assert data.train.X.std(axis=1) == pytest.approx(1)
    assert data.train.Y.std() == pytest.approx(1)
    assert data.target_scale.invert(data.test.Y) == pytest.approx(data.Y[:, data.test.index])
    plain = from_table(table(text), "y", seed=2, standardize=False)
    assert np.array_equal(plain.train.X, plain.X[:, plain.train.index])
    assert np.array_equal(plain.train.Y, plain.Y[:, plain.train.index])


def test_several_targets_are_the_rows_of_a_regression():
    data = from_table(table("x,u,v\n1,2.5,1\n2,3.5,0\n3,1.5,1\n"), ["v", "u"], standardize=False)
    assert data.task == "regression"
    assert data.target_names == ("v", "u")
    assert data.Y.tolist() == [[1, 0, 1], [2.5, 3.5, 1.5]]


def test_chosen_features_are_used_in_their_order():
    read = table("a,b,y\n1,5,1.5\n2,7,2.5\n4,6,3.5\n")
    assert from_table(read, "y", features=("b", "a")).feature_names == ("b", "a")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["yes", "no", "yes", "no"], "classification"),
        ([0, 1, 1, 0], "classification"),
        ([3, 4, 5, 3, 4, 5], "classification"),
        ([1, 2, 3], "regression"),  # each comes once: three measurements
        ([0.5, 1.5, 0.5, 1.5], "regression"),
        (list(range(11)) * 3, "regression"),
        (["True", "False", "True"], "classification"),
    ],
)
def test_the_task_is_guessed_from_the_target(values, task):
    read = table("x,y\n" + "".join(f"{i * 1.5},{value}\n" for i, value in enumerate(values)))
    assert guess_task(read, ["y"]) == task
    assert from_table(read, "y").task == task


def test_a_task_that_is_told_is_obeyed():
    read = table("x,y\n1,0\n2,1\n4,1\n5,0\n")
    assert from_table(read, "y").class_names == ("0", "1")
    assert from_table(read, "y", task="regression").class_names == ()


def test_bool_columns_are_categories():
    data = from_table(table("flag,x,y\nTrue,1,1.5\nFalse,2,2.5\nTrue,4,3.5\n"), "y")
    assert data.feature_names == ("flag = False", "flag = True", "x")


# What is refused.

WORKBOOK = io.BytesIO()
with zipfile.ZipFile(WORKBOOK, "w") as archive:
    archive.writestr("xl/workbook.xml", "<workbook/>")

BAD_FILES = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n \n", "empty"),
    "header only": (b"a,b,c\n", "no row"),
    "one row": (b"a,b\n1,2\n", "one row"),
    "no numbers": (b"a,b\nx,p\ny,q\nx,p\n", "holds numbers"),
    "a longer row": (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells"),
    "a shorter row": (b"a,b,c\n1,2,3\n4,5\n", "line 3 has 2 cells"),
    "a longer first row": (b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells"),
    "a quotation mark within a cell": (b'a,b\n5" pipe,1\n6" pipe,2\n7,3\n', "middle of a cell"),
    "an open quotation mark": (b'a,b\n"1,2\n3,4\n', "never closed"),
    "latin-1": ("größe,y\n1,2\n3,4\n".encode("latin-1"), "UTF-8"),
    "utf-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), "UTF-16"),
    "utf-16 without mark": ("a,b\n1,2\n3,4\n".encode("utf-16-le"), "zero bytes"),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
    "jpeg": (b"\xff\xd8\xff\xe0", "JPEG"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "workbook": (WORKBOOK.getvalue(), "Excel workbook"),
    "zip": (b"PK\x03\x04abc", "ZIP"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
    "gzip": (gzip.compress(b"a,b\n1,2\n"), "gzip"),
    "pickle": (pickle.dumps([1, 2, 3]), "pickle"),
    "html": (b"<!doctype html><table></table>", "HTML"),
    "json": (b'{"a": [1, 2]}', "JSON"),
    "a formula": (b"a,b\n1,x\n2,=cmd()\n3,x\n", "row 2 of column 'b' holds a spreadsheet formula"),
    "a pipe to a shell": (b"a,b\n1,x\n2,+cmd|' /C calc'!A0\n", "formula"),
    "a name twice": (b"a,b,a\n1,2,3\n4,5,6\n", "2 columns are named 'a'"),
    "a long name twice": (b"%s,%s\n1,2\n3,4\n" % (b"n" * 5000, b"n" * 5000), "columns are named"),
    "a thousand and one columns": (
        b",".join(b"c%d" % i for i in range(1001)) + b"\n" + b"\n".join([b"1,2" + b",3" * 999] * 2),
        "1,000 columns",
    ),
    "nothing but empty cells": (b"a,b\n,\n,\n", "holds numbers"),
}


@pytest.mark.parametrize(("content", "told"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_told_in_a_sentence(content, told):
    with pytest.raises(ValueError, match=told) as error:
        table(content)
    assert type(error.value) is ValueError
    assert 11 <= len(str(error.value)) <= 599
    assert "\n" not in str(error.value)


MANY = "x,y\n" + "".join(f"{i},c{i // 2}\n" for i in range(10_000))
BAD_CHOICES = {
    "unknown target": ("x,y\n1,2\n3,4\n", {"targets": "z"}, "no column 'z': choose from x, y"),
    "no target": ("x,y\n1,2\n3,4\n", {"targets": []}, "at least one"),
    "a target twice": ("x,y\n1,2\n3,4\n", {"targets": ["y", "y"]}, "only once"),
    "the only column": ("y\n1\n2\n4\n", {"targets": "y"}, "beside the target 'y'"),
    "beside text alone": ("name,y\na,1\nb,2\nc,3\n", {"targets": "y"}, "beside the target 'y'"),
    "an empty target": ("x,y\n1,\n2,\n", {"targets": "y"}, "'y' is empty"),
    "a constant target": ("x,y\n1,5\n2,5\n3,5\n", {"targets": "y"}, "same value"),
    "one class": ("x,y\n1,a\n2,a\n3,a\n", {"targets": "y"}, "same value"),
    "one class once rows are dropped": ("x,y\n1,a\n2,a\n,b\n", {"targets": "y"}, "class 'a'"),
    "constant once rows are dropped": ("x,y\n1,1.5\n2,1.5\n,3\n", {"targets": "y"}, "constant"),
    "5,000 classes": (MANY, {"targets": "y"}, "5,000 classes"),
    "5,000 numbered classes": (MANY.replace("c", ""), {"targets": "y", "task": "classification"}, "5,000 classes"),
    "inf in a feature": ("x,y\n1,1.5\n-inf,2.5\n3,3\n", {"targets": "y"}, "row 2 of column 'x' holds -inf"),
    "inf in a target": ("x,y\n1,1.5\n2,inf\n3,3\n", {"targets": "y"}, "row 2 of column 'y' holds inf"),
    "a number whose square overflows": ("x,y\n1,1\n1e200,2\n3,3\n", {"targets": "y"}, "1e\\+200"),
    "NaN in every row": ("x,z,y\n1,nan,1\n,2,2\n3,,3\n", {"targets": "y"}, "0 of 3 rows"),
    "a regression of words": ("x,y\n1,a\n2,b\n3,a\n", {"targets": "y", "task": "regression"}, "holds no numbers"),
    "two targets with words": ("x,y,z\n1,a,1\n2,b,2\n3,a,4\n", {"targets": ["y", "z"]}, "holds no numbers"),
    "two targets of classes": ("x,y,z\n1,0,1\n2,1,0\n", {"targets": ["y", "z"], "task": "classification"}, "choose one"),
    "an unknown task": ("x,y\n1,2\n3,4\n", {"targets": "y", "task": "clustering"}, "'clustering'"),
    "a target that is nothing": ("x,y\n1,2\n3,4\n", {"targets": None}, "targets is None: give the name of a column"),
    "a target that is a number": ("x,y\n1,2\n3,4\n", {"targets": 5}, "targets is 5"),
    "targets in lists": ("x,y\n1,2\n3,4\n", {"targets": [["y"]]}, "a list of names"),
    "features that are a number": ("x,y\n1,2\n3,4\n", {"targets": "y", "features": 5}, "features is 5"),
    "a feature without a number where there is a target": (
        "a,b\n1,\n,2\n3,\n5,\n,4\n",
        {"targets": "a", "missing": "mean"},
        "column 'b' is empty in all of the 3 samples",
    ),
    "a feature that is empty in the samples drawn": (
        "x,z,y\n1,,1.5\n2,,2\n3,,3.5\n4,,4\n5,,5\n6,1,6\n",
        {"targets": "y", "missing": "mean", "samples": 2},
        "column 'z' is empty in all of the 2 samples",
    ),
    "an unknown way": ("x,y\n1,2\n3,4\n", {"targets": "y", "missing": "guess"}, "'guess'"),
    "a feature of dates": ("x,d,y\n1,2020-01-01,2\n2,2020-01-02,3\n", {"targets": "y", "features": ["d"]}, "date"),
    "an unknown feature": ("x,y\n1,2\n3,4\n", {"targets": "y", "features": ["q" * 400]}, "no column"),
    "a fraction of one": ("x,y\n1,2\n3,4\n", {"targets": "y", "test_fraction": 1.0}, "test_fraction"),
    "too many samples": ("x,y\n1,2\n3,4\n", {"targets": "y", "samples": 3}, "at most 2"),
}


@pytest.mark.parametrize(("text", "choice", "told"), BAD_CHOICES.values(), ids=BAD_CHOICES)
def test_a_bad_choice_is_told_in_a_sentence(text, choice, told):
    with pytest.raises(ValueError, match=told) as error:
        from_csv(io.StringIO(text), **choice)
    assert type(error.value) is ValueError
    assert 11 <= len(str(error.value)) <= 599


def test_a_file_of_a_gigabyte_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "large.csv"
    with file.open("wb") as stream:
        stream.truncate(2**30)
    started = time.perf_counter()
    with pytest.raises(ValueError, match="larger than 256 MB"):
        read_table(file)
    with file.open("rb") as stream, pytest.raises(ValueError, match="larger than 256 MB"):
        read_table(stream)
    assert time.perf_counter() - started < 0.5


def test_a_stream_without_end_is_read_no_further_than_the_limit(monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 2**20)

    class Endless(io.RawIOBase):
        taken = 0

        def readable(self):
            return True

        def read(self, size=-1):
            self.taken += size
            return b"1" * size

    stream = Endless()
    with pytest.raises(ValueError, match="larger than 1 MB"):
        read_table(stream)
    assert stream.taken == 2**20 + 1


@pytest.mark.parametrize("file", ["no/such/file.csv", ".", 5, None])
def test_what_is_no_file_is_told(file):
    with pytest.raises(ValueError, match=r".{11,599}"):
        read_table(file)


def test_too_many_one_hot_numbers_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr("nnviz.core.tabular.MAX_CELLS", 10)
    with pytest.raises(ValueError, match="choose fewer columns"):
        from_csv(io.StringIO("a,b,y\n" + "1,2,3.5\n4,5,6\n" * 3), targets="y")


def test_too_many_rows_are_refused_at_the_first_too_many(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    assert table("x,y\n" + "1,2\n" * 3).rows == 3
    with pytest.raises(ValueError, match="more than 3 rows"):
        table("x,y\n" + "1,2\n" * 4 + "1,2,3\n")


def test_a_large_table_stays_usable():
    rng = np.random.default_rng(0)
    block = "\n".join(",".join(map(str, row)) for row in rng.integers(0, 1000, (500, 50))) + "\n"
    text = ",".join(f"c{i}" for i in range(50)) + "\n" + block * 20
    started = time.perf_counter()
    data = from_csv(io.StringIO(text), targets="c0")
    assert data.X.shape == (49, 10_000)
    assert time.perf_counter() - started < 5


def refusal(call):
    """The sentence with which something is refused, None where it is not; anything but a plain ValueError goes on up."""
    try:
        call()
    except ValueError as error:
        return f"{type(error).__name__}: {error}"
    return None


def is_none_or_a_sentence(told):
    return told is None or (told.startswith("ValueError: ") and 11 <= len(told) - len("ValueError: ") <= 599)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_table_or_a_sentence(content):
    assert is_none_or_a_sentence(refusal(lambda: table(content)))


CELLS = st.text("01.e,;\t\"'=-+@(|!\n\r aNn?:/é", max_size=6)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_text_of_cells_is_a_table_or_a_sentence(rows):
    def read_and_use():
        read = table("\n".join(",".join(row) for row in rows))
        from_table(read, read.columns[0].name)

    assert is_none_or_a_sentence(refusal(read_and_use))


@given(
    st.lists(st.tuples(st.floats(-1e90, 1e90), st.sampled_from("pqr"), st.floats(-9, 9)), min_size=2, max_size=30),
    st.floats(0, 0.9),
    st.sampled_from(["drop", "mean"]),
)
@settings(max_examples=100, deadline=None)
def test_any_table_of_numbers_and_classes_gives_finite_samples(rows, fraction, missing):
    read = table("a,c,y\n" + "".join(f"{a!r},{c},{y!r}\n" for a, c, y in rows))
    told = refusal(lambda: from_table(read, "y", task="regression", test_fraction=fraction, missing=missing))
    assert is_none_or_a_sentence(told)
    if told is None:
        data = from_table(read, "y", task="regression", test_fraction=fraction, missing=missing)
        assert np.isfinite(data.inputs).all()
        assert np.isfinite(data.train.Y).all()
