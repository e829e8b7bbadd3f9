// Files with random damage: each reader returns a valid data set or throws fanin::Error, never anything else.
#include <functional>
#include <random>

#include "fanin/data/csv.h"
#include "fanin/data/idx.h"
#include "fanin/data/npy.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using namespace test;

// One to four damages: a byte replaced, a bit flipped, a cut, an insertion, a piece repeated.
std::string damaged(std::string content, std::mt19937& engine) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(engine()) % n; };
  for (std::size_t i = 1 + below(4); i > 0 && !content.empty(); --i) {
    const std::size_t at = below(content.size());
    switch (below(6)) {
      case 0:
        content[at] = static_cast<char>(below(256));
        break;
      case 1:
        content[at] = static_cast<char>(content[at] ^ (1 << below(8)));
        break;
      case 2:
        content.resize(at);
        break;
      case 3:
        content.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 4:
        content.insert(at, content.substr(at, 1 + below(16)));
        break;
      default:
        content[at] = "\xff\x00\x7f\x80"[below(4)];
        break;
    }
  }
  return content;
}

void expect_valid_or_error(const std::string& content, std::size_t rounds,
                           const std::function<Dataset(const std::string& content)>& load) {
  std::mt19937 engine(20240607);
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    try {
      const Dataset set = load(damaged(content, engine));
      const auto last = static_cast<std::uint32_t>(set.size() - 1);
      std::vector<float> row(set.features());
      set.gather({&last, 1}, {row.data(), 1, row.size()});
      ++accepted;
    } catch (const Error&) {
      ++rejected;
    }
  }
  EXPECT_EQ(accepted + rejected, rounds);
  EXPECT_GT(rejected, 0U);
}

const std::string kImages = idx({4, 3, 2}, ramp(24));
const std::string kLabels = idx({4}, std::string("\x02\x00\x01\x02", 4));

TEST(Mutation, IdxImages) {
  const TempFolder folder;
  const std::string labels = folder.write("l", kLabels);
  expect_valid_or_error(kImages, 2000,
                        [&](const std::string& c) { return load_idx(folder.write("i", c), labels, "x"); });
}

TEST(Mutation, IdxLabels) {
  const TempFolder folder;
  const std::string images = folder.write("i", kImages);
  expect_valid_or_error(kLabels, 2000,
                        [&](const std::string& c) { return load_idx(images, folder.write("l", c), "x"); });
}

TEST(Mutation, GzippedIdx) {
  const TempFolder folder;
  const std::string labels = folder.write("l", kLabels);
  expect_valid_or_error(gzipped(kImages), 2000,
                        [&](const std::string& c) { return load_idx(folder.write("i", c), labels, "x"); });
}

TEST(Mutation, NpyFeatures) {
  const TempFolder folder;
  const std::string labels = folder.write("y", npy(npy_header("|u1", "(2,)"), std::string("\x01\x00", 2)));
  for (const char* descr : {"<f4", "<i8"}) {
    const std::string content = npy(npy_header(descr, "(2, 2)"), ramp(descr[2] == '4' ? 16 : 32));
    expect_valid_or_error(content, 2000, [&](const std::string& c) { return load_npy(folder.write("x", c), labels); });
  }
}

TEST(Mutation, NpyLabels) {
  const TempFolder folder;
  const std::string features = folder.write("x", npy(npy_header("|u1", "(2, 2)"), "abcd"));
  expect_valid_or_error(npy(npy_header("<i4", "(2,)"), raw<std::int32_t>({1, 0})), 2000,
                        [&](const std::string& c) { return load_npy(features, folder.write("y", c)); });
}

TEST(Mutation, Csv) {
  const TempFolder folder;
  expect_valid_or_error("a,\"b \"\"c\"\"\",label\r\n1.5,2,0\n\"3\",-4e2,1\n+5,.6,2\n", 4000,
                        [&](const std::string& c) { return load_csv(folder.write("t", c), "label"); });
}

}  // namespace
}  // namespace fanin::data
