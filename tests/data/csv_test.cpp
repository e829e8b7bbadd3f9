#include "fanin/data/csv.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using namespace test;

Dataset load(const std::string& text, const std::string& label = "label", std::size_t classes = 0) {
  const TempFolder folder;
  return load_csv(folder.write("t.csv", text), label, classes);
}

void expect_rejected(ErrorKind kind, const std::vector<std::string>& parts, const std::string& text,
                     const std::string& label = "label", std::size_t classes = 0) {
  SCOPED_TRACE(text);
  expect_error(kind, parts, [&] { (void)load(text, label, classes); });
}

TEST(CsvReader, ColumnsBesideTheLabelAreFeatures) {
  const Dataset set = load("a,label,b\n1.5,2,-3e2\n.25,0,+4\n");
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.sample_shape(), Shape{2});
  EXPECT_EQ(set.classes(), 3U);
  EXPECT_FALSE(set.is_bytes());
  EXPECT_EQ(set.floats(0)[0], 1.5F);
  EXPECT_EQ(set.floats(0)[1], -300.0F);
  EXPECT_EQ(set.floats(1)[0], 0.25F);
  EXPECT_EQ(set.floats(1)[1], 4.0F);
  EXPECT_EQ(set.labels()[0], 2);
  EXPECT_EQ(set.labels()[1], 0);
  EXPECT_NE(set.name().find("t.csv"), std::string::npos);
}

TEST(CsvReader, LineEndsQuotesSpacesAndByteOrderMarkDoNotMatter) {
  for (const char* text :
       {"x,label\n7,1\n", "x,label\n7,1", "x,label\r\n7,1\r\n", "x,label\r\n7,1", "\xef\xbb\xbfx,label\n7,1\n",
        "\"x\",\"label\"\n\"7\",\"1\"\n", " x , label \n 7 ,\t1 \n", "x,label\n7,1.0\n", "x,label\n7,1\n\n\r\n\n"}) {
    const Dataset set = load(text);
    EXPECT_EQ(set.size(), 1U) << text;
    EXPECT_EQ(set.floats(0)[0], 7.0F) << text;
    EXPECT_EQ(set.labels()[0], 1) << text;
  }
}

TEST(CsvReader, QuotedNamesMayHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(load("\"a, b\",\"the \"\"label\"\"\"\n1,0\n", "the \"label\"").size(), 1U);
  EXPECT_EQ(load("\"two\nlines\",label\n1,0\n").size(), 1U);
  EXPECT_EQ(load("a,\"\"\"\"\"\"\n1,0\n", "\"\"").size(), 1U);
  // The line number counts the lines inside quotes.
  expect_rejected(ErrorKind::data, {"line 3: column 'two\\x0alines' is 'x'"}, "\"two\nlines\",label\nx,0\n");
}

TEST(CsvReader, UnknownLabelColumnSuggestsTheNearest) {
  expect_rejected(ErrorKind::usage, {"[csv]", "none of the 3 columns is named 'labl', did you mean 'label'?"},
                  "a,label,b\n1,0,2\n", "labl");
  expect_rejected(ErrorKind::usage, {"none of the 2 columns is named 'species'"}, "a,label\n1,0\n", "species");
  expect_rejected(ErrorKind::data, {"more than one column is named 'label'"}, "label,label\n1,0\n");
  expect_rejected(ErrorKind::data, {"no columns beside the labels"}, "label\n1\n");
}

TEST(CsvReader, EmptyTablesAreRejected) {
  expect_rejected(ErrorKind::data, {"t.csv: is empty"}, "");
  expect_rejected(ErrorKind::data, {"t.csv: is empty"}, "\n\n");
  expect_rejected(ErrorKind::data, {"t.csv: is empty"}, "\xef\xbb\xbf");
  expect_rejected(ErrorKind::data, {"has a header but no data rows"}, "a,label\n");
  expect_rejected(ErrorKind::data, {"has a header but no data rows"}, "a,label\r\n\r\n");
}

