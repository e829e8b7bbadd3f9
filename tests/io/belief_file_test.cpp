#include "fanin/io/belief_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fanin/dbn/generate.h"
#include "fanin/io/machine_file.h"
#include "fanin/io/safetensors.h"

#include "tests/dbn/machines.h"
#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

using rbm::UnitKind;
using Metadata = std::map<std::string, std::string>;
using Tensors = std::map<std::string, Shape>;

// Weights up and down that are not the same any more.
dbn::Model untied(const std::vector<rbm::RbmSpec>& specs) {
  dbn::Model model(test::stack_of(specs));
  for (std::size_t l = 0; l < model.directed(); ++l) {
    for (float& w : model.generation(l).values()) w *= -0.5F;
    model.generation(l).refresh();
  }
  return model;
}

void expect_same(const dbn::Model& a, const dbn::Model& b) {
  ThreadPool pool(1);
  constexpr std::size_t kRows = 7;
  const std::vector<float> x = test::uniform(kRows * a.inputs(), 1);
  const auto drawn = [&](const dbn::Model& m) {
    std::vector<float> out(kRows * m.inputs());
    dbn::generate(m, {3, 1}, {}, {out.data(), kRows, m.inputs()}, pool);
    return out;
  };
  const auto above = [&](const dbn::Model& m) {
    std::vector<float> out(kRows * m.top_inputs());
    m.up({x.data(), kRows, m.inputs()}, {out.data(), kRows, m.top_inputs()});
    return out;
  };
  EXPECT_EQ(drawn(a), drawn(b));
  EXPECT_EQ(above(a), above(b));
  EXPECT_TRUE(std::equal(a.top().values().begin(), a.top().values().end(), b.top().values().begin()));
}

TEST(BeliefFile, ANetworkComesBackAsItWas) {
  const TempDir folder;
  for (const std::vector<rbm::RbmSpec>& specs :
       {std::vector<rbm::RbmSpec>{{6, 5, UnitKind::gaussian}, {5, 4}, {4, 7, UnitKind::binary, UnitKind::binary, 3}},
        {{6, 5}, {5, 4}},
        {{6, 5, UnitKind::binary, UnitKind::binary, 2}}}) {
    const dbn::Model model = untied(specs);
    save_belief(folder / "m", model, {{"fanin.seed", "3"}});
    EXPECT_TRUE(is_belief_file(folder / "m"));
    const LoadedBelief loaded = load_belief(folder / "m");
    EXPECT_EQ(loaded.metadata.at("fanin.seed"), "3");
    EXPECT_EQ(loaded.model.directed(), specs.size() - 1);
    EXPECT_EQ(loaded.model.labels(), specs.back().labels);
    expect_same(loaded.model, model);
    save_belief(folder / "again", loaded.model, {{"fanin.seed", "3"}});
    EXPECT_EQ(get(folder / "again"), get(folder / "m"));
  }
}

// A file as another program may write it: 4-3 directed, 3 + 2 labels - 6 above; all values alike.
struct Written {
  Metadata metadata{{"fanin.labels", "2"}, {"fanin.visible_units", "binary"}};
  Tensors tensors{{"recognition.0.weight", {3, 4}}, {"recognition.0.bias", {3}}, {"generation.0.weight", {3, 4}},
                  {"generation.0.bias", {4}},       {"top.weight", {6, 5}},      {"top.visible_bias", {5}},
                  {"top.hidden_bias", {6}}};
  std::string special;  // the tensor whose last element is `value`
  float value = 0.5F;

  void write(const std::filesystem::path& path) const {
    std::vector<std::vector<float>> values;
    std::vector<TensorSource> sources;
    values.reserve(tensors.size());
    for (const auto& [name, shape] : tensors) {
      values.emplace_back(shape.elements(), 0.5F);
      if (name == special) values.back().back() = value;
      sources.push_back(f32_source(name, shape, values.back()));
    }
    write_safetensors(path, sources, metadata);
  }
};

template <typename Change>
std::string rejection(Change&& change) {
  const TempDir folder;
  Written file;
  change(file);
  file.write(folder / "bad");
  return message_of(ErrorKind::data, [&] { (void)load_belief(folder / "bad"); });
}

