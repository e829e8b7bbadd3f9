#include "cli/rbm_settings.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& x) {
  return x && std::isfinite(*x) ? Json(*x) : Json(nullptr);
}

data::Dataset standardized(const data::Dataset& data, const std::vector<double>& mean, const std::vector<double>& std) {
  std::vector<float> values(data.size() * data.features());
  std::vector<std::uint32_t> one(1);
  for (std::size_t i = 0; i < data.size(); ++i) {
    one[0] = static_cast<std::uint32_t>(i);
    float* x = values.data() + i * data.features();
    data.gather(one, {x, 1, data.features()});
    for (std::size_t j = 0; j < data.features(); ++j) {
      // A constant feature has no spread to divide by.
      x[j] = static_cast<float>((static_cast<double>(x[j]) - mean[j]) / (std[j] > 0 ? std[j] : 1));
    }
  }
  return {data.name(),
          data.sample_shape(),
          std::move(values),
          {data.labels().begin(), data.labels().end()},
          data.classes()};
}

}  // namespace

Setting binarize_setting(data::Binarization& binarization) {
  return value_setting(
      "binarize", "HOW",
      "Values as bits: none, a threshold such as 0.5, sample (drawn once) or resample (drawn anew each "
      "epoch)",
      binarization,
      [&binarization](const std::string& text) {
        data::Binarization b = data::Binarization::parse(text);
        b.flip = binarization.flip;
        return b;
      },
      [](const data::Binarization& b) { return b.str(); });
}

std::vector<Setting> rbm_settings(train::RbmOptions& o, bool one_machine) {
  rbm::ContrastiveDivergenceOptions& l = o.learning;
  const auto units = [](std::string name, std::string help, rbm::UnitKind& kind) {
    return value_setting(std::move(name), "KIND", std::move(help), kind, rbm::parse_units,
                         [](rbm::UnitKind k) { return rbm::str(k); });
  };
  std::vector<Setting> all;
  if (one_machine) {
    all.push_back(count_setting("hidden", "Hidden units", o.hidden));
    all.push_back(units("visible-units", "binary, gaussian (for standardized data) or relu", o.visible_units));
    all.push_back(units("hidden-units", "binary, gaussian or relu", o.hidden_units));
    all.push_back(bool_setting("label-units", "The classes are visible units too, a softmax", o.labels));
  }
  std::vector<Setting> rest{
      value_setting("sampler", "NAME", "Samples of the model: cd, pcd, tempering, or exact for small machines",
                    l.sampler, rbm::parse_sampler, [](rbm::Sampler s) { return rbm::str(s); }),
      value_setting("k", "STEPS", "Gibbs steps; 1:3:10 grows them over the run", o.k, train::parse_steps,
                    train::steps_str),
      count_setting("chains", "Of pcd and tempering; 0: one for each sample of a batch", l.chains),
      count_setting("temperatures", "Of tempering", l.temperatures),
      bool_setting("visible-states", "cd: samples instead of means of the visible units go on", l.visible_states),
      bool_setting("centered", "Follow the gradient of the centered machine", l.centered),
      number_setting("offset-rate", "Of the centered machine's sliding offsets", l.offset_rate),
      number_setting("lr", "Learning rate, above 0", l.learning_rate),
      value_setting("schedule", "NAME",
                    "Learning rate over time: constant, step(every=5, factor=0.1), cosine(final=0.1)", o.schedule,
                    optim::Schedule::parse, [](const optim::Schedule& s) { return s.str(); }),
      number_setting("momentum", "In the first epochs, 0 <= momentum < 1", l.momentum),
      number_setting("final-momentum", "In the epochs after --momentum-epochs; 0: unchanged", o.final_momentum),
      count_setting("momentum-epochs", "Epochs with --momentum", o.momentum_epochs),
      number_setting("weight-decay", "L2 on the weights", l.weight_decay),
      number_setting("l1", "L1 on the weights", l.l1),
      number_setting("sparsity-target", "Wanted mean activity of hidden units; 0 asks for none",
                     o.learning.sparsity_target),
      number_setting("sparsity-cost", "Its weight", l.sparsity_cost),
      number_setting("sparsity-decay", "Of the sliding mean of activities", l.sparsity_decay),
      bool_setting("explosion-guard", "Shrink a machine whose reconstructions spread twice as far as the data",
                   l.explosion_guard),
      value_setting(
          "init", "SCHEME", "First weights", o.weights,
          [](const std::string& text) { return init::Scheme::parse(text); },
          [](const init::Scheme& s) { return s.str(); }),
      value_setting("vbias", "NAME", "First visible biases: logit (of the data's means) or zero", o.visible_bias,
                    train::parse_visible_bias, [](train::VisibleBias b) { return train::str(b); }),
      number_setting("hidden-bias", "First hidden biases; -4 makes sparse units", o.hidden_bias),
      count_setting("batch", "Samples a step", l.batch),
      count_setting("epochs", "Passes over the training data (of a stack: for each machine)", o.epochs),
      seed_setting("seed", "Of first weights, order, states and binarization", l.seed),
      value_setting("zeros", "NAME", "Factors that are zero: automatic, multiply or skip; same results", l.zeros,
                    linalg::parse_zeros, [](linalg::Zeros z) { return linalg::str(z); }),
      count_setting("monitor-samples", "Samples measured after an epoch, of training and test data; 0: none",
                    o.monitor_samples),
      count_setting("monitor-every", "Epochs from one measurement to the next", o.monitor_every),
      bool_setting("monitor-exact", "Measure the log-likelihood by enumeration (small machines)", o.monitor_exactly),
      bool_setting("restore-best", "End with the weights of the best measurement", o.restore_best)};
  for (Setting& s : rest) all.push_back(std::move(s));
  return all;
}

