// Every scheme of the catalogue through the same checks, as the table in docs/conformance.md.
//
// FANIN_WRITE_DOCS=1 writes the page instead of comparing it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "fanin/init/catalogue.h"
#include "fanin/init/produce.h"
#include "fanin/init/verify.h"

#include "init_test_support.h"
#include "plan_test_support.h"
#include "tests/support/each_target.h"

namespace fanin::init {
namespace {

const char* const kPage = FANIN_SOURCE_DIR "/docs/conformance.md";

// Those of a linear layer, and of one input for a vector.
Fans fans_of(const Shape& shape) {
  double inputs = 1;
  for (std::size_t axis = 1; axis < shape.rank(); ++axis) inputs *= static_cast<double>(shape[axis]);
  return {inputs, shape.rank() == 0 ? 1.0 : static_cast<double>(shape[0])};
}

// The first of these shapes that the scheme fills.
Shape shape_for(const Scheme& scheme, const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) {
    try {
      (void)scheme.expected(shape, fans_of(shape));
      return shape;
    } catch (const Error&) {
      continue;
    }
  }
  ADD_FAILURE() << scheme.str() << " fills none of the shapes";
  return {};
}

const std::vector<Shape>& large() {
  static const std::vector<Shape> all = {{1024, 1024}, {128, 128, 8, 8}, {1024, 1, 1024}, {1 << 20}, {1032, 1032}};
  return all;
}

const std::vector<Shape>& small() {
  static const std::vector<Shape> all = {{46, 76}, {20, 12, 3, 5}, {20, 12, 4, 4}, {33, 1, 52},
                                         {3456},   {48, 76},       {60, 60}};
  return all;
}

Plan plan_of(const std::string& scheme, const Shape& shape) {
  const ModelSpec spec({{.name = "w", .shape = shape, .fans = fans_of(shape)}});
  return Plan::resolve(spec, rules({"* -> " + scheme}));
}

std::vector<float> made(const std::string& scheme, const Shape& shape, std::size_t threads = 1) {
  ThreadPool pool(threads);
  std::vector<float> out(shape.elements(), 9.f);
  fill(Scheme::parse(scheme), shape, fans_of(shape), random::Stream(42, "w"), out, pool);
  return out;
}

// What becomes of a shape: it is filled with finite numbers, or refused in a sentence.
std::string edge(const std::string& scheme, const Shape& shape) {
  try {
    for (const float x : made(scheme, shape)) EXPECT_TRUE(std::isfinite(x)) << scheme << " " << shape.str();
    return "filled";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage) << scheme;
    EXPECT_NE(std::string(e.what()).find(shape.str()), std::string::npos) << scheme << ": " << e.what();
    return "refused";
  }
}

std::string figure(const Verdict& verdict, std::string_view name) {
  for (const Check& c : verdict.checks) {
    if (c.name != name) continue;
    return name == "zeros" || name == "exact" || name == "bounds" ? fmt::format("{:.0f}", c.value)
                                                                  : fmt::format("{:.2g} ({:.2g})", c.value, c.limit);
  }
  return "";
}

// Made as the shards of a plan, joined.
std::vector<float> joined(const Plan& plan, const Shape& shape, std::size_t parts) {
  ThreadPool pool(2);
  std::vector<float> all;
  for (std::size_t part = 1; part <= parts; ++part) {
    produce(plan, plan.entries()[0], 42, elements_of(Shard{part, parts}, shape), pool,
            [&](std::span<const std::byte> bytes) {
              const std::size_t at = all.size();
              all.resize(at + bytes.size() / sizeof(float));
              std::memcpy(all.data() + at, bytes.data(), bytes.size());
            });
  }
  return all;
}

std::optional<std::vector<float>> tiled(const std::string& text, const Shape& shape) {
  const Scheme scheme = Scheme::parse(text);
  if (!scheme.elementwise()) return std::nullopt;
  constexpr std::size_t kTile = 101;
  std::vector<float> out(shape.elements());
  for (std::size_t i = 0; i < out.size(); i += kTile) {
    fill_range(scheme, shape, fans_of(shape), random::Stream(42, "w"), i,
               std::span(out).subspan(i, std::min(kTile, out.size() - i)));
  }
  return out;
}

