"""Tests of tools/check_tidy.py."""

import unittest

from checkout_fixture import CheckoutTest

import check_tidy


class CheckTidyTest(CheckoutTest):
    def found_in(self, name, text):
        self.write(name, text)
        return [finding for finding in check_tidy.findings(self.root) if finding.startswith(name)]

    def test_is_content_with_ordinary_code(self):
        self.assertEqual([], self.found_in("src/base/a.cc", 'int two() {\n  return 2;  // "new" here is talk\n}\n'))

    def test_finds_long_lines(self):
        self.assertEqual([], self.found_in("src/base/a.cc", "x" * 120 + "\n"))
        self.assertEqual(["src/base/a.cc:1: 121 columns, at most 120"], self.found_in("src/base/a.cc", "x" * 121))

    def test_finds_long_functions_but_not_long_classes(self):
        body = "  call();\n" * 69
        self.assertEqual([], self.found_in("src/base/a.cc", "void f() {\n" + "  call();\n" * 68 + "}\n"))
        self.assertEqual(["src/base/b.cc:2: a function of 71 lines, at most 70"],
                         self.found_in("src/base/b.cc", "namespace n {\nvoid f(int a,\n  int b) {\n"
                                       .replace(",\n  ", ", ") + body + "}\n}\n"))
        self.assertEqual([], self.found_in("src/base/c.cc", "class C {\n" + body + "};\n"))

    def test_counts_a_function_with_lambdas_and_branches_once(self):
        text = "void f() {\n  if (a) {\n    run([] {\n" + "  call();\n" * 80 + "    });\n  }\n}\n"
        self.assertEqual(["src/base/a.cc:1: a function of 86 lines, at most 70"], self.found_in("src/base/a.cc", text))

    def test_is_not_misled_by_braces_in_text(self):
        text = 'void f() {\n  say("{");  // {\n  say(R"(}})");\n  put(\'{\');\n}\n' + "int x;\n" * 80
        self.assertEqual([], self.found_in("src/base/a.cc", text))

    def test_finds_long_files_and_full_folders(self):
        self.assertTrue(self.found_in("src/base/a.cc", "\n" * 701))
        for number in range(25):
            self.write(f"src/net/f{number}.h", "#pragma once\n")
        self.assertIn("src/net: 25 files, at most 24", check_tidy.findings(self.root))

    def test_bans_sleeping_in_tests_only(self):
        self.assertTrue(self.found_in("tests/unit/a_test.cc", "std::this_thread::sleep_for(1s);\n"))
        self.assertTrue(self.found_in("tests/unit/b_test.cc", "usleep(5);\n"))
        self.assertEqual([], self.found_in("src/base/a.cc", "std::this_thread::sleep_for(1s);\n"))

    def test_bans_raw_new_rand_and_printf_in_src(self):
        for code in ("auto* a = new A;", "int i = std::rand();", 'printf("x");', 'std::fprintf(stderr, "x");'):
            self.assertTrue(self.found_in("src/base/a.cc", code + "\n"), code)
        for code in ("return std::unique_ptr<A>(\n    new A(1));", "std::unique_ptr<A> a(new A);", "int renew = 1;",
                     'std::snprintf(at, 3, "x");'):
            self.assertEqual([], self.found_in("src/base/a.cc", code + "\n"), code)
        self.assertEqual([], self.found_in("src/base/assert.cc", 'std::fprintf(stderr, "x");\n'))

    def test_bans_talk_that_ages(self):
        for words in ("TO" + "DO later", "see issue " + "#12", "/wor" + "k/main/x", "http://deb.debian" + ".org/"):
            self.assertTrue(self.found_in("docs/a.md", f"{words}\n"), words)
        self.assertEqual([], self.found_in("docs/a.md", "Prefix #1 of the work/ folder, an issue of trust.\n"))

    def test_wants_the_files_that_the_architecture_names(self):
        self.write("src/net/socket.h", "")
        found = self.found_in("docs/architecture.md", "`net/socket.h`, `src/net`, `socket.h`, `run/NAME`, `a.toml`\n"
                              "`net/gone.h`, `src/gone/`, `gone.cc`\n")
        self.assertEqual([f"docs/architecture.md:2: `{name}` does not exist"
                          for name in ("net/gone.h", "src/gone/", "gone.cc")], found)

    def test_ignores_binary_files_and_corpora(self):
        (self.root / "a.bin").write_bytes(b"\0TO" + b"DO")
        self.assertEqual([], self.found_in("fuzz/corpus/a/1.cc", "x" * 200))
        self.assertEqual([], check_tidy.findings(self.root))


class FunctionsTest(unittest.TestCase):
    def lengths(self, code):
        return list(check_tidy.functions(code))

    def test_sees_members_constructors_and_operators(self):
        self.assertEqual([(2, 2)], self.lengths("class A {\n  int f() const {\n  }\n};\n"))
        self.assertEqual([(2, 3)], self.lengths("A::A(int b)\n    : b_(b) {\n  g();\n}\n"))
        self.assertEqual([(1, 1)], self.lengths("bool operator==(A a) { return true; }\n"))

    def test_sees_no_function_in_tables_and_types(self):
        self.assertEqual([], self.lengths("constexpr int kTable[] = {\n1,\n2,\n};\nenum class E {\n kA,\n};\n"))


if __name__ == "__main__":
    unittest.main()
