#include <cstdint>

#include "init_test_support.h"

namespace fanin::init {
namespace {

struct Golden {
  const char* scheme;
  std::uint64_t checksum;  ///< FNV-1a over the bits of all elements
  float first, second, third;
};

// A change of any of these numbers changes every network that anyone made before: never edit them, add a new scheme.
const Golden kGolden[] = {
    {"zeros", 0x0243cfa845185aa5, 0x0p+0f, 0x0p+0f, 0x0p+0f},
    {"ones", 0x3940639d32d0ace5, 0x1p+0f, 0x1p+0f, 0x1p+0f},
    {"constant(-0.5)", 0x130570cb21952ee5, -0x1p-1f, -0x1p-1f, -0x1p-1f},
    {"uniform", 0x489e645a84f2dc4d, 0x1.f1f1ccp-1f, 0x1.dad8p-2f, 0x1.30d2ecp-1f},
    {"uniform(-0.1, 0.1)", 0x4d0bb87d87d40475, 0x1.831c7ap-4f, -0x1.db999ap-8f, 0x1.38791ap-6f},
    {"normal", 0x3f26ce47100cb7b3, -0x1.ceed8p-1f, -0x1.3680b2p+1f, 0x1.6f5cbep+1f},
    {"normal(1, 0.02)", 0xec2135f4ac4d9fb0, 0x1.f6bddp-1f, 0x1.e728e8p-1f, 0x1.0eb1cap+0f},
    {"truncated_normal", 0x4404e41902a12d87, -0x1.9663bp+0f, 0x1.eba284p-2f, -0x1.e6787ep+0f},
    {"truncated_normal(0, 0.02, -1, 3)", 0x362177a0e36bca0a, -0x1.21f99ap-6f, 0x1.a78d9ep-7f, -0x1.40aa86p-6f},
    {"variance_scaling", 0x77a0166294e1b586, -0x1.ce00bp-1f, 0x1.1774f4p-2f, -0x1.14857cp+0f},
    {"variance_scaling(2, fan_out, uniform)", 0x47a0b45eee8d3e9d, 0x1.e3e398p-1f, -0x1.294p-4f, 0x1.86976p-3f},
    {"variance_scaling(1, fan_geo_avg, normal)", 0x2fab6c4a7e4f6c32, -0x1.a24d6cp-2f, -0x1.189224p+0f, 0x1.4bf304p+0f},
    {"xavier_uniform", 0xe288d8dab8fca4d8, 0x1.76d1ap-1f, -0x1.cc7f6cp-5f, 0x1.2e8cfcp-3f},
    {"xavier_normal", 0x559cf6b6f210a0bf, -0x1.9e0e1ep-2f, -0x1.15b8dap+0f, 0x1.48942cp+0f},
    {"xavier_normal(gain=5/3)", 0x75296f0c8ab086da, -0x1.590bc4p-1f, -0x1.cedecp+0f, 0x1.11d0dp+1f},
    {"kaiming_uniform", 0xcfe95793494adabe, 0x1.2852p+0f, -0x1.6c0e3p-4f, 0x1.de5feep-3f},
    {"kaiming_normal", 0x6115a174c5fe082a, -0x1.4756dep-1f, -0x1.b71dfep+0f, 0x1.03c3acp+1f},
    {"kaiming_normal(a=0.01, mode=fan_out)", 0x0cd35c3707011615, -0x1.0b4212p-1f, -0x1.66850ep+0f, 0x1.a82c16p+0f},
    {"kaiming_normal(nonlinearity=gelu)", 0xb196d53fd9efe841, -0x1.62f4f6p-1f, -0x1.dc2a56p+0f, 0x1.19ae3ep+1f},
    {"lecun_uniform", 0x3c041274e38df264, 0x1.a30f68p-1f, -0x1.016d12p-4f, 0x1.524312p-3f},
    {"lecun_normal", 0x77a0166294e1b586, -0x1.ce00bp-1f, 0x1.1774f4p-2f, -0x1.14857cp+0f},
    {"orthogonal", 0xc4ede61fe471e1bb, -0x1.784cd8p-2f, 0x1.cb50b2p-2f, -0x1.aa5002p-2f},
    {"orthogonal(gain=sqrt(2))", 0xb39662bebebddbcc, -0x1.0a159cp-1f, 0x1.44c8fp-1f, -0x1.2d72dp-1f},
    {"identity", 0x1f37504ec76d2e85, 0x1p+0f, 0x0p+0f, 0x0p+0f},
    {"sparse(0.3)", 0x42ed7dc3e91d49f2, 0x0p+0f, 0x1.8783dcp-9f, -0x1.b2ef66p-7f},
    {"pytorch_default", 0xcdb7de8058ca18ba, 0x1.e3e398p-2f, -0x1.294p-5f, 0x1.86976p-4f},
};

TEST(Golden, BitsOfEverySchemeArePinned) {
  for (const Golden& g : kGolden) {
    const std::vector<float> w = filled(g.scheme, {6, 4}, {4, 6}, random::Stream(42, "fc1.weight"));
    EXPECT_EQ(w[0], g.first) << g.scheme;
    EXPECT_EQ(w[1], g.second) << g.scheme;
    EXPECT_EQ(w[2], g.third) << g.scheme;
    EXPECT_EQ(checksum(w), g.checksum) << g.scheme;
  }
}

// The first values again, from the definition: words of Philox by hand, x = (word & 0xffffff) 2^-24, fma(x, 2 b, -b).
TEST(Golden, XavierUniformIsItsFormulaOverTheStream) {
  const random::Stream stream(42, "fc1.weight");
  const float bound = static_cast<float>(std::sqrt(6.0 / 10));
  const std::vector<float> w = filled("xavier_uniform", {6, 4}, {4, 6}, stream);
  for (std::size_t i = 0; i < w.size(); ++i) {
    EXPECT_EQ(w[i], std::fma(static_cast<float>(stream.word(i) & 0xffffff) * 0x1p-24f, 2 * bound, -bound));
  }
}

}  // namespace
}  // namespace fanin::init
