#include "fanin/data/find.h"

#include <algorithm>

#include "data/search.h"
#include "tests/data/files.h"

namespace fanin::data {
namespace {

namespace fs = std::filesystem;
using namespace test;

constexpr const char* kFour[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                 "t10k-labels-idx1-ubyte"};

TEST(CandidateFolders, DataDirComesFirstThenTheProgramsFoldersUpwardsThenTheBuiltInOnes) {
  const auto folders =
      candidate_folders("mnist", {"/given", "/opt/f/bin/fanin", {"/usr/local/share/fanin", "/src/data"}});
  const std::vector<fs::path> expected{"/given/mnist",
                                       "/opt/f/bin/data/mnist",
                                       "/opt/f/bin/share/fanin/mnist",
                                       "/opt/f/data/mnist",
                                       "/opt/f/share/fanin/mnist",
                                       "/opt/data/mnist",
                                       "/opt/share/fanin/mnist",
                                       "/data/mnist",
                                       "/share/fanin/mnist",
                                       "/usr/local/share/fanin/mnist",
                                       "/src/data/mnist"};
  EXPECT_EQ(folders, expected);
}

TEST(CandidateFolders, UnknownPlacesAreLeftOutAndRepeatedOnesListedOnce) {
  EXPECT_EQ(candidate_folders("m", {"", "", {"/a"}}), std::vector<fs::path>{"/a/m"});
  EXPECT_EQ(candidate_folders("m", {"/a", "", {"/a"}}), std::vector<fs::path>{"/a/m"});
}

TEST(CandidateFolders, ThisProcessKnowsItsProgram) {
  const SearchPlaces places = places_of_this_process();
  EXPECT_EQ(places.executable.filename(), "data_find_test");
  ASSERT_EQ(places.built_in.size(), 2U);
  EXPECT_TRUE(places.built_in[0].is_absolute());
  EXPECT_EQ(places.built_in[0].filename(), "fanin");
}

TEST(FindFourFiles, TheFirstCompleteFolderWinsPackedBeforePlain) {
  const TempFolder folder;
  for (const char* name : kFour) {
    folder.write(std::string("second/") + name, "");
    folder.write(std::string("third/") + name, "");
  }
  folder.write(std::string("first/") + kFour[0], "");
  folder.write(std::string("second/") + kFour[2] + ".gz", "");
  const fs::path& p = folder.path();
  const FourFiles files = find_four_files("mnist", {p / "none", p / "first", p / "second", p / "third"}, "");
  EXPECT_EQ(files[0], (p / "second" / kFour[0]).string());
  EXPECT_EQ(files[2], (p / "second" / kFour[2]).string() + ".gz");
}

TEST(FindFourFiles, TheErrorListsWhereItLookedAndWhatHelps) {
  const TempFolder folder;
  folder.write(std::string("half/") + kFour[0], "");
  folder.write(std::string("half/") + kFour[3], "");
  const std::string p = folder.path().string();
  expect_error(ErrorKind::io,
               {"[find] no files of the data set 'fashion-mnist' in " + p + "/none, " + p +
                    "/half (lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte); ",
                "; install it with: apt-get install dataset-fashion-mnist"},
               [&] {
                 (void)find_four_files("fashion-mnist", {p + "/none", p + "/half"},
                                       "install it with: apt-get install dataset-fashion-mnist");
               });
}

TEST(LoadNamed, UnknownNamesSuggestTheNearest) {
  expect_error(
      ErrorKind::usage,
      {"[find] no data set is named 'mnst', known are mnist, fashion-mnist, digits, digits_nudged, "
       "bars_and_stripes(2), bars_and_stripes(3), bars_and_stripes(4), bars_and_stripes(5), did you mean 'mnist'?"},
      [] { (void)load_named("mnst"); });
  expect_error(ErrorKind::usage, {"did you mean 'fashion-mnist'?"}, [] { (void)load_named("Fashion_MNIST"); });
  expect_error(ErrorKind::usage, {"no data set is named '../mnist'"}, [] { (void)load_named("../mnist"); });
  expect_error(ErrorKind::usage, {"no data set is named '', known are mnist, "}, [] { (void)load_named(""); });
}

TEST(LoadNamed, TheNamedSetsAreKnown) {
  EXPECT_EQ(named_datasets(),
            (std::vector<std::string>{"mnist", "fashion-mnist", "digits", "digits_nudged", "bars_and_stripes(2)",
                                      "bars_and_stripes(3)", "bars_and_stripes(4)", "bars_and_stripes(5)"}));
}

TEST(LoadNamed, DataDirIsUsedFirst) {
  const TempFolder folder;
  const std::string label(1, '\x04');
  folder.write(std::string("mnist/") + kFour[0], idx({1, 2, 2}, "abcd"));
  folder.write(std::string("mnist/") + kFour[1], idx({1}, label));
  folder.write(std::string("mnist/") + kFour[2], idx({1, 2, 2}, "efgh"));
  folder.write(std::string("mnist/") + kFour[3], idx({1}, label));
  ASSERT_EQ(setenv("FANIN_DATA_DIR", folder.path().c_str(), 1), 0);
  const Split split = load_named("mnist");
  EXPECT_EQ(split.train.size(), 1U);
  EXPECT_EQ(split.train.bytes(0)[0], 'a');
  EXPECT_EQ(split.test.bytes(0)[0], 'e');
  EXPECT_EQ(split.train.classes(), 10U);

  // What is there but bad is an error, not a reason to look elsewhere.
  folder.write(std::string("mnist/") + kFour[1], idx({1}, "\x0b"));
  expect_error(ErrorKind::data, {"[idx]", "the label of sample 0 is 11, allowed are 0 to 9"},
               [] { (void)load_named("mnist"); });
  unsetenv("FANIN_DATA_DIR");
}

}  // namespace
}  // namespace fanin::data
