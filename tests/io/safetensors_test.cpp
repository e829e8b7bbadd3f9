#include "fanin/io/safetensors.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <limits>
#include <random>

#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

std::string with_length(std::uint64_t length, std::string_view rest) {
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  file += rest;
  return file;
}

std::string file_of(std::string_view header, std::string_view data) {
  return with_length(header.size(), header).append(data);
}

std::string entry(std::string_view name, std::string_view dtype, std::string_view shape, int begin, int end) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, dtype, shape, begin, end);
}

std::string braced(std::string_view entries) {
  return fmt::format("{{{}}}", entries);
}

// What opening a file of this content says; the kind must be `data`.
std::string rejection(std::string_view content) {
  const TempDir dir;
  put(dir / "f", content);
  const std::string message = message_of(ErrorKind::data, [&] { (void)SafetensorsFile::open(dir / "f"); });
  const std::string prefix = "[safetensors] " + (dir / "f").string() + ": ";
  EXPECT_TRUE(message.starts_with(prefix)) << message;
  return message.substr(std::min(prefix.size(), message.size()));
}

std::string header_rejection(std::string_view header, std::size_t data_bytes = 0) {
  return rejection(file_of(header, std::string(data_bytes, 'd')));
}

SafetensorsFile opened(const TempDir& dir, std::string_view content) {
  put(dir / "f", content);
  return SafetensorsFile::open(dir / "f");
}

const std::vector<float> kWeights{1.0F, -2.5F, 3.25F, 0.0F, 1e-40F, std::numeric_limits<float>::infinity()};
const std::vector<float> kBias{0.5F, -0.0F};

std::vector<TensorSource> small_network() {
  return {f32_source("fc1.weight", {2, 3}, kWeights), f32_source("fc1.bias", {2}, kBias)};
}

TEST(Safetensors, RoundTripKeepsTensorsAndMetadata) {
  const TempDir dir;
  const std::map<std::string, std::string> metadata{{"seed", "42"}, {"note", "line\n\"quoted\" \xC3\xA9"}};
  write_safetensors(dir / "f", small_network(), metadata);
  const auto file = SafetensorsFile::open(dir / "f");
  EXPECT_EQ(file.metadata(), metadata);
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "fc1.weight");
  EXPECT_EQ(file.tensors()[1].name, "fc1.bias");
  EXPECT_EQ(file.tensors()[0].shape, (Shape{2, 3}));
  std::vector<float> weights(6);
  file.read_f32("fc1.weight", {2, 3}, weights);
  EXPECT_EQ(std::memcmp(weights.data(), kWeights.data(), 24), 0);
  EXPECT_EQ(file.bytes(*file.find("fc1.bias")).size(), 8U);
  EXPECT_EQ(std::memcmp(file.bytes(*file.find("fc1.bias")).data(), kBias.data(), 8), 0) << "-0 keeps its sign";
  EXPECT_EQ(file.find("fc1"), nullptr);
}

TEST(Safetensors, WrittenBytesAreTheseExactly) {
  const TempDir dir;
  write_safetensors(dir / "f", std::vector{f32_source("w", {2}, kBias)}, {{"b", "2"}, {"a", "1"}});
  const std::string header =
      R"({"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  std::string padded = header;
  while (padded.size() % 8 != 0) padded += ' ';
  EXPECT_EQ(get(dir / "f"), file_of(padded, std::string_view("\0\0\0\x3F\0\0\0\x80", 8)));
}

TEST(Safetensors, EveryHeaderLengthIsPaddedToEightBytes) {
  const TempDir dir;
  for (std::size_t n = 1; n <= 9; ++n) {
    write_safetensors(dir / "f", std::vector{f32_source(std::string(n, 'w'), {2}, kBias)});
    const std::string file = get(dir / "f");
    EXPECT_EQ(static_cast<unsigned char>(file[0]) % 8, 0);
    std::vector<float> values(2);
    SafetensorsFile::open(dir / "f").read_f32(std::string(n, 'w'), {2}, values);
    EXPECT_EQ(values, kBias);
  }
}