std::vector<Setting> RbmInput::settings() {
  std::vector<Setting> all = source.settings();
  all.push_back(binarize_setting(binarization));
  all.push_back(bool_setting("flip", "Exchange 0 and 1", binarization.flip));
  all.push_back(
      bool_setting("standardize", "Give each feature mean 0 and variance 1 (by the training part)", standardize));
  return all;
}

LoadedData RbmInput::load() const {
  LoadedData loaded = cli::load(source);
  if (!standardize) return loaded;
  ThreadPool pool(1);
  const data::FeatureStatistics s = data::feature_statistics(loaded.train, pool);
  std::vector<double> std(s.variance.size());
  for (std::size_t i = 0; i < std.size(); ++i) std[i] = std::sqrt(s.variance[i]);
  LoadedData out{loaded.name, standardized(loaded.train, s.mean, std), std::nullopt};
  if (loaded.test) out.test = standardized(*loaded.test, s.mean, std);
  return out;
}

std::string findings_text(const std::vector<train::Finding>& findings) {
  std::string text;
  for (const train::Finding& f : findings) text += fmt::format("{}: {}\n    {}\n", f.id, f.figure, f.advice);
  return text;
}

Json to_json(const std::vector<train::Finding>& findings) {
  Json all = Json::array();
  for (const train::Finding& f : findings) {
    all.push_back({{"id", f.id}, {"figure", f.figure}, {"advice", f.advice}});
  }
  return all;
}

Json to_json(const train::RbmMeasures& m) {
  return {{"samples", m.samples},
          {"log_z", number(m.log_z)},
          {"log_likelihood", number(m.log_likelihood)},
          {"kl", number(m.kl)},
          {"pseudo_likelihood", number(m.pseudo_likelihood)},
          {"free_energy", number(m.free_energy)},
          {"reconstruction_cross_entropy", number(m.reconstruction_cross_entropy)},
          {"reconstruction_kl", number(m.reconstruction_kl)},
          {"reconstruction_error", number(m.reconstruction_error)},
          {"label_accuracy", number(m.label_accuracy)}};
}

Json to_json(const train::RbmEpoch& e) {
  Json line{{"epoch", e.epoch},
            {"k", e.k},
            {"learning_rate", e.learning_rate},
            {"momentum", e.momentum},
            {"reconstruction_error", number(e.reconstruction_error)},
            {"update_ratio", e.update_ratio},
            {"explosions", e.explosions},
            {"chain_free_energy", number(e.chain_free_energy)},
            {"free_energy_gap", number(e.free_energy_gap())},
            {"seconds", e.seconds}};
  if (e.train) line["train"] = to_json(*e.train);
  if (e.test) line["test"] = to_json(*e.test);
  return line;
}

std::string measures_text(const train::RbmMeasures& m, std::size_t visible, const std::string& binarization) {
  const auto n = static_cast<double>(m.samples);
  const double bits = static_cast<double>(visible) * std::numbers::ln2;
  std::string text;
  if (m.log_likelihood) {
    text += fmt::format(
        "log-likelihood      {:10.3f} nats a sample, {:.4f} bits a visible unit, sum {:.3f} (exact, log Z "
        "{:.3f}; binarize {})\n",
        *m.log_likelihood, -*m.log_likelihood / bits, n * *m.log_likelihood, *m.log_z, binarization);
  }
  if (m.kl)
    text += fmt::format("KL(data || model)   {:10.3f} nats (exact, of these samples' own distribution)\n", *m.kl);
  if (m.pseudo_likelihood) {
    text += fmt::format("pseudo-likelihood   {:10.3f} nats a sample, {:.5f} a visible unit (binarize {})\n",
                        *m.pseudo_likelihood, *m.pseudo_likelihood / static_cast<double>(visible), binarization);
  }
  if (m.free_energy) text += fmt::format("free energy         {:10.3f} mean\n", *m.free_energy);
  if (m.reconstruction_kl) {
    text += fmt::format("reconstruction      {:10.3f} nats cross-entropy, {:.3f} KL (actual vs recreation), a proxy\n",
                        *m.reconstruction_cross_entropy, *m.reconstruction_kl);
  }
  text += fmt::format("reconstruction error{:10.5f} mean square, a proxy\n", m.reconstruction_error);
  if (m.label_accuracy) {
    text += fmt::format("label accuracy      {:9.2f} %, by the most probable label, p(y | v) exact\n",
                        100 * *m.label_accuracy);
  }
  return text;
}

std::string binarization_str(const data::Binarization& b) {
  return b.flip ? b.str() + ", flipped" : b.str();
}

std::string machine_str(const rbm::RbmSpec& spec) {
  std::string text = fmt::format("{}-{}, {}-{} units", spec.visible, spec.hidden, rbm::str(spec.visible_units),
                                 rbm::str(spec.hidden_units));
  if (spec.labels > 0) text += fmt::format(", {} labels", spec.labels);
  return text;
}

}  // namespace fanin::cli
