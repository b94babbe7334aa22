// `procpool forest`: its options. The work is done in apps/forest.

#include <string>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "options.hpp"
#include "tool/exit.hpp"

#ifdef PROCPOOL_HAS_FOREST

#include <memory>

#include "forest/app.hpp"

namespace procpool::cli {

namespace {

constexpr auto footer =
    R"(A column is given by its name or its number, from 1; 2..5 are four columns. The cells of
these columns are numbers.

A grid has settings and their values; every combination of the values is tried:
  depth=1..4,full   levels of decisions, at most; full: until all leaves are pure
  leaf=1,5,10       rows in a leaf, at least
  rounds=1,10       trees, each grown on the errors of those before it
  rate=0.3,1        the share of each of their predictions that is used

The results are the same to the bit for any number of processes.

Examples:
  procpool forest --data iris.csv --target petal_width --features 1..3
  procpool forest --data iris.csv --target petal_width --features 1..3 \
      --grid depth=1..8,full leaf=1,5 --folds 10 --plot error.svg
  procpool forest --data iris.csv --target 4 --features 1..3 --crash 5)";

}  // namespace

void add_forest(CLI::App& app, int& exit_code) {
    const auto request = std::make_shared<forest::Request>();
    CLI::App& command =
        *app.add_subcommand("forest",
                            "Regression trees for a CSV file: one tree, a grid search "
                            "by cross-validation, a bagged forest; each fit is a task");
    command.footer(std::string(footer) + "\n\n" + tool::exit_codes);
    command.add_option("--data", request->data, "A CSV file")->required()->type_name("FILE");
    command.add_option("--target", request->target, "The column to predict")
        ->required()
        ->type_name("COLUMN");
    command
        .add_option("--features", request->features, "The columns to predict it from [all others]")
        ->delimiter(',')
        ->type_name("COLUMN,...");
    command.add_option("--grid", request->grid, "Settings to try: see below")
        ->type_name("SETTING=VALUE,... ...")
        ->capture_default_str();
    command.add_option("--folds", request->folds, "How many folds the cross-validation has")
        ->check(whole(0, 1'000'000'000))
        ->capture_default_str();
    command.add_option("--trees", request->trees, "How many trees the forest has; 0: no forest")
        ->check(whole(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--seed", request->seed, "The seed of all random choices")
        ->check(whole(0))
        ->capture_default_str();
    add_processes(command, request->processes);
    command
        .add_option("--timeout", request->timeout, "How many seconds a fit may take; 0: no limit")
        ->capture_default_str();
    command
        .add_option("--crash", request->crashes,
                    "How many fits crash their worker, to show that it changes nothing")
        ->check(whole(0, 1'000'000'000));
    command.add_flag("--json", request->json, "Print all results for a program, predictions too");
    command.add_option("--plot", request->plot, "Draw a picture of the error over the grid")
        ->type_name("FILE.svg");
    command.callback([request, &exit_code] { exit_code = forest::run(*request); });
}

}  // namespace procpool::cli

#else

namespace procpool::cli {

void add_forest(CLI::App& app, int& /*exit_code*/) {
    CLI::App& command =
        *app.add_subcommand("forest", "Regression trees for a CSV file (not in this build)");
    command.allow_extras();
    command.callback([] {
        throw tool::BadUsage(
            "forest is not in this build: install libxgboost-dev and pkg-config, then configure "
            "and build again");
    });
}

}  // namespace procpool::cli

#endif