TEST(Safetensors, EmptyFileScalarAndEmptyTensorAreValid) {
  const TempDir dir;
  write_safetensors(dir / "none", {});
  EXPECT_TRUE(SafetensorsFile::open(dir / "none").tensors().empty());
  const std::vector<float> one{7.0F};
  write_safetensors(dir / "f", std::vector{f32_source("empty", {0, 5}, {}), f32_source("scalar", {}, one),
                                           f32_source("empty2", {3, 0}, {})});
  const auto file = SafetensorsFile::open(dir / "f");
  ASSERT_EQ(file.tensors().size(), 3U);
  std::vector<float> value(1);
  file.read_f32("scalar", {}, value);
  EXPECT_EQ(value, one);
  file.read_f32("empty", {0, 5}, {});
}

TEST(Safetensors, GeneratedTensorEqualsTheOneInMemory) {
  const TempDir dir;
  std::vector<float> values(100000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const Shape shape{1000, 100};
  write_safetensors(dir / "a", std::vector{f32_source("w", shape, values)});
  TensorSource source{.name = "w", .dtype = DType::f32, .shape = shape};
  source.generate = [&](TensorSource::Sink sink) {
    for (std::size_t i = 0; i < values.size(); i += 500) sink(std::as_bytes(std::span(values).subspan(i, 500)));
  };
  write_safetensors(dir / "b", std::vector{source});
  EXPECT_EQ(get(dir / "a"), get(dir / "b"));
}

TEST(Safetensors, WiderTypesLieFirstSoThatAllAreAligned) {
  const TempDir dir;
  const std::array<std::byte, 24> raw{};
  const std::span<const std::byte> all(raw);
  write_safetensors(
      dir / "f", std::vector<TensorSource>{{.name = "u8", .dtype = DType::u8, .shape = {3}, .bytes = all.first(3)},
                                           {.name = "f32", .dtype = DType::f32, .shape = {3}, .bytes = all.first(12)},
                                           {.name = "i64", .dtype = DType::i64, .shape = {3}, .bytes = all},
                                           {.name = "f32b", .dtype = DType::f32, .shape = {1}, .bytes = all.first(4)}});
  const auto file = SafetensorsFile::open(dir / "f");
  std::vector<std::string> names;
  for (const TensorInfo& info : file.tensors()) {
    names.push_back(info.name);
    EXPECT_EQ(info.begin % (dtype_bits(info.dtype) / 8), 0U);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"i64", "f32", "f32b", "u8"}));
}

TEST(Safetensors, CopiesShareTheMappingAndOutliveTheOriginal) {
  const TempDir dir;
  write_safetensors(dir / "f", small_network());
  auto original = std::make_unique<SafetensorsFile>(SafetensorsFile::open(dir / "f"));
  const SafetensorsFile copy = *original;
  original.reset();
  std::filesystem::remove(dir / "f");
  std::vector<float> bias(2);
  copy.read_f32("fc1.bias", {2}, bias);
  EXPECT_EQ(bias[0], 0.5F);
}

TEST(Safetensors, HeaderOrderMeansNothingAndOffsetsMayBeUnaligned) {
  const TempDir dir;
  const std::string header = braced(entry("w", "F32", "[1]", 3, 7) + "," + entry("b", "U8", "[3]", 0, 3)) + "  \n";
  const auto file = opened(dir, file_of(header, std::string_view("abc\0\0\x80\x3F", 7)));
  EXPECT_EQ(file.tensors()[0].name, "b");
  std::vector<float> w(1);
  file.read_f32("w", {1}, w);
  EXPECT_EQ(w[0], 1.0F);
}

