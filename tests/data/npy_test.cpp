#include "fanin/data/npy.h"

#include <limits>

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using namespace test;

const std::string kLabels = npy(npy_header("<i8", "(2,)"), raw<std::int64_t>({1, 0}));

TEST(NpyReader, EveryTypeOfEveryVersionIsRead) {
  const TempFolder folder;
  struct Case {
    const char* descr;
    NpyType type;
    std::string values;
  };
  const std::vector<Case> cases{{"<f4", NpyType::f4, raw<float>({1.5F, -2, 3, 4, 5, 6})},
                                {"<f8", NpyType::f8, raw<double>({1.5, -2, 3, 4, 5, 6})},
                                {"|u1", NpyType::u1, raw<std::uint8_t>({1, 2, 3, 4, 5, 255})},
                                {"|i1", NpyType::i1, raw<std::int8_t>({-128, 2, 3, 4, 5, 6})},
                                {"<i4", NpyType::i4, raw<std::int32_t>({-1, 2, 3, 4, 5, 6})},
                                {"<i8", NpyType::i8, raw<std::int64_t>({-1, 2, 3, 4, 5, 6})}};
  for (const Case& c : cases) {
    for (const char version : {'\1', '\2'}) {
      const std::string content = npy(npy_header(c.descr, "(2, 3)"), c.values, version);
      for (const std::string& packed : {content, gzipped(content)}) {
        const NpyArray array = read_npy(folder.write("a.npy", packed));
        EXPECT_EQ(array.type, c.type) << c.descr;
        EXPECT_EQ(array.shape, (Shape{2, 3})) << c.descr;
        EXPECT_EQ(raw(array.bytes), c.values) << c.descr;
      }
    }
  }
}

TEST(NpyReader, ScalarsVectorsAndEmptyArraysAreRead) {
  const TempFolder folder;
  EXPECT_EQ(read_npy(folder.write("a", npy(npy_header("|u1", "()"), "x"))).shape, Shape{});
  EXPECT_EQ(read_npy(folder.write("a", npy(npy_header("|u1", "(3,)"), "xyz"))).shape, Shape{3});
  EXPECT_EQ(read_npy(folder.write("a", npy(npy_header("<f8", "(0, 4)"), ""))).shape, (Shape{0, 4}));
}

TEST(NpyHeader, KeysMayComeInAnyOrderAndQuotes) {
  const TempFolder folder;
  for (const char* dictionary : {"{\"shape\": (3,), \"fortran_order\": False, \"descr\": \"|u1\"}",
                                 "{'fortran_order':False,'descr':'|u1','shape':(3,)}",
                                 "{ 'descr' : '|u1' , 'shape' : ( 3 , ) , 'fortran_order' : False , }"}) {
    EXPECT_EQ(read_npy(folder.write("a", npy(dictionary, "xyz"))).shape, Shape{3}) << dictionary;
  }
}

