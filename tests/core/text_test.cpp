#include "fanin/core/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fanin {
namespace {

using Parts = std::vector<std::string>;

const std::vector<std::string> kSchemes{"xavier_uniform", "xavier_normal", "kaiming_normal", "zeros", "lsuv"};

TEST(NearestName, FindsASlip) {
  EXPECT_EQ(nearest_name("xavier_unifrom", kSchemes), "xavier_uniform");
  EXPECT_EQ(nearest_name("zeroes", kSchemes), "zeros");
  EXPECT_EQ(nearest_name("trian", std::vector<std::string>{"lab", "train"}), "train");
  EXPECT_EQ(nearest_name("kaimingnormal", kSchemes), "kaiming_normal");
}

TEST(NearestName, IgnoresCase) {
  EXPECT_EQ(nearest_name("LSUV", kSchemes), "lsuv");
  EXPECT_EQ(nearest_name("Xavier_Normal", kSchemes), "xavier_normal");
}

TEST(NearestName, TheFirstOfEquallyNearNamesWins) {
  EXPECT_EQ(nearest_name("abcd", std::vector<std::string>{"abcx", "abcy"}), "abcx");
  EXPECT_EQ(nearest_name("abcd", std::vector<std::string>{"abcy", "abcx"}), "abcy");
}

TEST(NearestName, AThirdOfTheLongerWordIsTheLimit) {
  EXPECT_EQ(nearest_name("abcxyz", std::vector<std::string>{"abcdyy"}), "abcdyy");
  EXPECT_EQ(nearest_name("abcxyz", std::vector<std::string>{"abcdef"}), std::nullopt);
}

TEST(NearestName, FarNamesAndNothingToChooseFromGiveNothing) {
  EXPECT_EQ(nearest_name("orthogonal", kSchemes), std::nullopt);
  EXPECT_EQ(nearest_name("", kSchemes), std::nullopt);
  EXPECT_EQ(nearest_name("zeros", {}), std::nullopt);
}

TEST(NearestName, AnAbsurdlyLongNameGivesNothing) {
  const std::string near_limit(64, 'a');
  EXPECT_EQ(nearest_name(near_limit, std::vector<std::string>{near_limit + "b"}), near_limit + "b");
  EXPECT_EQ(nearest_name(near_limit + "c", std::vector<std::string>{near_limit}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(1 << 20, 'a'), kSchemes), std::nullopt);
}

TEST(DidYouMean, IsTheEndOfASentenceOrEmpty) {
  EXPECT_EQ(did_you_mean("xavier_unifrom", kSchemes), ", did you mean 'xavier_uniform'?");
  EXPECT_EQ(did_you_mean("orthogonal", kSchemes), "");
}

TEST(ParseNumber, ReadsTheWholeText) {
  EXPECT_EQ(parse_number("0.01"), 0.01);
  EXPECT_EQ(parse_number("-2"), -2.0);
  EXPECT_EQ(parse_number("1e-3"), 0.001);
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("5e-324"), 5e-324);
}

TEST(ParseNumber, RejectsWhatIsNoFiniteNumberOrMoreThanOne) {
  for (const char* text : {"",   " ", " 1", "1 ",  "1,5",  "1.5x", "0x10",     "+1",    "--1",    "1e",
                           "e5", ".", "-",  "inf", "-inf", "nan",  "infinity", "1e400", "-1e400", "1 2"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << '\'' << text << '\'';
  }
}

TEST(ParseNumber, AZeroByteIsNotTheEndOfTheText) {
  EXPECT_EQ(parse_number({"1\0", 2}), std::nullopt);
}

TEST(ParseUnsigned, ReadsUpTo64Bits) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("007"), 7U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), 18446744073709551615U);
}

TEST(ParseUnsigned, RejectsSignsFractionsAndOverflow) {
  for (const char* text : {"", "-1", "-0", "+1", "1.0", "1e3", " 1", "1 ", "0x10", "a", "18446744073709551616",
                           "99999999999999999999999"}) {
    EXPECT_EQ(parse_unsigned(text), std::nullopt) << '\'' << text << '\'';
  }
}

TEST(Trimmed, DropsWhiteSpaceAtTheEndsOnly) {
  EXPECT_EQ(trimmed(" \t a b \r\n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(SplitOutsideParentheses, SplitsAndTrims) {
  EXPECT_EQ(split_outside_parentheses("a, f(1, 2)", ','), (Parts{"a", "f(1, 2)"}));
  EXPECT_EQ(split_outside_parentheses("f(g(1, 2), 3) , b", ','), (Parts{"f(g(1, 2), 3)", "b"}));
  EXPECT_EQ(split_outside_parentheses("a", ','), (Parts{"a"}));
}

TEST(SplitOutsideParentheses, KeepsEmptyParts) {
  EXPECT_EQ(split_outside_parentheses("", ','), (Parts{""}));
  EXPECT_EQ(split_outside_parentheses("a,,b,", ','), (Parts{"a", "", "b", ""}));
}

TEST(SplitOutsideParentheses, AnUnmatchedParenthesisEndsTheSplitting) {
  EXPECT_EQ(split_outside_parentheses("a, f(1, 2", ','), (Parts{"a", "f(1, 2"}));
  EXPECT_EQ(split_outside_parentheses("a, b), c", ','), (Parts{"a", "b), c"}));
}

}  // namespace
}  // namespace fanin
