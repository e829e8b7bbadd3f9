#include "cli/predict_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <tuple>

#include "fanin/report/bitmap.h"
#include "fanin/report/table.h"

#include "cli/picture.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> ratio(std::size_t part, std::size_t of) {
  if (of == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(of);
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f}", 100 * *share) : std::string("-");
}

Json number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string confusion_matrix(const Confusion& m) {
  report::Table table;
  table.column("label", report::Table::Align::right);
  for (std::size_t c = 0; c < m.classes; ++c) table.column(fmt::format("{}", c));
  table.column("recall\n%");
  table.column("precision\n%");
  for (std::size_t r = 0; r < m.classes; ++r) {
    std::vector<std::string> cells{fmt::format("{}", r)};
    for (std::size_t c = 0; c < m.classes; ++c) {
      cells.push_back(m(r, c) == 0 ? "." : fmt::format("{}", m(r, c)));
    }
    cells.push_back(percent(ratio(m(r, r), m.labelled(r))));
    cells.push_back(percent(ratio(m(r, r), m.predicted(r))));
    table.row(std::move(cells));
  }
  return "rows: label, columns: prediction\n" + table.text();
}

std::string most_frequent_confusions(const Confusion& m) {
  constexpr std::size_t kShown = 10;
  std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> wrong;
  for (std::size_t r = 0; r < m.classes; ++r) {
    for (std::size_t c = 0; c < m.classes; ++c) {
      if (r != c && m(r, c) > 0) wrong.emplace_back(m(r, c), r, c);
    }
  }
  std::sort(wrong.begin(), wrong.end(), [](const auto& a, const auto& b) {
    if (std::get<0>(a) != std::get<0>(b)) return std::get<0>(a) > std::get<0>(b);
    return a < b;
  });
  report::Table table;
  table.column("label", report::Table::Align::right);
  table.column("prediction");
  table.column("samples");
  table.column("of the label\n%");
  for (std::size_t i = 0; i < std::min(kShown, wrong.size()); ++i) {
    const auto [count, r, c] = wrong[i];
    table.row(
        {fmt::format("{}", r), fmt::format("{}", c), fmt::format("{}", count), percent(ratio(count, m.labelled(r)))});
  }
  return fmt::format("the most frequent confusions among {} classes (--json has the whole matrix)\n", m.classes) +
         table.text();
}

}  // namespace

Confusion::Confusion(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions, std::size_t n)
    : classes(n), counts(n * n) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++counts[static_cast<std::size_t>(labels[i]) * n + static_cast<std::size_t>(predictions[i])];
  }
}

std::size_t Confusion::labelled(std::size_t c) const {
  std::size_t sum = 0;
  for (std::size_t k = 0; k < classes; ++k) sum += (*this)(c, k);
  return sum;
}

std::size_t Confusion::predicted(std::size_t c) const {
  std::size_t sum = 0;
  for (std::size_t k = 0; k < classes; ++k) sum += (*this)(k, c);
  return sum;
}

std::vector<std::uint32_t> worst_samples(std::span<const float> losses, std::size_t n) {
  std::vector<std::uint32_t> order(losses.size());
  std::iota(order.begin(), order.end(), 0U);
  const std::size_t kept = std::min(n, order.size());
  // A loss that is no number is as bad as a loss can be; as it stands it would break the order.
  const auto badness = [&](std::uint32_t i) {
    return std::isnan(losses[i]) ? std::numeric_limits<float>::infinity() : losses[i];
  };
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
      [&](std::uint32_t a, std::uint32_t b) { return badness(a) != badness(b) ? badness(a) > badness(b) : a < b; });
  order.resize(kept);
  return order;
}

std::string confusion_text(const Confusion& confusion) {
  constexpr std::size_t kMostColumns = 16;
  return confusion.classes <= kMostColumns ? confusion_matrix(confusion) : most_frequent_confusions(confusion);
}

void add_confusion(Json& document, const Confusion& m) {
  Json rows = Json::array();
  Json classes = Json::array();
  for (std::size_t r = 0; r < m.classes; ++r) {
    Json row = Json::array();
    for (std::size_t c = 0; c < m.classes; ++c) row.push_back(m(r, c));
    rows.push_back(std::move(row));
    classes.push_back({{"label", r},
                       {"samples", m.labelled(r)},
                       {"recall", number(ratio(m(r, r), m.labelled(r)))},
                       {"precision", number(ratio(m(r, r), m.predicted(r)))}});
  }
  document["confusion"] = std::move(rows);
  document["classes"] = std::move(classes);
}

std::string probability_bars(std::span<const float> probabilities) {
  constexpr std::size_t kMostLines = 20;
  constexpr std::size_t kLikeliest = 10;
  constexpr std::size_t kWidth = 40;
  std::vector<std::size_t> shown(probabilities.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (shown.size() > kMostLines) {
    const auto p = [&](std::size_t c) { return std::isnan(probabilities[c]) ? 0.0F : probabilities[c]; };
    std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) { return p(a) > p(b); });
    shown.resize(kLikeliest);
  }
  std::string text;
  for (const std::size_t c : shown) {
    const auto p = static_cast<double>(probabilities[c]);
    const auto filled = std::isnan(p) ? 0 : static_cast<std::size_t>(std::lround(p * static_cast<double>(kWidth)));
    text += fmt::format("{:>5}  {}{}  {:6.2f} %\n", c, std::string(filled, '#'), std::string(kWidth - filled, '.'),
                        100 * p);
  }
  return text;
}

std::string worst_text(const std::vector<Prediction>& worst, const data::Dataset& data) {
  if (worst.empty()) return {};
  std::string text = "highest losses:\n";
  std::vector<report::Picture> pictures;
  report::Table table;
  for (const char* heading : {"sample", "label", "prediction", "probability %", "loss"}) table.column(heading);
  for (const Prediction& p : worst) {
    if (auto image = picture_of(data, p.index)) {
      pictures.push_back(
          {std::move(*image), fmt::format("sample {}\nlabel {}, predicted {}\nwith {:.2f} %, loss {:.2f}", p.index,
                                          p.label, p.prediction, 100 * p.probability, p.loss)});
    }
    table.row({fmt::format("{}", p.index), fmt::format("{}", p.label), fmt::format("{}", p.prediction),
               fmt::format("{:.2f}", 100 * p.probability), fmt::format("{:.4f}", p.loss)});
  }
  return text + (pictures.size() == worst.size() ? report::draw(pictures, bitmap_options()) : table.text());
}

Json to_json(const Prediction& p) {
  return {{"index", p.index},
          {"label", p.label},
          {"prediction", p.prediction},
          {"probability", p.probability},
          {"loss", p.loss}};
}

}  // namespace fanin::cli
