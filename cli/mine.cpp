#include "commands.hpp"

namespace procpool::cli {

void add_mine(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("mine", "Looks for a suffix whose hash begins as asked for");
    command->callback([&exit_code] { exit_code = 0; });
}

}  // namespace procpool::cli