TEST(NpyHeader, MalformedDictionariesAreRejected) {
  const TempFolder folder;
  for (const char* dictionary : {"",
                                 "x",
                                 "{",
                                 "{}",
                                 "{'descr': '|u1'}",
                                 "{'descr': '|u1', 'fortran_order': False}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
                                 "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
                                 "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': [3]}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3.0,)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (,)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (3,,)}",
                                 "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                                 "{'descr: |u1, 'fortran_order': False, 'shape': (3,)}",
                                 "{'descr': '|u1' 'shape': (3,)}"}) {
    expect_error(ErrorKind::data, {"[npy] ", "header"},
                 [&] { (void)read_npy(folder.write("a", npy(dictionary, "xyz"))); });
  }
}

TEST(NpyHeader, MessagesShowNoControlCharactersOfTheFile) {
  const TempFolder folder;
  expect_error(ErrorKind::data, {"header is malformed: '{' expected, '\\x1b[2J\\xff"},
               [&] { (void)read_npy(folder.write("a", npy("\x1b[2J\xff", ""))); });
}

TEST(NpyHeader, WhatIsNotReadIsUnsupported) {
  const TempFolder folder;
  const auto read = [&](const std::string& dictionary) { (void)read_npy(folder.write("a", npy(dictionary, "xyz"))); };
  for (const char* descr : {">f4", "<f2", "<i2", "<u4", "|b1", "<c8", "<U3", "|O", "f4"}) {
    expect_error(ErrorKind::unsupported, {"values of type '" + std::string(descr) + "', read are <f4"},
                 [&] { read(npy_header(descr, "(3,)")); });
  }
  expect_error(ErrorKind::unsupported, {"records"},
               [&] { read("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,)}"); });
  expect_error(ErrorKind::unsupported, {"Fortran order"},
               [&] { read("{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}"); });
  expect_error(ErrorKind::unsupported, {"more than 8 dimensions"},
               [&] { read(npy_header("|u1", "(1, 1, 1, 1, 1, 1, 1, 1, 3)")); });
  expect_error(ErrorKind::unsupported, {"version 3.0"},
               [&] { (void)read_npy(folder.write("a", npy(npy_header("|u1", "(3,)"), "xyz", 3))); });
}

TEST(NpyReader, WrongMagicNumberIsRejected) {
  const TempFolder folder;
  std::string content = npy(npy_header("|u1", "(3,)"), "xyz");
  content[1] = 'n';
  expect_error(ErrorKind::data, {"magic number"}, [&] { (void)read_npy(folder.write("a", content)); });
  expect_error(ErrorKind::io, {"cannot be opened"}, [&] { (void)read_npy((folder.path() / "none").string()); });
}

TEST(NpyReader, FilesThatEndEarlyAreRejectedAtEveryLength) {
  const TempFolder folder;
  const std::string whole = npy(npy_header("<i4", "(2, 3)"), ramp(24));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorKind::data, {"[npy] "}, [&] { (void)read_npy(folder.write("a", whole.substr(0, size))); });
  }
  expect_error(ErrorKind::data, {"header says [2, 3] of <i4, 24 bytes, file ends after 23"},
               [&] { (void)read_npy(folder.write("a", whole.substr(0, whole.size() - 1))); });
  expect_error(ErrorKind::data, {"24 bytes, but more follow"}, [&] { (void)read_npy(folder.write("a", whole + "x")); });
}

TEST(NpyReader, LyingHeadersNeitherOverflowNorTakeMemory) {
  const TempFolder folder;
  const auto read = [&](const char* shape) {
    (void)read_npy(folder.write("a", npy(npy_header("<f8", shape), "12345678")));
  };
  expect_error(ErrorKind::data, {"more than 2^62 bytes"}, [&] { read("(18446744073709551615,)"); });
  expect_error(ErrorKind::data, {"more than 2^62 bytes"}, [&] { read("(4294967296, 4294967296)"); });
  expect_error(ErrorKind::data, {"more than 2^62 bytes"}, [&] { read("(2305843009213693953, 8)"); });
  expect_error(ErrorKind::data, {"file ends after 8"}, [&] { read("(1000000, 500000)"); });
  std::string header = npy(npy_header("<f8", "(1,)"), "12345678", 2);
  header[11] = '\x7f';
  expect_error(ErrorKind::data, {"bytes long, allowed are 65536"}, [&] { (void)read_npy(folder.write("a", header)); });
}

TEST(LoadNpy, BytesStayBytes) {
  const TempFolder folder;
  const Dataset set =
      load_npy(folder.write("x.npy", npy(npy_header("|u1", "(2, 2, 3)"), ramp(12))), folder.write("y.npy", kLabels));
  EXPECT_TRUE(set.is_bytes());
  EXPECT_EQ(set.sample_shape(), (Shape{2, 3}));
  EXPECT_EQ(set.bytes(1)[5], 11);
  EXPECT_EQ(set.labels()[0], 1);
  EXPECT_EQ(set.classes(), 2U);
  EXPECT_NE(set.name().find("x.npy"), std::string::npos);
}

TEST(LoadNpy, OtherTypesBecomeFloatsRoundedOnce) {
  const TempFolder folder;
  const std::string y = folder.write("y.npy", kLabels);
  const auto first = [&](const char* descr, const std::string& values) {
    const Dataset set = load_npy(folder.write("x.npy", npy(npy_header(descr, "(2, 1)"), values)), y, 7);
    EXPECT_FALSE(set.is_bytes());
    EXPECT_EQ(set.classes(), 7U);
    return set.floats(0)[0];
  };
  EXPECT_EQ(first("<f4", raw<float>({-0.1F, 0})), -0.1F);
  EXPECT_EQ(first("<f8", raw<double>({0.1, 0})), 0.1F);
  EXPECT_EQ(first("|i1", raw<std::int8_t>({-7, 0})), -7.0F);
  EXPECT_EQ(first("<i4", raw<std::int32_t>({16777217, 0})), 16777216.0F);
  EXPECT_EQ(first("<i8", raw<std::int64_t>({-3, 0})), -3.0F);
}