TEST(Safetensors, DTypeNamesAreTheInverseOfTheirTypes) {
  for (int i = 0; i <= static_cast<int>(DType::u64); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(dtype_name(dtype)), dtype);
  }
  EXPECT_EQ(dtype_name(DType::boolean), "BOOL");
  EXPECT_EQ(dtype_name(DType::bf16), "BF16");
  EXPECT_EQ(dtype_name(DType::u64), "U64");
  EXPECT_EQ(dtype_bits(DType::f4), 4U);
  EXPECT_EQ(dtype_bits(DType::f6_e3m2), 6U);
  EXPECT_EQ(dtype_bits(DType::f8_e5m2fnuz), 8U);
  EXPECT_EQ(dtype_bits(DType::bf16), 16U);
  EXPECT_EQ(dtype_bits(DType::f32), 32U);
  EXPECT_EQ(dtype_bits(DType::c64), 64U);
  EXPECT_EQ(dtype_from_name("f32"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

TEST(Safetensors, PackedTypesFillWholeBytes) {
  const TempDir dir;
  const auto file = opened(dir, file_of(braced(entry("x", "F4", "[3,2]", 0, 3)), "abc"));
  EXPECT_EQ(file.bytes(file.tensors()[0]).size(), 3U);
  EXPECT_EQ(header_rejection(braced(entry("x", "F4", "[3]", 0, 2)), 2), "tensor 'x': [3] of F4 is no number of bytes");
}

TEST(SafetensorsReader, TruncatedLengthIsRejected) {
  for (std::size_t n = 0; n < 8; ++n) {
    EXPECT_EQ(rejection(std::string(n, '\0')), fmt::format("has {} bytes, the header length alone takes 8", n));
  }
}

TEST(SafetensorsReader, HeaderLengthBeyondTheFileIsRejected) {
  EXPECT_EQ(rejection(with_length(3, "{}")), "header length 3 is more than the 2 bytes that follow");
  EXPECT_TRUE(contains(rejection(with_length(100'000'001, "{}")), "more than the 100000000 that are allowed"));
  EXPECT_TRUE(contains(rejection(with_length(~0ULL, "{}")), "allowed"));
  EXPECT_TRUE(contains(rejection(with_length(~0ULL - 7, "{}")), "allowed")) << "8 + length would wrap to 0";
}

TEST(SafetensorsReader, HeaderThatIsNotOneJsonObjectIsRejected) {
  EXPECT_EQ(rejection(with_length(0, "")), "header does not start with '{'");
  for (const std::string_view header : {"[]", "1", " {}", "\xEF\xBB\xBF{}", "null", "\"{}\""}) {
    EXPECT_EQ(header_rejection(header), "header does not start with '{'") << header;
  }
  for (const std::string_view header : {"{", "{}{}", "{} x", "{\"a\"}", "{\"a\":}", "{'a':1}", "{,}", "{}//", "{\"a"}) {
    EXPECT_TRUE(contains(header_rejection(header), "header is not valid JSON at its byte")) << header;
  }
  EXPECT_EQ(header_rejection(std::string_view("{}\0garbage", 10)), "header has a zero byte at 2");
}

TEST(SafetensorsReader, NamesThatAreNotUtf8AreRejected) {
  EXPECT_TRUE(contains(header_rejection(braced(entry("\xC3\x28", "F32", "[0]", 0, 0))), "not valid JSON"));
  EXPECT_TRUE(contains(header_rejection(braced(entry("\\ud800", "F32", "[0]", 0, 0))), "not valid JSON"));
}

TEST(SafetensorsReader, DuplicateKeysAreRejected) {
  const std::string a = entry("a", "F32", "[0]", 0, 0);
  EXPECT_EQ(header_rejection(braced(a + "," + a)), "tensor 'a' is there twice");
  EXPECT_EQ(header_rejection(R"({"__metadata__":{},"__metadata__":{}})"), "tensor '__metadata__' is there twice");
  EXPECT_EQ(header_rejection(R"({"__metadata__":{"k":"1","k":"2"}})"), "metadata key 'k' is there twice");
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}})"),
            "tensor 'a': dtype is there twice");
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","shape":[0],"shape":[0],"data_offsets":[0,0]}})"),
            "tensor 'a': shape is there twice");
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"data_offsets":[0,0]}})"),
            "tensor 'a': data_offsets is there twice");
}

TEST(SafetensorsReader, MetadataThatAreNotStringsAreRejected) {
  for (const std::string_view value : {"1", "null", "true", "[]", "{}", "-1", "1.5"}) {
    EXPECT_EQ(header_rejection(fmt::format(R"({{"__metadata__":{{"k":{}}}}})", value)), "metadata 'k' is not a string");
  }
  for (const std::string_view value : {"1", "null", "[]", "\"x\""}) {
    EXPECT_EQ(header_rejection(fmt::format(R"({{"__metadata__":{}}})", value)),
              "__metadata__ is not an object of strings");
  }
}

