// config check, show and convert, as they are typed.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/command_line.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

class ConfigVerbsTest : public ::testing::Test {
 protected:
  ConfigVerbsTest() {
    directory_.write("config/local.toml",
                     "[source]\nbrokers = [\"a:1\"]\n[handler.settings]\npassword = \"hidden\"\n"
                     "[handler]\nmodule = \"mine\"\n[[topics]]\nname = \"orders\"\n");
    directory_.write("config/old.config",
                     "[{ductus, [{source_host, \"a\"}, {source_port, 1}, {callback_module, mine},\n"
                     "{topics, [{\"orders\", {}}]}]}, {sasl, []}].");
  }
  int run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    const ModuleFactory make = [](const Value&) -> Result<std::unique_ptr<Module>> {
      return std::make_unique<SomeModule>();
    };
    Surroundings around{
        out_, err_, [](const std::string&) { return std::nullopt; }, directory_.path(), {{"mine", make}}, {}};
    return run_command_line(std::move(arguments), around);
  }

  class SomeModule final : public Module {
   public:
    Result<std::unique_ptr<Handler>> init(const Context&, const Value&) override {
      return Error{ErrorCode::kCallback, "not called here"};
    }
  };

  test::TemporaryDirectory directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ConfigVerbsTest, CheckSaysInOneLineThatAllIsWell) {
  EXPECT_EQ(run({"config", "check", "old"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), "old: ok, 1 topic\n");
  EXPECT_EQ(err_.str(), "ductus: config/old.config:2:32: the settings of 'sasl' are not read\n");
}

TEST_F(ConfigVerbsTest, CheckTellsAllThatIsWrong) {
  EXPECT_EQ(run({"config", "check", "old", "--set", "log.level=loud", "--set", "lgo.level=x"}), 6);
  EXPECT_EQ(out_.str(), "");
  EXPECT_NE(err_.str().find("ductus: --set log.level: log.level: expected"), std::string::npos) << err_.str();
  EXPECT_NE(err_.str().find("ductus: --set lgo.level: unknown key 'lgo.level'; did you mean 'log.level'?"),
            std::string::npos)
      << err_.str();
  EXPECT_EQ(run({"config", "check", "old", "--set", "handler.module=mien"}), 6);
  EXPECT_NE(err_.str().find("did you mean 'mine'?"), std::string::npos) << err_.str();
  EXPECT_EQ(run({"config", "check", "missing"}), 6);
}

TEST_F(ConfigVerbsTest, ShowPrintsWhatCountsAndWhereItIsFrom) {
  EXPECT_EQ(run({"config", "show", "local", "--origin", "--set", "log.level=warn"}), 0) << err_.str();
  for (const char* line : {"handler_name = \"local\"  # default\n", "brokers = [\"a:1\"]  # config/local.toml:2:1\n",
                           "level = \"warn\"  # --set log.level\n", "settings = { password = \"***\" }  # "}) {
    EXPECT_NE(out_.str().find(line), std::string::npos) << line << "\n" << out_.str();
  }
  EXPECT_EQ(run({"config", "show", "local"}), 0);
  EXPECT_EQ(out_.str().find('#'), std::string::npos) << out_.str();
  EXPECT_EQ(out_.str().find("hidden"), std::string::npos);
}

TEST_F(ConfigVerbsTest, ConvertPrintsTomlThatSaysTheSame) {
  ASSERT_EQ(run({"config", "convert", "old"}), 0) << err_.str();
  EXPECT_EQ(out_.str(),
            "[source]\nbrokers = [\"a:1\"]\nmay_create_topics = true\n\n[handler]\nmodule = \"mine\"\n\n"
            "[[topics]]\nname = \"orders\"\ninit = []\n");
  directory_.write("config/new.toml", out_.str());
  EXPECT_EQ(run({"config", "check", "new"}), 0) << err_.str();
  EXPECT_EQ(run({"config", "convert", "new"}), 6);
  EXPECT_NE(err_.str().find("no file in Erlang terms"), std::string::npos) << err_.str();
}

TEST_F(ConfigVerbsTest, AnUnknownVerbOfTheGroupIsAnErrorOfUsage) {
  EXPECT_EQ(run({"config", "chekc", "local"}), 2);
  EXPECT_NE(err_.str().find("did you mean 'config check'?"), std::string::npos) << err_.str();
}

}  // namespace
}  // namespace ductus::cli
