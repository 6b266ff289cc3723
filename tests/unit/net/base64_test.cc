#include "net/base64.h"

#include <gtest/gtest.h>

namespace ductus::net {
namespace {

// Source: RFC 4648, section 10.
TEST(Base64, IsThatOfTheStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string("\0\xfb\xff", 3)), "APv/");
}

TEST(Base64, IsOneLineHoweverLong) { EXPECT_EQ(base64(std::string(3000, '\0')), std::string(4000, 'A')); }

}  // namespace
}  // namespace ductus::net
