#include "cli/rbm_commands.h"

namespace fanin::cli {

void add_rbm(CLI::App& app, Action& action) {
  auto* rbm = app.add_subcommand("rbm", "Restricted Boltzmann machines: train, measure, sample, look at them");
  rbm->require_subcommand(1);
  add_rbm_train(*rbm, action);
  add_rbm_evaluate(*rbm, action);
  add_rbm_ais(*rbm, action);
  add_rbm_sample(*rbm, action);
  add_rbm_inpaint(*rbm, action);
  add_rbm_features(*rbm, action);
}

}  // namespace fanin::cli
