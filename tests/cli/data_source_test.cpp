#include "cli/data_source.h"

#include <gtest/gtest.h>

#include "tests/data/files.h"

namespace fanin::cli {
namespace {

using data::test::expect_error;

// A source with some fields set.
DataSource from(const std::vector<std::pair<std::string DataSource::*, std::string>>& fields) {
  DataSource source;
  for (const auto& [field, value] : fields) source.*field = value;
  return source;
}

class DataSourceTest : public testing::Test {
 protected:
  DataSourceTest() {
    for (const char* part : {"train", "test"}) {
      const bool train = std::string(part) == "train";
      const std::uint32_t n = train ? 4 : 2;
      const std::string name(part);
      images_[train ? 0 : 1] = folder_.write(name + "-images", data::test::idx({n, 2, 2}, data::test::ramp(n * 4)));
      labels_[train ? 0 : 1] = folder_.write(name + "-labels", data::test::idx({n}, std::string(n, '\1')));
      csv_[train ? 0 : 1] = folder_.write(name + ".csv", train ? "a,label\n1,0\n2,1\n3,0\n" : "a,label\n1,0\n");
    }
    npy_images_ = folder_.write(
        "x.npy", data::test::npy(data::test::npy_header("<f4", "(2, 3)"), data::test::raw<float>({1, 2, 3, 4, 5, 6})));
    npy_labels_ = folder_.write(
        "y.npy", data::test::npy(data::test::npy_header("<i4", "(2,)"), data::test::raw<std::int32_t>({0, 1})));
  }

  data::test::TempFolder folder_;
  std::string images_[2];
  std::string labels_[2];
  std::string csv_[2];
  std::string npy_images_;
  std::string npy_labels_;
};

TEST_F(DataSourceTest, IdxPairs) {
  DataSource s = from({{&DataSource::images, images_[0]},
                       {&DataSource::labels, labels_[0]},
                       {&DataSource::test_images, images_[1]},
                       {&DataSource::test_labels, labels_[1]}});
  const LoadedData loaded = load(s);
  EXPECT_EQ(loaded.name, images_[0]);
  EXPECT_EQ(loaded.train.size(), 4U);
  ASSERT_TRUE(loaded.test);
  EXPECT_EQ(loaded.test->size(), 2U);
  EXPECT_EQ(load_for_test(s).size(), 2U);
}

TEST_F(DataSourceTest, WithoutTestFilesTheTrainingFilesAreJudged) {
  DataSource s = from({{&DataSource::images, images_[0]}, {&DataSource::labels, labels_[0]}});
  EXPECT_FALSE(load(s).test);
  EXPECT_EQ(load_for_test(s).size(), 4U);
  s = from({{&DataSource::csv, csv_[0]}});
  EXPECT_FALSE(load(s).test);
  EXPECT_EQ(load_for_test(s).size(), 3U);
}

TEST_F(DataSourceTest, NpyIsToldByItsName) {
  const LoadedData loaded = load(from({{&DataSource::images, npy_images_}, {&DataSource::labels, npy_labels_}}));
  EXPECT_EQ(loaded.train.features(), 3U);
  EXPECT_FALSE(loaded.train.is_bytes());
}

TEST_F(DataSourceTest, NameIsUtf8WhateverThePathIs) {
  const std::string bad = folder_.write(
      "donn\xe9"
      "es.csv",
      "a,label\n1,0\n2,1\n");
  EXPECT_TRUE(load(from({{&DataSource::csv, bad}}))
                  .name.ends_with("donn\xEF\xBF\xBD"
                                  "es.csv"));
  const std::string good = folder_.write(
      "donn\xC3\xA9"
      "es \"1\".csv",
      "a,label\n1,0\n2,1\n");
  EXPECT_EQ(load(from({{&DataSource::csv, good}})).name, good);
}

TEST_F(DataSourceTest, CsvWithTestCsv) {
  const LoadedData loaded = load(from({{&DataSource::csv, csv_[0]}, {&DataSource::test_csv, csv_[1]}}));
  EXPECT_EQ(loaded.train.size(), 3U);
  ASSERT_TRUE(loaded.test);
  EXPECT_EQ(loaded.test->size(), 1U);
}

TEST_F(DataSourceTest, TestFilesAloneAreEnoughForJudging) {
  EXPECT_EQ(
      load_for_test(from({{&DataSource::test_images, images_[1]}, {&DataSource::test_labels, labels_[1]}})).size(), 2U);
  EXPECT_EQ(load_for_test(from({{&DataSource::test_csv, csv_[1]}})).size(), 1U);
}

TEST_F(DataSourceTest, HalfAPairIsRejected) {
  expect_error(ErrorKind::usage, {"--images", "--labels"}, [&] {
    (void)load(from({{&DataSource::images, images_[0]}}));
  });
  expect_error(ErrorKind::usage, {"--images", "--labels"}, [&] {
    (void)load(from({{&DataSource::labels, labels_[0]}}));
  });
  expect_error(ErrorKind::usage, {"--test-images", "--test-labels"}, [&] {
    (void)load(from({{&DataSource::images, images_[0]},
                     {&DataSource::labels, labels_[0]},
                     {&DataSource::test_images, images_[1]}}));
  });
  expect_error(ErrorKind::usage, {"--test-images", "--test-labels"}, [&] {
    (void)load_for_test(from({{&DataSource::test_labels, labels_[1]}}));
  });
}

TEST_F(DataSourceTest, TwoSourcesOfTrainingDataAreRejected) {
  expect_error(ErrorKind::usage, {"--images", "--csv"}, [&] {
    (void)load(
        from({{&DataSource::images, images_[0]}, {&DataSource::labels, labels_[0]}, {&DataSource::csv, csv_[0]}}));
  });
}

TEST_F(DataSourceTest, TestFilesWithoutTrainingFilesAreRejectedForTraining) {
  expect_error(ErrorKind::usage, {"training"}, [&] {
    (void)load(from({{&DataSource::test_images, images_[1]}, {&DataSource::test_labels, labels_[1]}}));
  });
  expect_error(ErrorKind::usage, {"training"}, [&] { (void)load(from({{&DataSource::test_csv, csv_[1]}})); });
}

TEST_F(DataSourceTest, UnknownNameSuggestsTheNearest) {
  expect_error(ErrorKind::usage, {"'mnst'", "'mnist'"}, [&] { (void)load(from({{&DataSource::data, "mnst"}})); });
}

TEST_F(DataSourceTest, ImagesAndLabelsInTheWrongOrderAreRejected) {
  expect_error(ErrorKind::data, {"train-labels"}, [&] {
    (void)load(from({{&DataSource::images, labels_[0]}, {&DataSource::labels, images_[0]}}));
  });
}

}  // namespace
}  // namespace fanin::cli
