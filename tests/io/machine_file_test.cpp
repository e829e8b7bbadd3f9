#include "fanin/io/machine_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/io/safetensors.h"

#include "tests/io/io_test_support.h"
#include "tests/rbm/machines.h"

namespace fanin::io {
namespace {

using rbm::Rbm;
using rbm::UnitKind;
using Metadata = std::map<std::string, std::string>;

TEST(MachineFile, AStackComesBackAsItWas) {
  const TempDir folder;
  const Rbm bottom = rbm::test::random_machine({5, 4, UnitKind::gaussian}, 1, 1);
  const Rbm top = rbm::test::random_machine({4, 3, UnitKind::binary, UnitKind::relu, 2}, 1, 2);
  const Rbm* const stack[] = {&bottom, &top};
  save_machines(folder / "m", stack, {{"fanin.seed", "3"}});
  const LoadedMachines loaded = load_machines(folder / "m");
  ASSERT_EQ(loaded.machines.size(), 2U);
  EXPECT_EQ(loaded.metadata.at("fanin.seed"), "3");
  EXPECT_EQ(loaded.metadata.at("fanin.units"), "gaussian-binary, binary-relu");
  for (std::size_t i = 0; i < 2; ++i) {
    const Rbm& a = *stack[i];
    const Rbm& b = loaded.machines[i];
    EXPECT_EQ(b.spec().visible, a.spec().visible);
    EXPECT_EQ(b.spec().labels, a.spec().labels);
    EXPECT_EQ(b.spec().visible_units, a.spec().visible_units);
    EXPECT_EQ(b.spec().hidden_units, a.spec().hidden_units);
    EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end()));
  }
}

// A file as another program may write it: one machine of 3 visible and 2 hidden units, changed by `change`.
void write(const std::filesystem::path& path, const Metadata& metadata,
           const std::vector<std::pair<std::string, Shape>>& tensors, float value = 0.5F) {
  std::vector<std::vector<float>> values;
  std::vector<TensorSource> sources;
  values.reserve(tensors.size());
  for (const auto& [name, shape] : tensors) {
    values.emplace_back(shape.elements(), value);
    sources.push_back(f32_source(name, shape, values.back()));
  }
  write_safetensors(path, sources, metadata);
}

TEST(MachineFile, WhatIsNoMachineIsRejected) {
  const TempDir folder;
  const std::pair<std::string, Shape> w{"0.weight", {2, 3}}, b{"0.visible_bias", {3}}, c{"0.hidden_bias", {2}};
  write(folder / "good", {}, {w, b, c});
  EXPECT_EQ(load_machines(folder / "good").machines.size(), 1U);
  const auto rejected = [&](const Metadata& metadata, const std::vector<std::pair<std::string, Shape>>& tensors,
                            float value = 0.5F) {
    write(folder / "bad", metadata, tensors, value);
    try {
      (void)load_machines(folder / "bad");
      ADD_FAILURE() << "was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::data) << e.what();
    }
  };
  rejected({}, {});
  rejected({}, {w, b});
  rejected({}, {w, c});
  rejected({}, {b, c});
  rejected({}, {w, b, c, {"1.bias", {2}}});
  rejected({}, {{"0.weight", {6}}, b, c});
  rejected({}, {w, {"0.visible_bias", {2}}, c});
  rejected({}, {w, b, {"0.hidden_bias", {3}}});
  rejected({}, {w, b, c}, NAN);
  rejected({{"fanin.labels", "3"}}, {w, b, c});
  rejected({{"fanin.labels", "-1"}}, {w, b, c});
  rejected({{"fanin.labels", "1"}}, {w, b, c});
  rejected({{"fanin.units", "binary"}}, {w, b, c});
  rejected({{"fanin.units", "binary-softmax"}}, {w, b, c});
  rejected({{"fanin.units", "binary-binary, binary-binary"}}, {w, b, c});
  // The second machine does not fit on the first.
  rejected({}, {w, b, c, {"1.weight", {2, 3}}, {"1.visible_bias", {3}}, {"1.hidden_bias", {2}}});
  EXPECT_THROW((void)load_machines(folder / "none"), Error);
  EXPECT_THROW(save_machines(folder / "x", {}, {}), Error);
}

}  // namespace
}  // namespace fanin::io