TEST(BeliefFile, WhatIsNoNetworkIsRejected) {
  const TempDir folder;
  Written().write(folder / "good");
  EXPECT_EQ(load_belief(folder / "good").model.inputs(), 4U);
  // Each tensor that is missing, of another shape, or not finite is named.
  for (const auto& [tensor, its_shape] : Written().tensors) {
    const std::string name = tensor;
    const Shape shape = its_shape;
    SCOPED_TRACE(name);
    const std::string quoted = "'" + name + "'";
    // Without its weight a recognition layer is none, so that its neighbours do not fit any more.
    const std::string missing = rejection([&](Written& f) { f.tensors.erase(name); });
    EXPECT_TRUE(contains(missing, name == "recognition.0.weight" ? "'generation.0.bias'" : quoted)) << missing;
    const std::string longer = rejection([&](Written& f) {
      f.tensors[name] = shape.rank() == 1 ? Shape{shape[0] + 1} : Shape{shape[0], shape[1] + 1};
    });
    EXPECT_TRUE(contains(longer, name == "recognition.0.weight" ? "'generation.0.weight'" : quoted)) << longer;
    const std::string flat = rejection([&](Written& f) { f.tensors[name] = Shape{shape.elements(), 1, 1}; });
    EXPECT_TRUE(contains(flat, quoted)) << flat;
    for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      const std::string odd = rejection([&](Written& f) {
        f.special = name;
        f.value = bad;
      });
      EXPECT_TRUE(contains(odd, quoted + " element " + std::to_string(shape.elements() - 1))) << odd;
    }
  }
  EXPECT_TRUE(contains(rejection([](Written& f) {
                         f.tensors["recognition.2.weight"] = {3, 4};
                       }),
                       "'recognition.2.weight' [3, 4] belongs to no layer"));
  EXPECT_TRUE(contains(rejection([](Written& f) { f.tensors["extra"] = {1}; }), "'extra'"));
  // Sizes that do not fit each other.
  EXPECT_TRUE(contains(rejection([](Written& f) { f.metadata["fanin.labels"] = "3"; }),
                       "'top.weight' has 2 units below without labels, 'recognition.0.weight' has 3 above"));
  for (const char* labels : {"5", "-2", "x", ""}) {
    EXPECT_TRUE(contains(rejection([&](Written& f) { f.metadata["fanin.labels"] = labels; }), "labels")) << labels;
  }
  EXPECT_TRUE(contains(rejection([](Written& f) { f.metadata["fanin.labels"] = "1"; }), "bad: [rbm]"));  // no softmax
  EXPECT_TRUE(contains(rejection([](Written& f) { f.metadata.erase("fanin.labels"); }), "'fanin.labels'"));
  EXPECT_TRUE(contains(rejection([](Written& f) { f.metadata.erase("fanin.visible_units"); }), "visible_units"));
  for (const char* units : {"relu", "softmax", ""}) {
    EXPECT_TRUE(contains(rejection([&](Written& f) { f.metadata["fanin.visible_units"] = units; }), "visible units"));
  }
  // Gaussian units below a directed layer, but not in the undirected one.
  EXPECT_TRUE(contains(rejection([](Written& f) {
                         f.metadata["fanin.visible_units"] = "gaussian";
                         f.tensors = {{"top.weight", {6, 5}}, {"top.visible_bias", {5}}, {"top.hidden_bias", {6}}};
                       }),
                       "layer 0 has gaussian visible"));
  EXPECT_THROW((void)load_belief(folder / "none"), Error);
}

TEST(BeliefFile, AStackIsNone) {
  const TempDir folder;
  const rbm::Rbm machine(3, 2);
  const rbm::Rbm* const one[] = {&machine};
  save_machines(folder / "s", one, {});
  EXPECT_FALSE(is_belief_file(folder / "s"));
  EXPECT_TRUE(
      contains(message_of(ErrorKind::data, [&] { (void)load_belief(folder / "s"); }), "there is no 'top.weight'"));
}

}  // namespace
}  // namespace fanin::io
