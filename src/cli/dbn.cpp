#include "cli/rbm_commands.h"

namespace fanin::cli {

void add_dbn(Command app) {
  const Command dbn =
      app.subcommand("dbn", "Stacks of restricted Boltzmann machines, the first weights of deep networks");
  dbn.needs_subcommand();
  add_dbn_pretrain(dbn);
  add_dbn_finetune(dbn);
  add_dbn_generate(dbn);
  add_dbn_autoencode(dbn);
}

}  // namespace fanin::cli
