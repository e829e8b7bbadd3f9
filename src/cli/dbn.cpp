#include "cli/rbm_commands.h"

namespace fanin::cli {

void add_dbn(CLI::App& app, Action& action) {
  auto* dbn = app.add_subcommand("dbn", "Stacks of restricted Boltzmann machines, the first weights of deep networks");
  dbn->require_subcommand(1);
  add_dbn_pretrain(*dbn, action);
  add_dbn_finetune(*dbn, action);
  add_dbn_generate(*dbn, action);
  add_dbn_autoencode(*dbn, action);
}

}  // namespace fanin::cli