TEST(SafetensorsReader, TensorsOfTheWrongFormAreRejected) {
  for (const std::string_view value : {"1", "null", "[]", "\"x\"", "-2", "0.5", "false"}) {
    EXPECT_EQ(header_rejection(fmt::format(R"({{"a":{}}})", value)),
              "tensor 'a': not an object with dtype, shape and data_offsets");
  }
  const std::string incomplete = "tensor 'a': dtype, shape and data_offsets are not all there";
  EXPECT_EQ(header_rejection(R"({"a":{}})"), incomplete);
  EXPECT_EQ(header_rejection(R"({"a":{"shape":[0],"data_offsets":[0,0]}})"), incomplete);
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","data_offsets":[0,0]}})"), incomplete);
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","shape":[0]}})"), incomplete);
  EXPECT_EQ(header_rejection(R"({"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}})"), incomplete)
      << "nothing is left over from the tensor before";
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}})"),
            "tensor 'a': unknown field 'x'");
}

TEST(SafetensorsReader, BadDTypesAreRejected) {
  EXPECT_EQ(header_rejection(braced(entry("a", "F33", "[0]", 0, 0))), "tensor 'a': unknown dtype 'F33'");
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":1,"shape":[0],"data_offsets":[0,0]}})"),
            "tensor 'a': dtype is not a string");
  EXPECT_EQ(header_rejection(R"({"a":{"dtype":["F32"],"shape":[0],"data_offsets":[0,0]}})"),
            "tensor 'a': dtype is not a string");
}

TEST(SafetensorsReader, BadShapesAreRejected) {
  for (const std::string_view shape :
       {"1", "null", "[-1]", "[1.0]", "[\"1\"]", "[[1]]", "[null]", "{}", "[1,{}]", "[18446744073709551616]"}) {
    EXPECT_EQ(header_rejection(braced(entry("a", "F32", shape, 0, 4)), 4),
              "tensor 'a': shape is not an array of non-negative integers")
        << shape;
  }
}

TEST(SafetensorsReader, ShapesThatOverflowAreRejected) {
  for (const std::string_view shape : {"[9223372036854775808]", "[4294967296,4294967296]", "[0,4294967296,4294967296]",
                                       "[18446744073709551615,2]", "[2,0,18446744073709551615]"}) {
    EXPECT_TRUE(contains(header_rejection(braced(entry("a", "I8", shape, 0, 0))), "more than 2^63-1 elements"))
        << shape;
  }
  // 2^62 elements are countable, their bits are not.
  EXPECT_TRUE(
      contains(header_rejection(braced(entry("a", "F32", "[4611686018427387904]", 0, 0))), "is no number of bytes"));
}

TEST(SafetensorsReader, MoreThanEightDimensionsAreUnsupported) {
  const TempDir dir;
  const auto file = opened(dir, file_of(braced(entry("a", "U8", "[1,1,1,1,1,1,1,1]", 0, 1)), "d"));
  EXPECT_EQ(file.tensors()[0].shape.rank(), 8U);
  put(dir / "f", file_of(braced(entry("a", "U8", "[1,1,1,1,1,1,1,1,1]", 0, 1)), "d"));
  message_of(ErrorKind::unsupported, [&] { (void)SafetensorsFile::open(dir / "f"); });
}

TEST(SafetensorsReader, BadOffsetsAreRejected) {
  for (const std::string_view offsets : {"[0]", "[]", "[0,4,8]", "4", "[-1,4]", "[0,4.0]", "[[0,4]]", "{}", "null"}) {
    EXPECT_EQ(header_rejection(fmt::format(R"({{"a":{{"dtype":"F32","shape":[1],"data_offsets":{}}}}})", offsets), 4),
              "tensor 'a': data_offsets is not an array of two non-negative integers")
        << offsets;
  }
  EXPECT_EQ(header_rejection(braced(entry("a", "F32", "[1]", 4, 0)), 4),
            "tensor 'a': data_offsets [4, 0] are not within the 4 bytes of data");
  EXPECT_EQ(header_rejection(braced(entry("a", "F32", "[1]", 0, 4)), 3),
            "tensor 'a': data_offsets [0, 4] are not within the 3 bytes of data");
  EXPECT_EQ(header_rejection(braced(entry("a", "F32", "[2,3]", 0, 20)), 20),
            "tensor 'a': [2, 3] of F32 needs 24 bytes, data_offsets [0, 20] give 20");
}

