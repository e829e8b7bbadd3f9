#include "fanin/io/verify_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "fanin/init/produce.h"
#include "fanin/io/spec_file.h"

#include "io/safetensors_header.h"
#include "io/sha256.h"

namespace fanin::io {
namespace {

using Bytes = std::span<const std::byte>;

// Compares what seed and rule make with what the file has.
void compare(const init::Plan& plan, const init::PlanEntry& entry, init::ElementRange held, std::uint64_t seed,
             Bytes bytes, ThreadPool& pool, TensorReport& report) {
  const std::size_t width = init::float_bytes(entry.parameter.dtype);
  std::size_t at = 0;
  init::produce(plan, entry, seed, held, pool, [&](Bytes made) {
    const Bytes there = bytes.subspan(at, made.size());
    if (!made.empty() && std::memcmp(made.data(), there.data(), made.size()) != 0) {
      for (std::size_t i = 0; i < made.size(); i += width) {
        if (std::memcmp(made.data() + i, there.data() + i, width) == 0) continue;
        if (!report.first_different) report.first_different = (at + i) / width;
        ++report.different;
      }
    }
    at += made.size();
  });
  if (report.different > 0) {
    report.findings.push_back(fmt::format("{} of {} elements are not those of the seed {}, from element {} on",
                                          report.different, held.count, seed, *report.first_different));
  }
}

void check_digest(const std::map<std::string, std::string>& digests, Bytes bytes, TensorReport& report) {
  const auto at = digests.find(report.name);
  if (at == digests.end()) return;
  Sha256 hash;
  constexpr std::size_t kPiece = std::size_t{1} << 24;
  for (std::size_t i = 0; i < bytes.size(); i += kPiece)
    hash.update(bytes.subspan(i, std::min(kPiece, bytes.size() - i)));
  if (hash.hex() == at->second) return;
  report.findings.emplace_back(report.different > 0 || !report.verdict
                                   ? "its SHA-256 is not the one of the certificate"
                                   : "its SHA-256 is not the one of the certificate, which its plan does not make");
}

/// A failed check in words.
std::string words(const init::Check& c) {
  const auto off = [&](std::string_view what, std::string_view unit) {
    return fmt::format("{} by {:.6g}{}, allowed is {:.6g}", what, std::abs(c.value), unit, c.limit);
  };
  if (c.name == "finite") return fmt::format("{:.0f} elements are not finite", c.value);
  if (c.name == "bounds") return fmt::format("{:.0f} elements lie outside the bounds of its scheme", c.value);
  if (c.name == "exact") return fmt::format("{:.0f} elements are not the value that belongs there", c.value);
  if (c.name == "mean") return off(c.value < 0 ? "the mean is too low" : "the mean is too high", " standard errors");
  if (c.name == "variance") {
    return fmt::format("the variance is {:.6g} times that of its scheme, allowed is {:.6g} more or less", 1 + c.value,
                       c.limit);
  }
  if (c.name == "ks") return off("the distribution is off", "");
  if (c.name == "zeros") {
    return fmt::format("{:.6g} more zeros than its scheme makes, allowed are {:.6g}", c.value, c.limit);
  }
  return off("the orthogonality is off", "");
}

void judge(const init::Plan& plan, const init::PlanEntry& entry, init::ElementRange held, Bytes bytes,
           double false_alarm, ThreadPool& pool, TensorReport& report) {
  const init::FloatType type = entry.parameter.dtype;
  const std::size_t width = init::float_bytes(type);
  report.verdict = init::verify(
      plan, entry, held,
      [&](std::uint64_t first, std::span<float> out) {
        init::decode(type, bytes.subspan(first * width, out.size() * width), out);
      },
      false_alarm, pool);
  for (const init::Check& c : report.verdict->checks) {
    if (c.passed()) continue;
    report.findings.push_back(words(c));
  }
}

}  // namespace

bool FileReport::passed() const noexcept {
  return std::all_of(tensors.begin(), tensors.end(), [](const TensorReport& t) { return t.findings.empty(); });
}

FileReport verify_files(const ModelFiles& model, const init::Plan& plan, const VerifyOptions& options,
                        ThreadPool& pool) {
  FileReport report;
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const TensorInfo& t : model.tensors()) total += t.end - t.begin;
  const double false_alarm = init::false_alarm_of_one(plan.entries().size());
  for (const init::PlanEntry& entry : plan.entries()) {
    const init::ParameterSpec& p = entry.parameter;
    if (!init::holds(options.shard, p.shape)) continue;
    const TensorInfo* info = model.find(p.name);
    TensorReport one{.name = p.name};
    if (p.state == init::State::tied) {
      if (info != nullptr) one.findings.push_back(fmt::format("it is there, though it is tied to '{}'", p.tied_to));
    } else if (info == nullptr) {
      one.findings.emplace_back("it is not there");
    } else if (const Shape shape = init::shape_of(options.shard, p.shape); info->shape != shape) {
      one.findings.push_back(fmt::format("its shape is {}, {} is planned", info->shape.str(), shape.str()));
    } else if (entry.rule && info->dtype != dtype_of(p.dtype)) {
      one.findings.push_back(
          fmt::format("its type is {}, {} is planned", dtype_name(info->dtype), dtype_name(dtype_of(p.dtype))));
    } else {
      const Bytes bytes = model.bytes(*info);
      const init::ElementRange held = init::elements_of(options.shard, p.shape);
      if (entry.rule) {
        judge(plan, entry, held, bytes, false_alarm, pool, one);
        if (options.seed) compare(plan, entry, held, *options.seed, bytes, pool, one);
      }
      check_digest(options.sha256, bytes, one);
    }
    if (info != nullptr) done += info->end - info->begin;
    report.tensors.push_back(std::move(one));
    if (options.progress) options.progress(done, total);
  }
  for (const TensorInfo& t : model.tensors()) {
    const init::PlanEntry* entry = plan.find(t.name);
    if (entry != nullptr && init::holds(options.shard, entry->parameter.shape)) continue;
    report.tensors.push_back({.name = t.name, .findings = {"it is there, but not in the plan"}});
  }
  return report;
}

}  // namespace fanin::io
