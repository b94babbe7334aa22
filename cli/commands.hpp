#pragma once

#include <CLI/CLI.hpp>

/// The subcommands of `procpool`, a file each. They add themselves to the app. The callback of the
/// one that is called stores its exit status (tool/exit.hpp) in `exit_code`, which must outlive the
/// app.
namespace procpool::cli {

void add_mine(CLI::App& app, int& exit_code);
void add_forest(CLI::App& app, int& exit_code);
void add_info(CLI::App& app, int& exit_code);
void add_journal(CLI::App& app, int& exit_code);

}  // namespace procpool::cli
