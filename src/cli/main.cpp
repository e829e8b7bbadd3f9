#include "cli/command.h"

int main(int argc, char** argv) {
  return fanin::cli::run(argc, argv);
}
