#include "fanin/data/idx.h"

#include <chrono>

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using namespace test;

const std::string kImages = idx({3, 2, 2}, ramp(12));
const std::string kLabels = idx({3}, std::string("\x02\x00\x01", 3));

TEST(IdxReader, PlainAndGzippedFilesAreTheSameWhateverTheirNames) {
  const TempFolder folder;
  for (const std::string& path :
       {folder.write("plain", kImages), folder.write("packed.gz", gzipped(kImages)),
        folder.write("packed-without-suffix", gzipped(kImages)), folder.write("plain.gz", kImages)}) {
    const IdxImages images = read_idx_images(path);
    EXPECT_EQ(images.shape, (Shape{3, 2, 2})) << path;
    ASSERT_EQ(images.bytes.size(), 12U) << path;
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(images.bytes[i], i);
  }
  EXPECT_EQ(read_idx_labels(folder.write("l", kLabels)), (std::vector<std::uint8_t>{2, 0, 1}));
  EXPECT_EQ(read_idx_labels(folder.write("l.gz", gzipped(kLabels))), (std::vector<std::uint8_t>{2, 0, 1}));
}

// Larger than the buffers of the reader, so that every refill happens.
TEST(IdxReader, LargeFilesArriveWhole) {
  const TempFolder folder;
  const std::string values = ramp(1'000'000);
  for (const std::string& content : {idx({1000, 10, 100}, values), gzipped(idx({1000, 10, 100}, values))}) {
    const IdxImages images = read_idx_images(folder.write("large", content));
    EXPECT_EQ(std::string(images.bytes.begin(), images.bytes.end()), values);
  }
}

TEST(IdxReader, SeveralGzipMembersAreOneStream) {
  const TempFolder folder;
  const std::string content = gzipped(kImages.substr(0, 5)) + gzipped("") + gzipped(kImages.substr(5));
  EXPECT_EQ(read_idx_images(folder.write("members", content)).bytes.size(), 12U);
}

TEST(IdxReader, OtherRanksOfImagesAreRead) {
  const TempFolder folder;
  EXPECT_EQ(read_idx_images(folder.write("rows", idx({2, 5}, ramp(10)))).shape, (Shape{2, 5}));
  EXPECT_EQ(read_idx_images(folder.write("rgb", idx({2, 2, 2, 3}, ramp(24)))).shape, (Shape{2, 2, 2, 3}));
}

TEST(IdxReader, MissingFilesAndFoldersAreIoErrors) {
  const TempFolder folder;
  expect_error(ErrorKind::io, {"[idx]", "no-such-file: cannot be opened: No such file"},
               [&] { (void)read_idx_images((folder.path() / "no-such-file").string()); });
  expect_error(ErrorKind::io, {"cannot be read: Is a directory"},
               [&] { (void)read_idx_images(folder.path().string()); });
}

TEST(IdxReader, TruncatedHeaderIsRejected) {
  const TempFolder folder;
  for (std::size_t size = 0; size < 4; ++size) {
    expect_error(ErrorKind::data, {"too short for a header"},
                 [&] { (void)read_idx_images(folder.write("f", kImages.substr(0, size))); });
  }
  for (std::size_t size = 4; size < 16; ++size) {
    expect_error(ErrorKind::data, {"header ends within extent", "of 3"},
                 [&] { (void)read_idx_images(folder.write("f", kImages.substr(0, size))); });
  }
}

TEST(IdxReader, TruncatedImagesAreRejectedWithTheNumberOfWholeOnes) {
  const TempFolder folder;
  const std::string announced = idx({60000, 28, 28}, ramp(41 * 784 + 5));
  expect_error(ErrorKind::data, {"short: header says 60000 images of 28x28, file ends after 41"},
               [&] { (void)read_idx_images(folder.write("short", announced)); });
  expect_error(ErrorKind::data, {"short.gz: header says 60000 images of 28x28, file ends after 41"},
               [&] { (void)read_idx_images(folder.write("short.gz", gzipped(announced))); });
  expect_error(ErrorKind::data, {"header says 4 labels, file ends after 3"},
               [&] { (void)read_idx_labels(folder.write("l", idx({4}, "abc"))); });
}

