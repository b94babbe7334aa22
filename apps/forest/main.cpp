// `procpool` with one subcommand.

#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>

#include "commands.hpp"

namespace {

int run(int argc, char** argv) {
    CLI::App app("Regression trees on a pool of worker processes.", "procpool");
    app.require_subcommand(1);
    int exit_code = 0;
    procpool::cli::add_forest(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        std::cerr << "procpool: " << error.what() << " (see procpool --help)\n";
        return 2;
    }
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "procpool: " << error.what() << '\n';
        return 1;
    }
}
