// The `procpool` command.

#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "build_info.hpp"
#include "commands.hpp"
#include "tool/exit.hpp"
#include "tool/output.hpp"
#include "tool/text.hpp"

namespace procpool::cli {

namespace {

std::string version() {
    const BuildInfo& build = build_info();
    std::string text = "procpool " + build.version;
    if (!build.commit.empty()) {
        text += " (" + build.commit + ")";
    }
    text += ", " + build.build_type + " built with " + build.compiler;
    if (!build.sanitizers.empty()) {
        text += ", -fsanitize=" + build.sanitizers;
    }
    return text;
}

int run(int argc, char** argv) {
    tool::open_standard_streams();
    tool::report_failed_writes();

    CLI::App app("Programs on a pool of worker processes.", "procpool");
    app.set_version_flag("--version", version());
    app.require_subcommand(1);
    app.footer(tool::exit_codes);

    int exit_code = tool::done;
    add_mine(app, exit_code);
    add_forest(app, exit_code);
    add_info(app, exit_code);
    add_journal(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        std::ostringstream text;
        app.exit(help, text, text);
        tool::write_out(text.str());
        return tool::done;
    } catch (const CLI::ParseError& error) {
        const auto called = app.get_subcommands();
        if (called.empty() && argc > 1 && argv[1][0] != '-') {
            throw tool::BadUsage(
                fmt::format("there is no subcommand {}: mine, forest, info or journal (see "
                            "procpool --help)",
                            tool::quoted(argv[1])));
        }
        throw tool::BadUsage(fmt::format("{} (see procpool {}--help)", error.what(),
                                         called.empty() ? "" : called.front()->get_name() + ' '));
    }
    return exit_code;
}

int complain(int code, const char* what) {
    tool::complain(what);
    return code;
}

}  // namespace

}  // namespace procpool::cli

int main(int argc, char** argv) {
    using namespace procpool::cli;
    try {
        return run(argc, argv);
    } catch (const tool::BadUsage& error) {
        return complain(tool::bad_usage, error.what());
    } catch (const tool::Stopped& error) {
        return complain(error.code, error.what());
    } catch (const tool::SystemLimit& error) {
        return complain(tool::system_limit, error.what());
    } catch (const std::system_error& error) {
        return complain(tool::system_limit, error.what());
    } catch (const std::bad_alloc&) {
        return complain(tool::system_limit, "out of memory: ask for less, or see `ulimit -v`");
    } catch (const std::exception& error) {
        return complain(tool::failed, error.what());
    }
}