TEST(LoadNpy, EveryIntegerTypeServesForLabels) {
  const TempFolder folder;
  const std::string x = folder.write("x.npy", npy(npy_header("|u1", "(2, 1)"), "ab"));
  for (const auto& [descr, values] :
       std::vector<std::pair<const char*, std::string>>{{"|u1", raw<std::uint8_t>({3, 200})},
                                                        {"|i1", raw<std::int8_t>({3, 100})},
                                                        {"<i4", raw<std::int32_t>({3, 100000})},
                                                        {"<i8", raw<std::int64_t>({3, 2147483646})}}) {
    EXPECT_EQ(load_npy(x, folder.write("y.npy", npy(npy_header(descr, "(2,)"), values))).labels()[0], 3) << descr;
  }
}

TEST(LoadNpy, BadLabelsAreRejected) {
  const TempFolder folder;
  const std::string x = folder.write("x.npy", npy(npy_header("|u1", "(2, 1)"), "ab"));
  const auto load = [&](const char* descr, const char* shape, const std::string& values, std::size_t classes = 0) {
    (void)load_npy(x, folder.write("y.npy", npy(npy_header(descr, shape), values)), classes);
  };
  expect_error(ErrorKind::data, {"[npy]", "y.npy: the label of sample 1 is -1, allowed are 0 to 2147483646"}, [&] {
    load("<i4", "(2,)", raw<std::int32_t>({0, -1}));
  });
  expect_error(ErrorKind::data, {"the label of sample 0 is 4294967296"}, [&] {
    load("<i8", "(2,)", raw<std::int64_t>({1LL << 32, 0}));
  });
  expect_error(ErrorKind::data, {"the label of sample 1 is 3, allowed are 0 to 2"}, [&] {
    load("|u1", "(2,)", raw<std::uint8_t>({0, 3}), 3);
  });
  expect_error(ErrorKind::data, {"holds [2] of <f4, labels have a shape [n] and an integer type"}, [&] {
    load("<f4", "(2,)", raw<float>({0, 1}));
  });
  expect_error(ErrorKind::data, {"holds [2, 1] of <i4, labels have a shape [n]"}, [&] {
    load("<i4", "(2, 1)", raw<std::int32_t>({0, 1}));
  });
  expect_error(ErrorKind::data, {"x.npy: holds 2 samples, but ", "y.npy holds 3 labels"}, [&] {
    load("|u1", "(3,)", raw<std::uint8_t>({0, 1, 2}));
  });
}

TEST(LoadNpy, BadFeaturesAreRejected) {
  const TempFolder folder;
  const std::string y = folder.write("y.npy", kLabels);
  const auto load = [&](const char* descr, const char* shape, const std::string& values) {
    (void)load_npy(folder.write("x.npy", npy(npy_header(descr, shape), values)), y);
  };
  for (const char* shape : {"(2,)", "()", "(0, 3)", "(2, 0)"}) {
    expect_error(ErrorKind::data, {"features have a shape [n, ...]"}, [&] { load("|u1", shape, "ab"); });
  }
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_error(ErrorKind::data, {"[npy]", "x.npy: feature 2 of sample 1 is nan"}, [&] {
    load("<f4", "(2, 3)", raw<float>({0, 0, 0, 0, 0, nan}));
  });
  expect_error(ErrorKind::data, {"feature 0 of sample 1 is -inf"}, [&] {
    load("<f8", "(2, 3)", raw<double>({0, 0, 0, -inf, 0, 0}));
  });
  expect_error(ErrorKind::data, {"feature 1 of sample 0 is 1e+300, allowed are finite float32 numbers"}, [&] {
    load("<f8", "(2, 3)", raw<double>({0, 1e300, 0, 0, 0, 0}));
  });
}

}  // namespace
}  // namespace fanin::data