TEST(IdxReader, TrailingBytesAreRejected) {
  const TempFolder folder;
  for (const std::string& content : {kImages + "x", gzipped(kImages + "x"), gzipped(kImages) + gzipped("x")}) {
    expect_error(ErrorKind::data, {"header says 3 images of 2x2, but more bytes follow"},
                 [&] { (void)read_idx_images(folder.write("f", content)); });
  }
}

TEST(IdxReader, WrongMagicNumberIsRejected) {
  const TempFolder folder;
  for (const std::size_t at : {0U, 1U}) {
    std::string content = kImages;
    content[at] = 1;
    expect_error(ErrorKind::data, {"begins with 0x", "two zero bytes"},
                 [&] { (void)read_idx_images(folder.write("f", content)); });
  }
}

TEST(IdxReader, OtherTypesAreUnsupportedAndUnknownOnesMalformed) {
  const TempFolder folder;
  const auto read = [&](char type) { (void)read_idx_images(folder.write("f", idx({3, 2, 2}, ramp(96), type))); };
  expect_error(ErrorKind::unsupported, {"int8 values (type code 0x09)"}, [&] { read(0x09); });
  expect_error(ErrorKind::unsupported, {"int16"}, [&] { read(0x0b); });
  expect_error(ErrorKind::unsupported, {"int32"}, [&] { read(0x0c); });
  expect_error(ErrorKind::unsupported, {"float32"}, [&] { read(0x0d); });
  expect_error(ErrorKind::unsupported, {"float64"}, [&] { read(0x0e); });
  expect_error(ErrorKind::data, {"type code 0x0a is none of the IDX format"}, [&] { read(0x0a); });
  expect_error(ErrorKind::data, {"type code 0x00"}, [&] { read(0x00); });
}

TEST(IdxReader, ImpossibleRanksAreRejected) {
  const TempFolder folder;
  for (const std::size_t rank : {0U, 9U, 255U}) {
    expect_error(ErrorKind::data, {"dimensions, allowed are 1 to 8"},
                 [&] { (void)read_idx_images(folder.write("f", idx(std::vector<std::uint32_t>(rank, 1), "x"))); });
  }
}

TEST(IdxReader, EmptyExtentsAreRejected) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"header says 0 images of 28x28"}, [&] {
    (void)read_idx_images(folder.write("f", idx({0, 28, 28}, "")));
  });
  expect_error(ErrorKind::data, {"header says 5 images of 0x28"}, [&] {
    (void)read_idx_images(folder.write("f", idx({5, 0, 28}, "")));
  });
  expect_error(ErrorKind::data, {"header says 0 labels"},
               [&] { (void)read_idx_labels(folder.write("f", idx({0}, ""))); });
}

// A reader that believed these headers would ask for 2^32 to 2^63 bytes, or wrap around to a few.
TEST(IdxReader, LyingHeadersNeitherOverflowNorTakeMemory) {
  const TempFolder folder;
  const std::uint32_t huge = 0xffffffff;
  expect_error(ErrorKind::data, {"more than 2^62 bytes"}, [&] {
    (void)read_idx_images(folder.write("f", idx({huge, huge, huge}, "x")));
  });
  expect_error(ErrorKind::data, {"more than 2^62 bytes"}, [&] {
    (void)read_idx_images(folder.write("f", idx({0x80000000, 0x80000000, 4}, "")));
  });
  expect_error(ErrorKind::data, {"file ends after 0"}, [&] {
    (void)read_idx_images(folder.write("f", idx({huge, 0x3fffffff}, "xyz")));
  });
  expect_error(ErrorKind::data, {"file ends after 3"},
               [&] { (void)read_idx_labels(folder.write("f.gz", gzipped(idx({huge}, "xyz")))); });
}

