#include "fanin/io/png.h"

#include <cmath>
#include <cstdlib>
#include <random>

#include "tests/io/io_test_support.h"
#include "tests/io/png_encoder.h"

namespace fanin::io {
namespace {

GrayImage decoded(const RawPng& png) {
  const TempDir dir;
  put(dir / "p.png", encode(png));
  return read_png_gray(dir / "p.png");
}

std::string rejection(ErrorKind kind, std::string_view content) {
  const TempDir dir;
  put(dir / "p.png", content);
  const std::string message = message_of(kind, [&] { (void)read_png_gray(dir / "p.png"); });
  EXPECT_TRUE(message.starts_with("[png] " + (dir / "p.png").string() + ": ")) << message;
  return message;
}

std::vector<unsigned> random_samples(std::size_t count, int depth, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<unsigned> samples(count);
  for (unsigned& s : samples) s = static_cast<unsigned>(random()) % (1U << static_cast<unsigned>(depth));
  return samples;
}

double luma(double r, double g, double b) {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

void expect_near(const GrayImage& image, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(image.pixels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(image.pixels[i], expected[i], tolerance) << i;
}

GrayImage gradient(std::size_t rows, std::size_t cols) {
  GrayImage image{.rows = rows, .cols = cols, .pixels = std::vector<std::uint8_t>(rows * cols)};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  return image;
}

TEST(Png, RoundTripKeepsEveryPixel) {
  const TempDir dir;
  for (const auto& [rows, cols] :
       std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {28, 28}, {3, 301}, {97, 2}}) {
    const GrayImage image = gradient(rows, cols);
    write_png_gray(dir / "p.png", image);
    EXPECT_EQ(read_png_gray(dir / "p.png"), image) << rows << "x" << cols;
  }
}

TEST(Png, WritingIsDeterministicAndLeavesNoTemporary) {
  const TempDir dir;
  write_png_gray(dir / "a.png", gradient(20, 30));
  write_png_gray(dir / "b.png", gradient(20, 30));
  EXPECT_EQ(get(dir / "a.png"), get(dir / "b.png"));
  EXPECT_EQ(dir.names(), (std::vector<std::string>{"a.png", "b.png"}));
}

TEST(Png, GrayOfEveryDepthSpreadsOverTheWholeRange) {
  for (const int depth : {1, 2, 4, 8, 16}) {
    for (const bool interlaced : {false, true}) {
      const auto samples = random_samples(std::size_t{13} * 11, depth, 1);
      const GrayImage image =
          decoded({.rows = 13, .cols = 11, .depth = depth, .interlaced = interlaced, .samples = samples});
      EXPECT_EQ(image.rows, 13U);
      EXPECT_EQ(image.cols, 11U);
      const double most = (1U << static_cast<unsigned>(depth)) - 1U;
      std::vector<double> expected;
      for (const unsigned s : samples) expected.push_back(s * 255.0 / most);
      expect_near(image, expected, depth == 16 ? 0.51 : 0.0);
    }
  }
}

TEST(Png, ColourBecomesItsLuma) {
  for (const int depth : {8, 16}) {
    for (const bool interlaced : {false, true}) {
      const auto samples = random_samples(std::size_t{9} * 10 * 3, depth, 2);
      const double most = (1U << static_cast<unsigned>(depth)) - 1U;
      std::vector<double> expected;
      for (std::size_t i = 0; i < samples.size(); i += 3) {
        expected.push_back(255 / most * luma(samples[i], samples[i + 1], samples[i + 2]));
      }
      expect_near(
          decoded({.rows = 9, .cols = 10, .depth = depth, .colour = 2, .interlaced = interlaced, .samples = samples}),
          expected, depth == 8 ? 0.51 : 1.01);
    }
  }
}

TEST(Png, PaletteOfEveryDepthIsLookedUp) {
  const std::string two("\xFF\x00\x00\x00\x00\xFF", 6);
  for (const int depth : {1, 2, 4, 8}) {
    std::vector<unsigned> samples(35);
    std::vector<double> expected;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      samples[i] = i * i % 2;
      expected.push_back(samples[i] == 0 ? 76 : 29);
    }
    expect_near(decoded({.rows = 5, .cols = 7, .depth = depth, .colour = 3, .samples = samples, .palette = two}),
                expected, 0.0);
  }
}

TEST(Png, TransparentPixelsLieOnWhitePaper) {
  // Black ink: opaque, transparent, half.
  const GrayImage ink = decoded({.rows = 1, .cols = 3, .colour = 4, .samples = {0, 255, 0, 0, 0, 128}});
  expect_near(ink, {0, 255, 127}, 0.0);
  const auto samples = random_samples(std::size_t{6} * 6 * 4, 8, 3);
  std::vector<double> expected;
  for (std::size_t i = 0; i < samples.size(); i += 4) {
    const double alpha = samples[i + 3] / 255.0;
    expected.push_back(alpha * luma(samples[i], samples[i + 1], samples[i + 2]) + 255 * (1 - alpha));
  }
  for (const bool interlaced : {false, true}) {
    expect_near(decoded({.rows = 6, .cols = 6, .colour = 6, .interlaced = interlaced, .samples = samples}), expected,
                0.52);
  }
}

TEST(Png, TransparencyChunkCountsLikeAlpha) {
  // Gray 10 is declared transparent.
  const GrayImage gray =
      decoded({.rows = 1, .cols = 3, .samples = {0, 10, 200}, .transparency = std::string("\x00\x0A", 2)});
  EXPECT_EQ(gray.pixels, (std::vector<std::uint8_t>{0, 255, 200}));
  // Entry 0 of the palette is transparent, entry 1 is not mentioned and so opaque.
  const GrayImage palette = decoded({.rows = 1,
                                     .cols = 2,
                                     .colour = 3,
                                     .samples = {0, 1},
                                     .palette = std::string("\0\0\0\0\0\0", 6),
                                     .transparency = std::string("\0", 1)});
  EXPECT_EQ(palette.pixels, (std::vector<std::uint8_t>{255, 0}));
}

TEST(Png, GammaChunkChangesNothing) {
  const GrayImage image = decoded({.rows = 1, .cols = 3, .samples = {0, 128, 255}, .gamma = big_endian(100000)});
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 128, 255}));
}