TEST(CsvReader, ATableWithoutHeaderIsRejected) {
  expect_rejected(ErrorKind::data, {"line 1: has only numbers, a header row"}, "1,0\n2,1\n", "1");
}

TEST(CsvReader, RaggedRowsAreRejectedWithLineAndCounts) {
  expect_rejected(ErrorKind::data, {"t.csv: line 3: has 1 fields, the header has 2"}, "a,label\n1,0\n1\n");
  expect_rejected(ErrorKind::data, {"line 2: has 3 fields, the header has 2"}, "a,label\n1,0,\n");
  expect_rejected(ErrorKind::data, {"line 3: is empty"}, "a,label\n1,0\n\n2,0\n");
  expect_rejected(ErrorKind::data, {"line 1: is empty"}, "\na,label\n1,0\n");
}

TEST(CsvReader, FieldsThatAreNoNumbersAreRejectedWithLineAndColumn) {
  for (const std::string field : {"x", "", " ", "1x", "0x10", "1 2", "nan", "inf", "-inf", "1e400", "1e39", "--1",
                                  "+-1", "+", "1;2", "?", "NA"}) {
    expect_rejected(ErrorKind::data, {"line 3: column 'a' is '" + field + "', allowed are finite float32 numbers"},
                    "a,label\r\n1,0\r\n" + field + ",0\r\n");
  }
  expect_rejected(ErrorKind::data, {"line 2: column 'label' is 'cat'"}, "a,label\n1,cat\n");
}

TEST(CsvReader, LabelsThatAreNoClassesAreRejected) {
  for (const std::string label : {"1.5", "-1", "3", "1e10"}) {
    expect_rejected(ErrorKind::data,
                    {"line 2: the label (column 'label') is '" + label + "', allowed are the integers 0 to 2"},
                    "a,label\n1," + label + "\n", "label", 3);
  }
  expect_rejected(ErrorKind::data, {"allowed are the integers 0 to 2147483646"}, "a,label\n1,2147483647\n");
  expect_rejected(ErrorKind::usage, {"classes given, at most"}, "a,label\n1,0\n", "label", ~std::size_t{0});
}

TEST(CsvReader, BadQuotesAndCarriageReturnsAreRejectedWithTheirLine) {
  expect_rejected(ErrorKind::data, {"line 2: a quote is never closed"}, "a,label\n\"1,0\n2,0\n");
  expect_rejected(ErrorKind::data, {"line 2: a quote inside a field"}, "a,label\n1\"2,0\n");
  expect_rejected(ErrorKind::data, {"line 2: something follows the closing quote"}, "a,label\n\"1\"2,0\n");
  expect_rejected(ErrorKind::data, {"line 1: a carriage return without a line feed"}, "a,label\r1,0\r");
}

TEST(CsvReader, MissingAndPackedFilesAreRejected) {
  const TempFolder folder;
  expect_error(ErrorKind::io, {"[csv]", "cannot be opened"},
               [&] { (void)load_csv((folder.path() / "none.csv").string(), "label"); });
  expect_error(ErrorKind::unsupported, {"is a gzip file, unpack it first"},
               [&] { (void)load_csv(folder.write("t.csv", gzipped("a,label\n1,0\n")), "label"); });
}

TEST(CsvReader, ManyRowsArriveInOrder) {
  std::string text = "label,x\n";
  for (int i = 0; i < 50000; ++i)
    text.append(std::to_string(i % 10)).append(",").append(std::to_string(i)).append("\n");
  const Dataset set = load(text);
  ASSERT_EQ(set.size(), 50000U);
  for (std::size_t i = 0; i < set.size(); ++i) {
    ASSERT_EQ(set.floats(i)[0], static_cast<float>(i));
    ASSERT_EQ(set.labels()[i], static_cast<std::int32_t>(i % 10));
  }
}

}  // namespace
}  // namespace fanin::data
