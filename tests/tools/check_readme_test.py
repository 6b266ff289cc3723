"""Tests of tools/check_readme.py."""

import unittest

from checkout_fixture import ROOT, CheckoutTest

import check_readme


class CheckReadmeTest(CheckoutTest):
    def setUp(self):
        super().setUp()
        self.write("dev", "verb_build() {\n}\nverb_ci() {\n}\n")
        self.write("include/ductus/two.h", "inline int two() { return 2; }\n")

    def found_in(self, *lines):
        return check_readme.findings("README.md", "\n".join(lines) + "\n", self.root)

    def test_accepts_what_works(self):
        cpp = ("```cpp", '#include "ductus/two.h"', "int four() { return two() * 2; }", "```")
        toml = ("```toml", "[source]", 'brokers = ["a:1"]', "```")
        sh = ("```sh", "./dev build && ./dev ci", "```")
        self.assertEqual([], self.found_in(*cpp, *toml, *sh, "[code](include/ductus/two.h)"))

    def test_compiles_cpp(self):
        found = self.found_in("words", "```cpp", "int four() { return two() * 2; }", "```")
        self.assertEqual(1, len(found))
        self.assertTrue(found[0].startswith("README.md:2: does not compile"), found[0])

    def test_parses_toml(self):
        self.assertTrue(self.found_in("```toml", "[source", "```"))

    def test_knows_the_verbs_of_dev(self):
        self.assertEqual(["README.md:1: ./dev has no verb brew"], self.found_in("```sh", "./dev brew", "```"))

    def test_follows_links_within_the_checkout(self):
        self.assertEqual(["README.md:1: docs/gone.md does not exist"],
                         self.found_in("[gone](docs/gone.md) [web](https://example.org) [here](#words)"))

    def test_reads_the_verbs_of_the_real_dev(self):
        self.assertLessEqual({"setup", "build", "test", "demo", "format", "lint", "fuzz", "bench", "ci"},
                             check_readme.dev_verbs((ROOT / "dev").read_text()))


if __name__ == "__main__":
    unittest.main()
