#include "fanin/init/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/fill.h"

namespace fanin::init {
namespace {

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

}  // namespace

bool poisons_raw_memory() noexcept {
#ifdef NDEBUG
  return false;
#else
  return true;
#endif
}

Application::Application(Plan plan, std::uint64_t seed) : plan_(std::move(plan)), seed_(seed) {
  for (const PlanEntry& e : plan_.entries()) places_.push_back({e.parameter.state});
}

std::size_t Application::index(std::string_view name) const {
  const PlanEntry* entry = plan_.find(name);
  if (entry != nullptr) return static_cast<std::size_t>(entry - plan_.entries().data());
  std::vector<std::string> names;
  for (const PlanEntry& e : plan_.entries()) names.push_back(e.parameter.name);
  fail(fmt::format("no parameter '{}' in this plan{}", name.substr(0, 120), did_you_mean(name, names)));
}

void Application::bind(std::string_view name, std::span<float> values) {
  const std::size_t i = index(name);
  const ParameterSpec& p = plan_.entries()[i].parameter;
  if (places_[i].state != State::raw) {
    fail(fmt::format("parameter '{}' is {}: only raw memory can be bound", name, to_string(places_[i].state)));
  }
  if (places_[i].bound) fail(fmt::format("parameter '{}' is bound already", name));
  if (values.size() != p.shape.elements()) {
    fail(fmt::format("parameter '{}' {} has {} elements, memory for {} given", name, p.shape.str(), p.shape.elements(),
                     values.size()));
  }
  if (poisons_raw_memory()) std::fill(values.begin(), values.end(), std::numeric_limits<float>::quiet_NaN());
  places_[i].bound = true;
  places_[i].values = values;
}

void Application::fill_one(std::size_t i, ThreadPool& pool) {
  const PlanEntry& entry = plan_.entries()[i];
  const ParameterSpec& p = entry.parameter;
  fill(*plan_.scheme(entry), p.shape, p.fans, random::Stream(seed_, p.name), places_[i].values, pool);
  places_[i] = {State::initialized};
}

void Application::apply(std::string_view name, ThreadPool& pool) {
  const std::size_t i = index(name);
  if (places_[i].state != State::raw) {
    fail(fmt::format("parameter '{}' is {} already: it is filled once", name, to_string(places_[i].state)));
  }
  if (!places_[i].bound) fail(fmt::format("parameter '{}' has no memory yet", name));
  fill_one(i, pool);
}

void Application::apply(ThreadPool& pool) {
  bool any = false;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].state != State::raw) continue;
    any = true;
    if (!places_[i].bound) fail(fmt::format("parameter '{}' has no memory yet", plan_.entries()[i].parameter.name));
  }
  if (!any && !places_.empty()) fail("no parameter is raw: the plan was applied already");
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].state == State::raw) fill_one(i, pool);
  }
}

State Application::state(std::string_view name) const {
  return places_[index(name)].state;
}

void Application::require_complete() const {
  const auto raw = std::find_if(places_.begin(), places_.end(), [](const Place& p) { return p.state == State::raw; });
  if (raw == places_.end()) return;
  fail(fmt::format("parameter '{}' is still raw",
                   plan_.entries()[static_cast<std::size_t>(raw - places_.begin())].parameter.name));
}

}  // namespace fanin::init
