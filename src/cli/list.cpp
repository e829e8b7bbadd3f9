#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/init/catalogue.h"
#include "fanin/init/data_dependent.h"
#include "fanin/init/gain.h"

#include "cli/command.h"
#include "cli/recipe_report.h"
#include "cli/settings.h"
#include "cli/wrapped.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct List {
  Common common;
  std::string name;
  std::string seed = "0";
  bool gains = false;
  bool recipes = false;

  int run() const;
};

std::string written(const init::SchemeInfo& s) {
  return s.parameters.empty() ? s.name : fmt::format("{}({})", s.name, s.parameters);
}

std::string entry(const init::SchemeInfo& s) {
  const std::string head = s.parameters.empty() ? s.name + "\n" : wrapped(s.name + "(", s.parameters + ")");
  std::string text = head + wrapped("    ", s.formula);
  if (!s.aliases.empty()) text += wrapped("    also ", fmt::format("{}", fmt::join(s.aliases, ", ")));
  return text + wrapped("    ", s.source);
}

std::string detail(const init::SchemeInfo& s) {
  std::string text = wrapped("name        ", s.name);
  if (!s.aliases.empty()) text += wrapped("aliases     ", fmt::format("{}", fmt::join(s.aliases, ", ")));
  text += wrapped("parameters  ", s.parameters.empty() ? std::string("none") : s.parameters);
  text += wrapped("formula     ", s.formula);
  text += wrapped("source      ", s.source);
  if (s.dialect) text += wrapped("differs     ", s.dialect->differs);
  return text + wrapped("in full     ", written(s));
}

bool learns(const init::SchemeInfo& s) {
  const auto all = init::data_dependent_catalogue();
  return &s >= all.data() && &s < all.data() + all.size();
}

const init::SchemeInfo& find(std::string_view text) {
  // A scheme with its arguments is asked for by name, too.
  const std::string_view wanted = trimmed(text.substr(0, text.find('(')));
  std::vector<std::string> learned;
  for (const init::SchemeInfo& s : init::data_dependent_catalogue()) {
    if (s.name == wanted || std::find(s.aliases.begin(), s.aliases.end(), wanted) != s.aliases.end()) return s;
    learned.push_back(s.name);
  }
  try {
    return init::scheme_info(wanted);
  } catch (const Error&) {
    const std::string instead = did_you_mean(wanted, learned);
    if (instead.empty()) throw;
    throw Error(ErrorKind::usage, "list", fmt::format("no scheme is named '{}'{}", wanted, instead));
  }
}

// Of `keras:` all schemes of the framework, of `torch_2_11:` those of this version alone.
std::vector<const init::SchemeInfo*> of_dialect(std::string_view prefix) {
  std::vector<const init::SchemeInfo*> list;
  const auto framework = init::framework_named(prefix.substr(0, prefix.size() - 1));
  std::vector<std::string> names;
  for (const init::SchemeInfo& s : init::dialects()) {
    if (framework ? s.dialect->framework == *framework : s.name.starts_with(prefix)) list.push_back(&s);
    std::string own = s.name.substr(0, s.name.find(':') + 1);
    if (std::find(names.begin(), names.end(), own) == names.end()) names.push_back(std::move(own));
  }
  if (!list.empty()) return list;
  throw Error(ErrorKind::usage, "list",
              fmt::format("no dialect is called '{}'{}; there are {}", prefix.substr(0, 40),
                          did_you_mean(prefix, names), fmt::join(names, " ")));
}

std::vector<const init::SchemeInfo*> wanted(std::string_view name) {
  std::vector<const init::SchemeInfo*> list;
  if (const std::string_view prefix = trimmed(name); prefix.ends_with(':')) return of_dialect(prefix);
  if (!name.empty()) {
    list.push_back(&find(name));
  } else {
    for (const init::SchemeInfo& s : init::catalogue()) list.push_back(&s);
  }
  return list;
}

std::string dialect_names() {
  std::string text;
  for (const init::Framework f : init::kFrameworks) {
    const auto all = init::dialects();
    const auto count = std::count_if(all.begin(), all.end(), [&](const auto& s) { return s.dialect->framework == f; });
    text += fmt::format("{}{}: ({})", text.empty() ? "" : ", ", to_string(f), count);
  }
  return text;
}

Json to_json(const init::SchemeInfo& s) {
  Json json = {{"name", s.name},
               {"aliases", s.aliases},
               {"parameters", s.parameters},
               {"formula", s.formula},
               {"source", s.source}};
  if (s.dialect) {
    json["framework"] = to_string(s.dialect->framework);
    json["fan"] = s.dialect->fan;
    json["differs"] = s.dialect->differs;
    Json counterparts = Json::array();
    for (const init::CounterpartInfo& c : s.dialect->counterparts) {
      counterparts.push_back({{"of", c.of}, {"scheme", c.text}, {"remark", c.remark}});
    }
    json["counterparts"] = std::move(counterparts);
  }
  return json;
}

