"""Every kind of bad wire input that the product promises to survive has a test that carries its number."""

import pathlib
import re
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]

# Framing · metadata · offsets · record batches and transactions · bombs and codecs.
ROWS = {*range(38, 50), *range(51, 65), *range(65, 84), *range(89, 97)}


def rows_with_a_test():
    names = []
    for file in (TESTS / "unit").rglob("*_test.cc"):
        names += re.findall(r"^TEST(?:_F|_P)?\(\s*\w+,\s*(\w+)\)", file.read_text(), re.MULTILINE)
    for file in (TESTS / "e2e").glob("*_test.py"):
        names += re.findall(r"^ +def test_(\w+)", file.read_text(), re.MULTILINE)
    return {int(row) for name in names for row in re.findall(r"(?:^|_)[Bb](\d+)(?=_)", name)}


class BadWireInputTest(unittest.TestCase):
    def test_every_row_has_a_test_named_after_it(self):
        self.assertEqual(sorted(ROWS - rows_with_a_test()), [])


if __name__ == "__main__":
    unittest.main()