TEST(Png, WhatIsNoPngIsRejected) {
  EXPECT_TRUE(contains(rejection(ErrorKind::data, ""), "not a PNG file"));
  EXPECT_TRUE(contains(rejection(ErrorKind::data, "\xFF\xD8\xFF\xE0 a JPEG picture"), "not a PNG file"));
  rejection(ErrorKind::data, "\x89PNG\r\n\x1a\n");
  const TempDir dir;
  EXPECT_EQ(message_of(ErrorKind::io, [&] { (void)read_png_gray(dir / "no.png"); }),
            "[io] " + (dir / "no.png").string() + ": cannot open: No such file or directory");
  message_of(ErrorKind::io, [&] { (void)read_png_gray(dir.path()); });
}

TEST(Png, BadHeadersAreRejected) {
  const std::string rest = png_chunk("IDAT", "") + png_chunk("IEND", "");
  rejection(ErrorKind::data, png_header(0, 5, 8, 0, false) + rest);
  rejection(ErrorKind::data, png_header(5, 0, 8, 0, false) + rest);
  rejection(ErrorKind::data, png_header(5, 5, 3, 0, false) + rest);
  rejection(ErrorKind::data, png_header(5, 5, 8, 1, false) + rest);
  rejection(ErrorKind::data, png_header(5, 5, 4, 2, false) + rest);
  rejection(ErrorKind::data, png_header(0xFFFFFFFF, 5, 8, 0, false) + rest);
  rejection(ErrorKind::data, png_header(5, 5, 8, 3, false) + rest);
}

