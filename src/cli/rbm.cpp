#include "cli/rbm_commands.h"

namespace fanin::cli {

void add_rbm(Command app) {
  const Command rbm = app.subcommand("rbm", "Restricted Boltzmann machines: train, measure, sample, look at them");
  rbm.needs_subcommand();
  add_rbm_train(rbm);
  add_rbm_evaluate(rbm);
  add_rbm_ais(rbm);
  add_rbm_sample(rbm);
  add_rbm_inpaint(rbm);
  add_rbm_features(rbm);
}

}  // namespace fanin::cli
