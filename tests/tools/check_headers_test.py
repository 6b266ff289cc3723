"""Tests of tools/check_headers.py."""

import pathlib
import unittest

from checkout_fixture import CheckoutTest

import check_headers


class CheckHeadersTest(CheckoutTest):
    def test_wants_the_own_header_first(self):
        self.write("src/net/a.h", "")
        self.write("src/net/a.cc", '#include <vector>\n#include "net/a.h"\n')
        self.assertEqual(['src/net/a.cc: the first include must be its own "net/a.h"'],
                         check_headers.split_headers(self.root)[0])

    def test_leaves_to_itself_only_what_no_source_vouches_for(self):
        self.write("src/net/a.h", "")
        self.write("src/net/a.cc", '// what a decides\n#include "net/a.h"\n\n#include <vector>\n')
        self.write("src/net/b.h", "")
        self.assertEqual(([], [pathlib.Path("src/net/b.h")]), check_headers.split_headers(self.root))

    def test_finds_a_header_that_leans_on_others(self):
        header = self.write("src/net/a.h", "#pragma once\ninline std::string name() { return {}; }\n")
        self.assertIn("does not stand alone", check_headers.compile_alone(self.root, header))
        self.write("src/net/a.h", "#pragma once\n#include <string>\ninline std::string name() { return {}; }\n")
        self.assertIsNone(check_headers.compile_alone(self.root, header))


if __name__ == "__main__":
    unittest.main()
