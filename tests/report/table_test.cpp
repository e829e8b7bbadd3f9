#include "fanin/report/table.h"

#include <gtest/gtest.h>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

Table small_table() {
  Table table;
  table.column("init", Table::Align::left);
  table.column("test\naccuracy %");
  table.row({"zeros", "11.35"});
  table.row({"he_normal", "97.9"});
  return table;
}

TEST(Table, TextAlignsColumnsAndEndsNoLineWithASpace) {
  EXPECT_EQ(small_table().text(),
            "                 test\n"
            "init       accuracy %\n"
            "---------  ----------\n"
            "zeros           11.35\n"
            "he_normal        97.9\n");
}

TEST(Table, HeadingsOfOneLineTakeOneLine) {
  Table table;
  table.column("a", Table::Align::left);
  table.column("b", Table::Align::left);
  table.row({"1", ""});
  EXPECT_EQ(table.text(), "a  b\n-  -\n1\n");
}

TEST(Table, WidthCountsCharactersNotBytes) {
  Table table;
  table.column("x");
  table.column("y");
  table.row({"\xCF\x83", "1"});  // one Greek letter of two bytes
  table.row({"ab", "2"});
  EXPECT_EQ(table.text(), " x  y\n--  -\n \xCF\x83  1\nab  2\n");
}

TEST(Table, MarkdownJoinsHeadingLinesAndMarksTheAlignment) {
  EXPECT_EQ(small_table().markdown(),
            "| init | test accuracy % |\n"
            "|---|---:|\n"
            "| zeros | 11.35 |\n"
            "| he_normal | 97.9 |\n");
}

TEST(Table, RowOfAnotherLengthIsRejected) {
  Table table = small_table();
  for (const std::vector<std::string>& cells : {std::vector<std::string>{"a"}, {"a", "b", "c"}, {}}) {
    try {
      table.row(cells);
      ADD_FAILURE() << cells.size() << " cells were taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
      EXPECT_NE(std::string(e.what()).find("2 columns"), std::string::npos) << e.what();
    }
  }
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
  EXPECT_EQ(csv_field("he_normal"), "he_normal");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("normal(0,1)"), "\"normal(0,1)\"");
  EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace fanin::report