Json to_json(std::span<const init::SchemeInfo> some) {
  Json list = Json::array();
  for (const init::SchemeInfo& s : some) list.push_back(to_json(s));
  return list;
}

// One row for each activation, one column for each definition; `-` where PyTorch has no number.
std::string gain_table() {
  std::string text = fmt::format("{:<18}", "activation");
  for (const init::GainKind kind : init::kGainKinds) text += fmt::format("{:>15}", init::to_string(kind));
  text += "\n";
  for (const std::string& name : init::activation_names()) {
    text += fmt::format("{:<18}", name);
    for (const init::GainKind kind : init::kGainKinds) {
      text +=
          init::has_gain(name, kind) ? fmt::format("{:>15.8f}", init::gain(name, kind)) : fmt::format("{:>15}", "-");
    }
    text += "\n";
  }
  return text +
         "\nsecond_moment 1 / sqrt(E f(z)^2), variance 1 / sqrt(Var f(z)), backward 1 / sqrt(E f'(z)^2), "
         "z ~ N(0, 1);\nleaky_relu has slope 0.01 here, elu alpha 1\n";
}

Json gains_to_json() {
  Json rows = Json::array();
  for (const std::string& name : init::activation_names()) {
    Json row = {{"activation", name}};
    for (const init::GainKind kind : init::kGainKinds) {
      row[std::string(init::to_string(kind))] = init::has_gain(name, kind) ? Json(init::gain(name, kind)) : Json();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

int List::run() const {
  (void)common.thread_count();
  if (!parse_unsigned(seed)) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("seed: '{}' given, allowed is a whole number from 0 to 2^64-1", seed));
  }
  if (gains && recipes) throw Error(ErrorKind::usage, "cli", "--gains and --recipes are two lists, give one of them");
  if (recipes) {
    if (!name.empty()) {
      throw Error(ErrorKind::usage, "cli", fmt::format("--recipes lists recipes, it takes no scheme '{}'", name));
    }
    if (common.json) {
      print_json({{"schema", 1}, {"command", "list"}, {"version", version()}, {"recipes", recipe_list_json()}});
    } else {
      print(recipe_list_text());
    }
    return kOk;
  }
  if (gains) {
    if (!name.empty()) {
      throw Error(ErrorKind::usage, "cli", fmt::format("--gains lists activations, it takes no scheme '{}'", name));
    }
    if (common.json) {
      print_json({{"schema", 1}, {"command", "list"}, {"version", version()}, {"gains", gains_to_json()}});
    } else {
      print(gain_table());
    }
    return kOk;
  }
  const std::vector<const init::SchemeInfo*> list = wanted(name);
  if (common.json) {
    const bool all = name.empty();
    Json schemes = Json::array();
    Json learned = Json::array();
    for (const init::SchemeInfo* s : list) (learns(*s) ? learned : schemes).push_back(to_json(*s));
    if (all) learned = to_json(init::data_dependent_catalogue());
    print_json({{"schema", 1},
                {"command", "list"},
                {"version", version()},
                {"schemes", std::move(schemes)},
                {"data_dependent", std::move(learned)}});
    return kOk;
  }
  const bool is_dialect = trimmed(name).ends_with(':');
  if (!name.empty() && !is_dialect) {
    print(detail(*list[0]));
    return kOk;
  }
  std::string text;
  for (const init::SchemeInfo* s : list) text += entry(*s) + "\n";
  if (is_dialect) {
    print(text + fmt::format("{} scheme{}; 'fanin list NAME' shows one, 'fanin explain NAME' its figures\n",
                             list.size(), list.size() == 1 ? "" : "s"));
    return kOk;
  }
  text += "These look at a batch of the training data, as --init of 'fanin train' and in 'fanin lab':\n\n";
  for (const init::SchemeInfo& s : init::data_dependent_catalogue()) text += entry(s) + "\n";
  text += fmt::format(
      "{} schemes and {} data-dependent initializers; 'fanin list NAME' shows one,\n"
      "'fanin lab --inits A,B' compares them\n",
      list.size(), init::data_dependent_catalogue().size());
  print(text + wrapped("dialects: ", dialect_names() + "; 'fanin list keras:' shows one framework's"));
  return kOk;
}

}  // namespace

void add_list(Command app) {
  const Command command =
      app.subcommand("list", "Show the initialization schemes: names, parameters, formulas, sources");
  auto state = std::make_shared<List>();
  command.argument("name", "NAME", state->name, "Only this scheme, by its name or an alias, or a framework's: keras:");
  state->common.add_to(command);
  command.option("--seed", "N", state->seed, "Taken as by every command; nothing here is random", "0");
  command.flag("--gains", state->gains, "The gains of all activations instead, in every definition");
  command.flag("--recipes", state->recipes, "The recipes for whole models instead, for fanin init --recipe");
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
