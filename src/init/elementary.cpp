#include <fmt/format.h>

#include "fanin/core/error.h"

#include "init/definitions.h"
#include "init/law.h"

namespace fanin::init {
namespace {

RulePtr constant(double value) {
  return make_rule(Plain{{Law::Kind::constant, value, 0}});
}

RulePtr uniform(Arguments a) {
  if (a[0].number > a[1].number) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("uniform: low={} is above high={}, allowed are low <= high", a[0].number, a[1].number));
  }
  return make_rule(Plain{{Law::Kind::uniform, a[0].number, a[1].number}});
}

}  // namespace

std::vector<Definition> elementary_definitions() {
  return {
      {"zeros", {}, {}, [](Arguments) { return constant(0); }, "W = 0", "elementary"},
      {"ones", {}, {}, [](Arguments) { return constant(1); }, "W = 1", "elementary"},
      {"constant", {}, {number("value")}, [](Arguments a) { return constant(a[0].number); }, "W = value", "elementary"},
      {"uniform",
       {},
       {number("low", "0"), number("high", "1")},
       uniform,
       "W ~ U[low, high), Var[W] = (high - low)^2 / 12",
       "elementary; the defaults of torch.nn.init.uniform_"},
      {"normal",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative)},
       [](Arguments a) {
         return make_rule(Plain{{Law::Kind::normal, a[0].number, a[1].number}});
       },
       "W ~ N(mean, std^2)",
       "elementary; the defaults of torch.nn.init.normal_"},
  };
}

}  // namespace fanin::init