TEST(SafetensorsReader, OverlapsHolesAndTrailingBytesAreRejected) {
  EXPECT_EQ(header_rejection(braced(entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[4]", 2, 6)), 6),
            "tensor 'b' overlaps the one before it: it starts at byte 2 of the data, 4 expected");
  EXPECT_EQ(header_rejection(braced(entry("a", "U8", "[4]", 0, 4) + "," + entry("b", "U8", "[4]", 0, 4)), 4),
            "tensor 'b' overlaps the one before it: it starts at byte 0 of the data, 4 expected");
  EXPECT_EQ(header_rejection(braced(entry("a", "U8", "[2]", 0, 2) + "," + entry("b", "U8", "[4]", 4, 8)), 8),
            "tensor 'b' leaves a hole: it starts at byte 4 of the data, 2 expected");
  EXPECT_EQ(header_rejection(braced(entry("a", "U8", "[4]", 1, 5)), 5),
            "tensor 'a' leaves a hole: it starts at byte 1 of the data, 0 expected");
  EXPECT_EQ(header_rejection(braced(entry("a", "U8", "[4]", 0, 4)), 5),
            "the tensors end at byte 4 of the data, which has 5");
  EXPECT_EQ(header_rejection("{}", 1), "the tensors end at byte 0 of the data, which has 1");
}

TEST(SafetensorsReader, DeepNestingIsRejectedAtOnce) {
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(header_rejection("{\"a\":" + deep), "tensor 'a': not an object with dtype, shape and data_offsets");
  EXPECT_TRUE(contains(header_rejection("{\"a\":{\"shape\":" + deep), "shape is not an array"));
}

TEST(SafetensorsReader, NamesInMessagesAreShortAndPrintable) {
  const std::string message = header_rejection(braced(entry("\\u001b[31m" + std::string(300, 'n'), "X", "[]", 0, 0)));
  EXPECT_TRUE(message.starts_with("tensor '?[31mnnn")) << message;
  EXPECT_TRUE(contains(message, "nnn...'")) << message;
  EXPECT_LT(message.size(), 120U);
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "\xC3\xA9";
  EXPECT_TRUE(contains(header_rejection(braced(entry(accents, "X", "[]", 0, 0))), "\xC3\xA9..."))
      << "not cut through a character";
}

TEST(SafetensorsReader, WhatCannotBeOpenedIsAnIoError) {
  const TempDir dir;
  EXPECT_EQ(message_of(ErrorKind::io, [&] { (void)SafetensorsFile::open(dir / "no"); }),
            "[io] " + (dir / "no").string() + ": cannot open: No such file or directory");
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { (void)SafetensorsFile::open(dir.path()); }), "Is a directory"));
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(
      contains(message_of(ErrorKind::io, [&] { (void)SafetensorsFile::open(dir / "fifo"); }), "not a regular file"));
}

TEST(SafetensorsReader, ReadingTheWrongTensorIsRejected) {
  const TempDir dir;
  write_safetensors(dir / "f", small_network());
  const auto file = SafetensorsFile::open(dir / "f");
  std::vector<float> out(6);
  EXPECT_TRUE(contains(message_of(ErrorKind::data,
                                  [&] {
                                    file.read_f32("fc1.wieght", {2, 3}, out);
                                  }),
                       "no tensor 'fc1.wieght', did you mean 'fc1.weight'?"));
  EXPECT_TRUE(contains(message_of(ErrorKind::data,
                                  [&] {
                                    file.read_f32("fc1.weight", {3, 2}, out);
                                  }),
                       "tensor 'fc1.weight' is [2, 3], [3, 2] expected"));
  message_of(ErrorKind::data, [&] { file.read_f32("fc1.weight", {6}, out); });
  message_of(ErrorKind::usage, [&] { file.read_f32("fc1.weight", {2, 3}, std::span(out).first(5)); });
  TensorInfo beyond = file.tensors()[0];
  beyond.end = 33;
  message_of(ErrorKind::usage, [&] { (void)file.bytes(beyond); });
  const std::string header = braced(entry("w", "F16", "[1]", 0, 2));
  const auto half = opened(dir, file_of(header, "ab"));
  EXPECT_TRUE(contains(message_of(ErrorKind::unsupported, [&] { half.read_f32("w", {1}, std::span(out).first(1)); }),
                       "tensor 'w' is F16, F32 expected"));
}