TEST(IdxReader, ImagesAndLabelsAreToldApart) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"holds labels (3 of them), images were expected"},
               [&] { (void)read_idx_images(folder.write("l", kLabels)); });
  expect_error(ErrorKind::data, {"holds images (3 images of 2x2), labels were expected"},
               [&] { (void)read_idx_labels(folder.write("i", kImages)); });
}

TEST(IdxGzip, StreamsThatEndEarlyAreRejectedAtEveryLength) {
  const TempFolder folder;
  const std::string whole = gzipped(kImages);
  for (std::size_t size = 2; size < whole.size(); ++size) {
    expect_error(ErrorKind::data, {"[idx]", "the gzip stream is cut short"},
                 [&] { (void)read_idx_images(folder.write("f", whole.substr(0, size))); });
  }
}

TEST(IdxGzip, WrongChecksumAndLengthAreRejected) {
  const TempFolder folder;
  const std::string whole = gzipped(kImages);
  for (std::size_t back = 1; back <= 8; ++back) {
    std::string content = whole;
    content[content.size() - back] ^= 0x10;
    expect_error(ErrorKind::data, {"the gzip stream is corrupt: incorrect", back > 4 ? "data check" : "length check"},
                 [&] { (void)read_idx_images(folder.write("f", content)); });
  }
}

TEST(IdxGzip, BytesAfterTheStreamAreRejected) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"the gzip stream is corrupt: incorrect header check"},
               [&] { (void)read_idx_images(folder.write("f", gzipped(kImages) + "some more")); });
  expect_error(ErrorKind::data, {"the gzip stream"},
               [&] { (void)read_idx_images(folder.write("f", gzipped(kImages) + '\0')); });
}

// 64 MiB of zeros in 64 KiB: only the 12 announced bytes and one more may be inflated, so it takes no time either.
TEST(IdxGzip, BombsAreStoppedAtTheAnnouncedSize) {
  const TempFolder folder;
  const std::string path = folder.write("bomb.gz", gzipped(idx({3, 2, 2}, std::string(64 << 20, '\0'))));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    expect_error(ErrorKind::data, {"header says 3 images of 2x2, but more bytes follow"},
                 [&] { (void)read_idx_images(path); });
  }
  // Inflating everything a hundred times would take about 10 s.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST(LoadIdx, ImagesAndLabelsBecomeADataset) {
  const TempFolder folder;
  const Dataset set = load_idx(folder.write("i", gzipped(kImages)), folder.write("l", kLabels), "tiny");
  EXPECT_EQ(set.name(), "tiny");
  EXPECT_EQ(set.size(), 3U);
  EXPECT_EQ(set.sample_shape(), (Shape{2, 2}));
  EXPECT_EQ(set.classes(), 3U);
  EXPECT_TRUE(set.is_bytes());
  EXPECT_EQ(set.labels()[0], 2);
  EXPECT_EQ(set.bytes(2)[3], 11);
  EXPECT_EQ(load_idx(folder.write("i", kImages), folder.write("l", kLabels), "tiny", 10).classes(), 10U);
}

TEST(LoadIdx, CountsThatDifferAreRejected) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"header says 3 images, but ", "l says 2 labels"},
               [&] { (void)load_idx(folder.write("i", kImages), folder.write("l", idx({2}, "ab")), "x"); });
}

TEST(LoadIdx, LabelsOutsideTheClassesAreRejected) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"[idx] ", "l: the label of sample 0 is 2, allowed are 0 to 1"},
               [&] { (void)load_idx(folder.write("i", kImages), folder.write("l", kLabels), "x", 2); });
  expect_error(ErrorKind::usage, {"classes given, at most 2147483647"},
               [&] { (void)load_idx(folder.write("i", kImages), folder.write("l", kLabels), "x", ~std::size_t{0}); });
}

TEST(LoadIdx, SwappedFilesAreNamed) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"l: holds labels", "images were expected"},
               [&] { (void)load_idx(folder.write("l", kLabels), folder.write("i", kImages), "x"); });
}

}  // namespace
}  // namespace fanin::data
