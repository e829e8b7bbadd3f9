#include "fanin/core/error.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "fanin/core/version.h"

namespace fanin {
namespace {

TEST(Error, MessageIsThePlaceInBracketsAndTheSentence) {
  const Error error(ErrorKind::data, "idx", "train.gz: file ends after 41250 images");
  EXPECT_STREQ(error.what(), "[idx] train.gz: file ends after 41250 images");
}

TEST(Error, KeepsItsKindThroughABaseClassCatch) {
  for (const ErrorKind kind :
       {ErrorKind::usage, ErrorKind::data, ErrorKind::numeric, ErrorKind::io, ErrorKind::unsupported}) {
    try {
      throw Error(kind, "place", "sentence");
    } catch (const std::runtime_error& caught) {
      const auto* error = dynamic_cast<const Error*>(&caught);
      ASSERT_NE(error, nullptr);
      EXPECT_EQ(error->kind(), kind);
    }
  }
}

TEST(Error, BracesInTheSentenceAreTextAndNoFormat) {
  EXPECT_STREQ(Error(ErrorKind::usage, "{0}", "unknown key '{}'").what(), "[{0}] unknown key '{}'");
}

TEST(Version, IsThreeNumbersWithDots) {
  int dots = 0;
  for (const char c : version()) {
    dots += c == '.' ? 1 : 0;
    EXPECT_TRUE(c == '.' || (c >= '0' && c <= '9')) << version();
  }
  EXPECT_EQ(dots, 2) << version();
}

}  // namespace
}  // namespace fanin
