// procpool forest: its options. The work is in apps/forest.

#include <cstdint>
#include <limits>
#include <string>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "tool/exit.hpp"
#include "whole.hpp"

#ifdef PROCPOOL_HAS_FOREST

#include <memory>

#include "forest/app.hpp"

namespace procpool::cli {

namespace {

constexpr auto footer =
    R"(Columns are named, or numbered from 1; 2..5 are four columns. Cells are numbers.

A grid is settings with the values to try, every combination of them:
  depth=1..4,full   levels of decisions, at most; full: until all leaves are pure
  leaf=1,5,10       rows in a leaf, at least
  rounds=1,10       trees, each grown on what those before it got wrong
  rate=0.3,1        share of what each of them says that is believed

The results are the same to the bit for any number of processes.

Examples:
  procpool forest --data iris.csv --target petal_width --features 1..3
  procpool forest --data iris.csv --target petal_width --features 1..3 \
      --grid depth=1..8,full leaf=1,5 --folds 10 --plot error.svg
  procpool forest --data iris.csv --target 4 --features 1..3 --crash 5)";

}  // namespace

void add_forest(CLI::App& app, int& exit_code) {
    const auto request = std::make_shared<forest::Request>();
    CLI::App& command = *app.add_subcommand("forest",
                                            "Regression trees on a CSV: one tree, a grid search by "
                                            "cross-validation, a bagged forest; each fit a task");
    command.footer(std::string(footer) + "\n\n" + tool::exit_codes);
    command.add_option("--data", request->data, "A CSV file")->required()->type_name("FILE");
    command.add_option("--target", request->target, "The column to predict")
        ->required()
        ->type_name("COLUMN");
    command
        .add_option("--features", request->features,
                    "The columns to predict it from; if not "
                    "given, all others")
        ->delimiter(',')
        ->type_name("COLUMN,...");
    command.add_option("--grid", request->grid, "Settings to try: see below")
        ->type_name("SETTING=VALUE,... ...")
        ->capture_default_str();
    command.add_option("--folds", request->folds, "Folds of the cross-validation")
        ->check(whole(0, 1'000'000'000))
        ->capture_default_str();
    command.add_option("--trees", request->trees, "Trees of the forest; 0: no forest")
        ->check(whole(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--seed", request->seed, "Chance is the same for the same seed")
        ->check(whole(0, std::numeric_limits<std::uint64_t>::max()))
        ->capture_default_str();
    command.add_option("--processes", request->processes, "Workers; 0: the CPUs that may be used")
        ->check(whole(0, 1000))
        ->capture_default_str();
    command.add_option("--timeout", request->timeout, "Seconds that a fit may take; 0: any")
        ->capture_default_str();
    command
        .add_option("--crash", request->crashes,
                    "Let this many of the fits crash their worker, to see that it changes "
                    "nothing")
        ->check(whole(0, 1'000'000'000));
    command.add_flag("--json", request->json, "Print everything, predictions too, for a program");
    command.add_option("--plot", request->plot, "Draw the error over the grid")
        ->type_name("FILE.svg");
    command.callback([request, &exit_code] { exit_code = forest::run(*request); });
}

}  // namespace procpool::cli

#else

namespace procpool::cli {

void add_forest(CLI::App& app, int& /*exit_code*/) {
    CLI::App& command =
        *app.add_subcommand("forest", "Regression trees on a CSV (not in this build)");
    command.allow_extras();
    command.callback([] {
        throw tool::BadUsage(
            "forest is not in this build: install libxgboost-dev and pkg-config, then configure "
            "and build again");
    });
}

}  // namespace procpool::cli

#endif