TEST(SafetensorsReader, DamagedFilesAreReadOrRejectedButNeverMore) {
  const TempDir dir;
  write_safetensors(dir / "good", small_network(), {{"seed", "42"}});
  const std::string good = get(dir / "good");
  std::mt19937_64 random(20240607);
  int accepted = 0;
  int rejected = 0;
  const auto attempt = [&](std::string_view content) {
    put(dir / "f", content);
    try {
      const auto file = SafetensorsFile::open(dir / "f");
      std::uint64_t covered = 0;
      for (const TensorInfo& info : file.tensors()) covered += file.bytes(info).size();
      EXPECT_LE(covered, content.size());
      ++accepted;
    } catch (const Error&) {
      ++rejected;
    }
  };
  for (std::size_t n = 0; n < good.size(); ++n) attempt(std::string_view(good).substr(0, n));
  EXPECT_EQ(accepted, 0) << "every truncation shows";
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    const auto flips = 1 + random() % 3;
    for (std::uint64_t k = 0; k < flips; ++k) bad[random() % bad.size()] ^= static_cast<char>(1U << (random() % 8));
    attempt(bad);
  }
  EXPECT_GT(accepted, 100) << "flips in the data section are not the format's business";
  EXPECT_GT(rejected, 1000);
}

TEST(SafetensorsWriter, BadSourcesAreRejectedBeforeTheFileIsTouched) {
  const TempDir dir;
  put(dir / "f", "old");
  const auto refused = [&](std::vector<TensorSource> tensors, std::map<std::string, std::string> metadata = {}) {
    const std::string message = message_of(ErrorKind::usage, [&] { write_safetensors(dir / "f", tensors, metadata); });
    EXPECT_EQ(get(dir / "f"), "old");
    EXPECT_EQ(dir.names().size(), 1U);
    return message;
  };
  EXPECT_TRUE(contains(refused({f32_source("a", {2}, kBias), f32_source("a", {2}, kBias)}), "'a' is there twice"));
  EXPECT_TRUE(contains(refused({f32_source("__metadata__", {2}, kBias)}), "reserved"));
  EXPECT_TRUE(contains(refused({f32_source("\xFF", {2}, kBias)}), "not UTF-8"));
  EXPECT_TRUE(contains(refused({}, {{"k", "\xC3"}}), "not UTF-8"));
  EXPECT_TRUE(contains(refused({}, {{"\xC3", "v"}}), "not UTF-8"));
  EXPECT_TRUE(contains(refused({f32_source("a", {3}, kBias)}), "[3] of F32 needs 12 bytes, 8 are given"));
  EXPECT_TRUE(contains(refused({{.name = "a", .dtype = DType::f4, .shape = {3}}}), "no number of bytes"));
  TensorSource both = f32_source("a", {2}, kBias);
  both.generate = [](TensorSource::Sink) {};
  EXPECT_TRUE(contains(refused({both}), "both bytes and a generator"));
  TensorSource none{.name = "a", .shape = {2}};
  EXPECT_TRUE(contains(refused({none}), "needs 8 bytes, 0 are given"));
}

TEST(SafetensorsWriter, GeneratorsOfTheWrongLengthLeaveTheOldFile) {
  const TempDir dir;
  put(dir / "f", "old");
  for (const int times : {0, 1, 3}) {
    TensorSource source{.name = "a", .shape = {4}};
    source.generate = [&](TensorSource::Sink sink) {
      for (int i = 0; i < times; ++i) sink(std::as_bytes(std::span(kBias)));
    };
    const std::string message =
        message_of(ErrorKind::usage, [&] { write_safetensors(dir / "f", std::vector{source}); });
    EXPECT_TRUE(contains(message, times == 3 ? "more than 16 bytes" : "of 16 bytes")) << message;
    EXPECT_EQ(get(dir / "f"), "old");
    EXPECT_EQ(dir.names().size(), 1U);
  }
}

TEST(SafetensorsWriter, FullDiskIsAnIoError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  EXPECT_EQ(message_of(ErrorKind::io, [] { write_safetensors("/dev/full", small_network()); }),
            "[io] /dev/full: cannot write: No space left on device");
}

}  // namespace
}  // namespace fanin::io