TEST(Png, SizesAreCheckedBeforeMemoryIsTaken) {
  const std::string rest = png_chunk("IDAT", "") + png_chunk("IEND", "");
  EXPECT_TRUE(contains(rejection(ErrorKind::unsupported, png_header(16385, 1, 8, 0, false) + rest), "16385x1"));
  EXPECT_TRUE(contains(rejection(ErrorKind::unsupported, png_header(1, 16385, 8, 0, false) + rest), "1x16385"));
  EXPECT_TRUE(contains(rejection(ErrorKind::unsupported, png_header(16384, 4097, 16, 6, true) + rest), "16384x4097"));
}

TEST(Png, TruncatedPixelsAreRejected) {
  const std::string good = encode({.rows = 20, .cols = 20, .samples = random_samples(400, 8, 4)});
  for (std::size_t n = 0; n < good.size(); ++n) rejection(ErrorKind::data, good.substr(0, n));
  // One row less than the header says.
  std::string short_file = encode({.rows = 19, .cols = 20, .samples = random_samples(380, 8, 4)});
  short_file.replace(0, 33, png_header(20, 20, 8, 0, false));
  rejection(ErrorKind::data, short_file);
}

TEST(Png, DamagedFilesAreReadOrRejectedButNeverMore) {
  std::mt19937_64 random(7);
  const std::vector<RawPng> pictures{
      {.rows = 9, .cols = 9, .samples = random_samples(81, 8, 5)},
      {.rows = 9, .cols = 9, .colour = 6, .interlaced = true, .samples = random_samples(324, 8, 6)},
      {.rows = 5,
       .cols = 7,
       .depth = 4,
       .colour = 3,
       .samples = random_samples(35, 1, 7),
       .palette = std::string("\xFF\0\0\0\0\xFF", 6),
       .transparency = std::string("\x80", 1)}};
  const TempDir dir;
  int rejected = 0;
  for (const RawPng& png : pictures) {
    const std::string good = encode(png);
    for (int i = 0; i < 1000; ++i) {
      std::string bad = good;
      const auto flips = 1 + random() % 3;
      for (std::uint64_t k = 0; k < flips; ++k) bad[random() % bad.size()] ^= static_cast<char>(1U << (random() % 8));
      if (i % 10 == 0) bad.resize(random() % bad.size());
      put(dir / "p.png", bad);
      try {
        const GrayImage image = read_png_gray(dir / "p.png");
        EXPECT_EQ(image.pixels.size(), image.rows * image.cols);
      } catch (const Error&) {
        ++rejected;
      }
    }
  }
  EXPECT_GT(rejected, 2000) << "checksums cover nearly every byte";
}

TEST(Png, BadPicturesAreNotWritten) {
  const TempDir dir;
  const auto refused = [&](GrayImage image) {
    message_of(ErrorKind::usage, [&] { write_png_gray(dir / "p.png", image); });
    EXPECT_TRUE(dir.names().empty());
  };
  refused({});
  refused({.rows = 0, .cols = 3, .pixels = {}});
  refused({.rows = 2, .cols = 3, .pixels = std::vector<std::uint8_t>(5)});
  refused({.rows = 1, .cols = 16385, .pixels = std::vector<std::uint8_t>(16385)});
  refused({.rows = std::size_t{1} << 32U, .cols = std::size_t{1} << 32U, .pixels = {}});
}

TEST(Png, WriteErrorsNameThePath) {
  const TempDir dir;
  message_of(ErrorKind::io, [&] { write_png_gray(dir / "no/p.png", gradient(2, 2)); });
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  EXPECT_EQ(message_of(ErrorKind::io, [] { write_png_gray("/dev/full", gradient(2, 2)); }),
            "[io] /dev/full: cannot write: No space left on device");
}

}  // namespace
}  // namespace fanin::io
