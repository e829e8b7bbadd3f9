#include "fanin/io/network_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/thread_pool.h"
#include "fanin/io/safetensors.h"
#include "fanin/nn/initialize.h"

namespace fanin::io {
namespace {

class NetworkFile : public ::testing::Test {
 protected:
  NetworkFile() : path_(testing::TempDir() + "fanin_network_" + std::to_string(getpid()) + ".safetensors") {}
  ~NetworkFile() override { std::filesystem::remove(path_); }

  nn::Network saved(const nn::NetworkSpec& spec) {
    nn::Network network(spec);
    ThreadPool pool(1);
    nn::initialize(network, nn::InitRules::parse("pytorch_default"), 3, pool);
    save_network(path_, spec, network, {{"fanin.seed", "3"}});
    return network;
  }

  /// A file as another program may write it.
  void write(const std::vector<std::pair<std::string, Shape>>& tensors,
             const std::map<std::string, std::string>& metadata = {}, float value = 0.5F) {
    std::vector<std::vector<float>> values;
    std::vector<TensorSource> sources;
    values.reserve(tensors.size());
    for (const auto& [name, shape] : tensors) {
      values.emplace_back(shape.elements(), value);
      sources.push_back(f32_source(name, shape, values.back()));
    }
    write_safetensors(path_, sources, metadata);
  }

  [[nodiscard]] std::string rejection() const {
    try {
      (void)load_network(path_);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::data);
      EXPECT_NE(std::string(e.what()).find(path_), std::string::npos) << e.what();
      return e.what();
    }
    return "accepted";
  }

  std::string path_;
};

TEST_F(NetworkFile, LoadsWhatWasSaved) {
  const nn::NetworkSpec spec{{7, 5, 4, 3}, nn::Activation::parse("leaky_relu(0.2)"), 0.25};
  const nn::Network network = saved(spec);
  const LoadedNetwork loaded = load_network(path_);
  EXPECT_EQ(loaded.spec.widths, spec.widths);
  EXPECT_EQ(loaded.spec.activation, spec.activation);
  EXPECT_EQ(loaded.spec.dropout, spec.dropout);
  EXPECT_EQ(loaded.metadata.at("fanin.seed"), "3");
  EXPECT_TRUE(std::equal(network.values().begin(), network.values().end(), loaded.network.values().begin()));
}

TEST_F(NetworkFile, KeepsAnActivationForEachLayer) {
  nn::NetworkSpec spec{{7, 5, 4, 3, 2}};
  spec.parse_activations("sigmoid,leaky_relu(0.2),identity");
  (void)saved(spec);
  const LoadedNetwork loaded = load_network(path_);
  EXPECT_EQ(loaded.metadata.at("fanin.activation"), "sigmoid,leaky_relu(0.2),identity");
  EXPECT_EQ(loaded.spec.activations, spec.activations);
  EXPECT_EQ(loaded.network.layers()[5]->str(), "identity");
  write({{"0.weight", {4, 6}}, {"0.bias", {4}}}, {{"fanin.activation", "relu,tanh"}});
  EXPECT_NE(rejection().find("2 activations given for the 0 hidden layers of 6-4"), std::string::npos);
}

TEST_F(NetworkFile, HoldsPyTorchsNamesAndShapes) {
  (void)saved(nn::NetworkSpec{{784, 256, 256, 10}});
  const auto file = SafetensorsFile::open(path_);
  ASSERT_NE(file.find("0.weight"), nullptr);
  EXPECT_EQ(file.find("0.weight")->shape, (Shape{256, 784}));
  EXPECT_EQ(file.find("4.bias")->shape, Shape{10});
  EXPECT_EQ(file.tensors().size(), 6U);
}

TEST_F(NetworkFile, EqualNetworksGiveEqualBytes) {
  const auto bytes = [&] {
    std::ifstream in(path_, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), {});
  };
  (void)saved(nn::NetworkSpec{{7, 5, 3}});
  const std::string first = bytes();
  (void)saved(nn::NetworkSpec{{7, 5, 3}});
  EXPECT_EQ(first, bytes());
}

TEST_F(NetworkFile, ReadsASequentialOfAnotherProgram) {
  // Linear, ReLU, Dropout, Linear: other indices than ours, no metadata.
  write({{"0.weight", {4, 6}}, {"0.bias", {4}}, {"3.weight", {2, 4}}, {"3.bias", {2}}});
  const LoadedNetwork loaded = load_network(path_, "tanh");
  EXPECT_EQ(loaded.spec.widths_str(), "6-4-2");
  EXPECT_EQ(loaded.spec.activation.str(), "tanh");
  EXPECT_EQ(loaded.network.values(loaded.network.parameters()[2])[0], 0.5F);
}

TEST_F(NetworkFile, RejectsWhatIsNoNetwork) {
  write({{"0.weight", {4, 6}}});
  EXPECT_NE(rejection().find("0.bias"), std::string::npos);
  write({{"0.weight", {4, 6}}, {"0.bias", {5}}});
  EXPECT_NE(rejection().find("'0.bias'"), std::string::npos);
  write({{"0.weight", {4, 6}}, {"0.bias", {4}}, {"1.weight", {2, 5}}, {"1.bias", {2}}});
  EXPECT_NE(rejection().find("takes 5 inputs"), std::string::npos);
  write({{"0.weight", {4, 6}}, {"0.bias", {4}}, {"1.running_mean", {4}}});
  EXPECT_NE(rejection().find("1.running_mean"), std::string::npos);
  write({{"conv.weight", {4, 6}}});
  EXPECT_NE(rejection().find("conv.weight"), std::string::npos);
  write({{"0.weight", {4, 6, 3}}, {"0.bias", {4}}});
  EXPECT_NE(rejection().find("[4, 6, 3]"), std::string::npos);
  write({{"x", {4}}});
  EXPECT_NE(rejection().find("no weight"), std::string::npos);
}

TEST_F(NetworkFile, RejectsValuesThatAreNotFinite) {
  write({{"0.weight", {4, 6}}, {"0.bias", {4}}}, {}, std::nanf(""));
  EXPECT_NE(rejection().find("element 0 is nan"), std::string::npos);
}

TEST_F(NetworkFile, RejectsMetadataThatDoNotFit) {
  const std::vector<std::pair<std::string, Shape>> tensors{{"0.weight", {4, 6}}, {"0.bias", {4}}};
  write(tensors, {{"fanin.layers", "6-5"}});
  EXPECT_NE(rejection().find("6-5"), std::string::npos);
  write(tensors, {{"fanin.activation", "rleu"}});
  EXPECT_NE(rejection().find("rleu"), std::string::npos);
  write(tensors, {{"fanin.dropout", "2"}});
  EXPECT_NE(rejection().find("2"), std::string::npos);
  write(tensors, {{"fanin.dropout", "much"}});
  EXPECT_NE(rejection().find("much"), std::string::npos);
}

TEST_F(NetworkFile, AMissingFileIsAnIoError) {
  try {
    (void)load_network(path_ + ".missing");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::io);
  }
}

}  // namespace
}  // namespace fanin::io
