#include "commands.hpp"

namespace procpool::cli {

void add_info(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("info", "What a pool may use on this machine, and why");
    command->callback([&exit_code] { exit_code = 0; });
}

}  // namespace procpool::cli
