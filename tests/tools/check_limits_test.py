"""Tests of tools/check_limits.py."""

import unittest

from checkout_fixture import CheckoutTest

import check_limits


class CheckLimitsTest(CheckoutTest):
    def setUp(self):
        super().setUp()
        self.write("src/a.h", "\n".join((
            "inline constexpr std::size_t kBytes = std::size_t{64} << 20;",
            "static constexpr std::chrono::milliseconds kPatience{5'000};",
            "static constexpr base::Duration kLongest = std::chrono::hours(24);",
            "std::int32_t max_bytes = 1 << 20;  ///< of an answer",
            "constexpr std::size_t kTopics = 10'000;",
        )) + "\n")
        self.write("docs/configuration.md", '| `a.max_bytes` | size | `"128MiB"` | |\n| `a.count` | n | `16` | |\n'
                   .replace("| size |", "| size, 1 to 2 |"))

    def found_in(self, bounds, where):
        self.write("docs/limits.md", f"| what is bounded | bound | at | where |\n|---|---|---|---|\n"
                                     f"| it | {bounds} | refused | {where} |\n")
        return check_limits.findings(self.root)

    def test_accepts_what_is_so(self):
        self.assertEqual([], self.found_in("64 MiB", "`kBytes`, `src/a.h`"))
        self.assertEqual([], self.found_in("5 s to 7; 24 h; 10,000", "`kPatience`, `kLongest`, `kTopics`, `src/a.h`"))
        self.assertEqual([], self.found_in("1 MiB, a larger one alone", "`max_bytes`, `src/a.h`"))
        self.assertEqual([], self.found_in("128 MiB; 16", "`a.max_bytes`, `a.count`"))
        self.assertEqual([], self.found_in("one", "`src/a.h`"))

    def test_finds_another_value(self):
        self.assertEqual(["docs/limits.md:3: kBytes is 6.71089e+07, not 33554432.0"],
                         self.found_in("32 MiB", "`kBytes`, `src/a.h`"))
        self.assertEqual(1, len(self.found_in("5 ms", "`kPatience`, `src/a.h`")))
        self.assertEqual(1, len(self.found_in("17", "`a.count`")))

    def test_finds_what_is_not_there(self):
        self.assertEqual(["docs/limits.md:3: no kGone of a known value in src/a.h"],
                         self.found_in("1", "`kGone`, `src/a.h`"))
        self.assertEqual(["docs/limits.md:3: src/gone.h does not exist"], self.found_in("1", "`kBytes`, `src/gone.h`"))
        self.assertEqual(1, len(self.found_in("1", "`a.gone`")))
        self.assertEqual(["docs/limits.md:3: 2 values, but 1 names"], self.found_in("1; 2", "`kBytes`, `src/a.h`"))


if __name__ == "__main__":
    unittest.main()
