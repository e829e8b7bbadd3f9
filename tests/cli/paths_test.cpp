#include "cli/paths.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/io/io_test_support.h"

namespace fanin::cli {
namespace {

class PathsTest : public testing::Test {
 protected:
  PathsTest() { io::put(folder_ / "there", "x"); }
  [[nodiscard]] std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }

  static void expect_rejected(const std::string& output, const std::string& other) {
    const std::string twice = io::message_of(ErrorKind::usage, [&] {
      require_distinct({{"--one", output}, {"--two", other}}, {});
    });
    EXPECT_TRUE(io::contains(twice, "--one")) << twice;
    EXPECT_TRUE(io::contains(twice, "--two")) << twice;
    const std::string input = io::message_of(ErrorKind::usage, [&] {
      require_distinct({{"--one", output}}, {{"--in", other}});
    });
    EXPECT_TRUE(io::contains(input, "--in")) << input;
  }

  io::TempDir folder_;
};

TEST_F(PathsTest, EqualPathsAreRejected) {
  expect_rejected(in_folder("there"), in_folder("there"));
  expect_rejected(in_folder("new"), in_folder("new"));
  expect_rejected("new-in-the-working-directory", "new-in-the-working-directory");
}

TEST_F(PathsTest, OtherSpellingsAreRejected) {
  for (const char* name : {"there", "new"}) {
    expect_rejected(in_folder(name), in_folder(std::string("./") + name));
    expect_rejected(in_folder(name), in_folder(std::string("../") + folder_.path().filename().string() + "/" + name));
  }
  expect_rejected("new", "./new");
  expect_rejected("new", (std::filesystem::current_path() / "new").string());
}

TEST_F(PathsTest, LinksToTheSameFileAreRejected) {
  std::filesystem::create_symlink("there", folder_ / "link");
  std::filesystem::create_symlink(folder_.path(), folder_ / "folder");
  expect_rejected(in_folder("there"), in_folder("link"));
  expect_rejected(in_folder("link"), in_folder("there"));
  expect_rejected(in_folder("new"), in_folder("folder/new"));
}

TEST_F(PathsTest, DifferentFilesAreAccepted) {
  io::put(folder_ / "other", "x");
  EXPECT_NO_THROW(require_distinct({{"--one", in_folder("there")}, {"--two", in_folder("new")}},
                                   {{"--in", in_folder("other")}, {"--config", ""}}));
}

TEST_F(PathsTest, FilesThatWereNotGivenAreNotEqual) {
  EXPECT_NO_THROW(require_distinct({{"--one", ""}, {"--two", ""}}, {{"--in", ""}}));
}

TEST_F(PathsTest, TwoInputsMayBeOneFile) {
  EXPECT_NO_THROW(
      require_distinct({{"--one", in_folder("new")}}, {{"--a", in_folder("there")}, {"--b", in_folder("there")}}));
}

TEST_F(PathsTest, DevicesTakeAnyNumberOfOutputs) {
  for (const char* device : {"/dev/null", "/dev/stdout", "/proc/self/fd/1"}) {
    EXPECT_NO_THROW(require_distinct({{"--one", device}, {"--two", device}}, {{"--in", device}}));
  }
}

}  // namespace
}  // namespace fanin::cli
