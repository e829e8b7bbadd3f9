#include "fanin/io/model_files.h"

#include <fmt/format.h>

#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

const std::vector<float> kTwo{1.0F, 2.0F};

// Two files beside an index with this text; the message of opening it without its beginning, or "".
std::string opened(const std::string& index, bool accepted = false) {
  const TempDir dir;
  write_safetensors(dir / "a.safetensors", std::vector{f32_source("w", {2}, kTwo), f32_source("v", {1, 2}, kTwo)});
  write_safetensors(dir / "b.safetensors", std::vector{f32_source("u", {2}, kTwo)});
  put(dir / "m.safetensors.index.json", index);
  if (accepted) {
    const ModelFiles model = ModelFiles::open(dir / "m.safetensors.index.json");
    EXPECT_EQ(model.tensors().size(), 3U);
    EXPECT_EQ(model.files().size(), 2U);
    EXPECT_EQ(model.file_names()[1], "b.safetensors");
    EXPECT_EQ(model.bytes(*model.find("u")).size(), 8U);
    EXPECT_EQ(model.find("v")->shape, (Shape{1, 2}));
    EXPECT_EQ(model.find("x"), nullptr);
    return {};
  }
  const std::string message =
      message_of(ErrorKind::data, [&] { (void)ModelFiles::open(dir / "m.safetensors.index.json"); });
  const std::string prefix = "[index] " + (dir / "m.safetensors.index.json").string() + ": ";
  EXPECT_TRUE(message.starts_with(prefix)) << message;
  return message.substr(std::min(prefix.size(), message.size()));
}

std::string index_of(const std::string& map, int total = 24) {
  return fmt::format(R"({{"metadata": {{"total_size": {}}}, "weight_map": {{{}}}}})", total, map);
}

const std::string kMap = R"("w": "a.safetensors", "v": "a.safetensors", "u": "b.safetensors")";

TEST(ModelFiles, IndexJoinsItsFiles) {
  opened(index_of(kMap), true);
}

TEST(ModelFiles, OneFileIsAModelToo) {
  const TempDir dir;
  write_safetensors(dir / "a.safetensors", std::vector{f32_source("w", {2}, kTwo)});
  const ModelFiles model = ModelFiles::open(dir / "a.safetensors");
  EXPECT_EQ(model.tensors().size(), 1U);
  EXPECT_EQ(model.bytes(*model.find("w")).size(), 8U);
  EXPECT_FALSE(ModelFiles::names_an_index(dir / "a.safetensors"));
}

TEST(ModelFiles, IndexThatDisagreesWithItsFilesIsRejected) {
  EXPECT_EQ(opened(index_of(R"("w": "a.safetensors", "u": "b.safetensors")")),
            "a.safetensors has a tensor 'v' that the index does not place there");
  EXPECT_EQ(opened(index_of(R"("w": "b.safetensors", "v": "a.safetensors", "u": "b.safetensors")")),
            "a.safetensors has a tensor 'w' that the index does not place there");
  EXPECT_EQ(opened(index_of(kMap + R"(, "t": "b.safetensors")")),
            "tensor 't' should be in b.safetensors, which does not have it");
  EXPECT_EQ(opened(index_of(kMap, 25)), "total_size is 25, the tensors have 24 bytes");
}

TEST(ModelFiles, PathsAreNeverFollowed) {
  for (const char* file : {"../a.safetensors", "/etc/a.safetensors", "x/a.safetensors", "x\\\\a.safetensors", "",
                           ".a.safetensors", "..", "a.bin"}) {
    EXPECT_TRUE(contains(opened(index_of(fmt::format(R"("w": "{}")", file))), "without a path")) << file;
  }
}

TEST(ModelFiles, IndexOfAnotherFormIsRejected) {
  EXPECT_EQ(opened("[]"), "is not an object with metadata and weight_map");
  EXPECT_TRUE(contains(opened("{"), "not valid JSON"));
  EXPECT_EQ(opened(R"({"weight_map": {}})"), "has no metadata, an object");
  EXPECT_EQ(opened(R"({"metadata": {}, "weight_map": {}})"), "metadata have no total_size, a whole number of bytes");
  EXPECT_EQ(opened(R"({"metadata": {"total_size": -1}, "weight_map": {}})"),
            "metadata have no total_size, a whole number of bytes");
  EXPECT_EQ(opened(R"({"metadata": {"total_size": 0}})"), "has no weight_map, an object");
  EXPECT_EQ(opened(R"({"metadata": {"total_size": 0}, "weightmap": {}})"),
            "the index: unknown key 'weightmap', did you mean 'weight_map'?");
  EXPECT_EQ(opened(R"({"metadata": {"total_sise": 0}, "weight_map": {}})"),
            "metadata: unknown key 'total_sise', did you mean 'total_size'?");
  EXPECT_EQ(opened(index_of(kMap + R"(, "w": "b.safetensors")")), "key 'w' is there twice");
  EXPECT_EQ(opened(index_of(R"("w": 3)")), "the file of tensor 'w' is not a text");
}

TEST(ModelFiles, MissingFilesAreIoErrors) {
  const TempDir dir;
  put(dir / "m.index.json", index_of(R"("w": "gone.safetensors")"));
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { (void)ModelFiles::open(dir / "m.index.json"); }), "gone"));
  message_of(ErrorKind::io, [&] { (void)ModelFiles::open(dir / "n.index.json"); });
}

}  // namespace
}  // namespace fanin::io