std::string row_of(const std::string& text) {
  const Shape shape = shape_for(Scheme::parse(text), large());
  const Plan plan = plan_of(text, shape);
  const std::vector<float> w = made(text, shape, 2);
  EXPECT_GE(w.size(), 1'000'000U);
  ThreadPool pool(2);
  const Verdict v = verify(
      plan, plan.entries()[0], {0, w.size()},
      [&](std::uint64_t first, std::span<float> out) {
        std::copy_n(w.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
      },
      false_alarm_of_one(1), pool);
  EXPECT_TRUE(v.passed()) << text;
  const Expected& e = plan.entries()[0].expected;
  return fmt::format(
      "| `{}` | {} | {:.4g} | {:.5g} | {:.5g} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:016x} |\n", text,
      shape.str(), e.mean, e.std, v.std, figure(v, "mean"), figure(v, "variance"), figure(v, "ks"),
      figure(v, "orthogonal"), figure(v, "exact"), figure(v, "bounds"), edge(text, {}), edge(text, {5}),
      edge(text, {1, 1}), edge(text, {0, 4}), checksum(w));
}

std::string page() {
  std::string text = R"(# Conformance

Every scheme of the catalogue through the same checks. The table is made by `tests/init/conformance_test.cpp`, which also
compares it with this page; since the figures are functions of seed 42, the name `w` and nothing else, they are the same for
every compiler, processor and number of threads.

- std: what the scheme promises, and what the tensor of 2^20 elements has.
- mean, variance, KS, orthogonality: how far the tensor is from the scheme's law, and in parentheses the limit that a right
  tensor exceeds with a probability below 1e-6 (`fanin/init/verify.h` has formulas and sources). Empty where a scheme promises
  no such law.
- wrong: of schemes without random numbers, elements that are not the value that belongs there; outside: elements beyond the
  promised bounds.
- [], [5], [1, 1], [0, 4]: a scalar, a vector, one element and none are filled, or refused in a sentence that names the shape.
- checksum: FNV-1a over the bits of all elements.

)";
  const auto table = [&](std::span<const SchemeInfo> schemes) {
    text +=
        "\n| scheme | shape | mean | std | measured | mean, errors | variance, off by | KS | orthogonality | wrong | "
        "outside "
        "| [] | [5] | [1, 1] | [0, 4] | checksum |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|---|---|---|\n";
    for (const SchemeInfo& info : schemes) text += row_of(info.example);
  };
  table(catalogue());
  text +=
      "\n## Dialects\n\nThe same of other frameworks' schemes, held to what those promise; see "
      "[dialects.md](dialects.md).\n";
  table(dialects());
  return text;
}

TEST(Conformance, PageIsWhatTheChecksSay) {
  const std::string text = page();
  if (std::getenv("FANIN_WRITE_DOCS") != nullptr) {
    std::ofstream(kPage) << text;
    return;
  }
  std::ifstream file(kPage);
  std::stringstream found;
  found << file.rdbuf();
  std::istringstream expected_lines(text);
  std::istringstream found_lines(found.str());
  std::string a;
  std::string b;
  while (std::getline(expected_lines, a)) {
    std::getline(found_lines, b);
    EXPECT_EQ(a, b);
  }
  EXPECT_EQ(text.size(), found.str().size());
}

// 1, 2 and 5 threads; tiles and shards of any size; every SIMD target of this machine. Compilers: ./run identity.
TEST(Conformance, BytesAreTheSameHoweverATensorIsMade) {
  std::vector<std::string> texts;
  for (const SchemeInfo& info : catalogue()) texts.push_back(info.example);
  for (const SchemeInfo& info : dialects()) texts.push_back(info.example);
  for (const std::string& text : texts) {
    const Shape shape = shape_for(Scheme::parse(text), small());
    const std::vector<float> whole = made(text, shape);
    for (const std::size_t threads : {2U, 5U}) EXPECT_TRUE(same_bytes(whole, made(text, shape, threads))) << text;
    test::for_each_target([&](const std::string& target) {
      EXPECT_TRUE(same_bytes(whole, made(text, shape))) << text << " " << target;
      const auto tiles = tiled(text, shape);
      EXPECT_TRUE(!tiles || same_bytes(whole, *tiles)) << text << " " << target;
    });
    const Plan plan = plan_of(text, shape);
    for (const std::size_t parts : {1U, 3U, 8U, 50U}) {
      EXPECT_TRUE(same_bytes(whole, joined(plan, shape, parts))) << text << " " << parts;
    }
  }
}

}  // namespace
}  // namespace fanin::init
