// The `procpool` command.

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <system_error>

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <procpool/errors.hpp>

#include "build_info.hpp"
#include "commands.hpp"
#include "complaint.hpp"
#include "exit.hpp"
#include "output.hpp"

namespace procpool::cli {

namespace {

std::string version() {
    const BuildInfo& build = build_info();
    std::string text = "procpool " + build.version;
    if (!build.commit.empty()) text += " (" + build.commit + ")";
    text += ", " + build.build_type + " built with " + build.compiler;
    if (!build.sanitizers.empty()) text += ", -fsanitize=" + build.sanitizers;
    return text;
}

/// Nobody opens a file as 0, 1 or 2 by accident.
void open_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    }
}

int run(int argc, char** argv) {
    open_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);  // a closed output is an error that is told, not a silent death

    CLI::App app("Programs on a pool of worker processes.", "procpool");
    app.set_version_flag("--version", version());
    app.require_subcommand(1);
    app.footer(exit_codes);

    int exit_code = done;
    add_mine(app, exit_code);
    add_forest(app, exit_code);
    add_info(app, exit_code);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        std::ostringstream text;
        app.exit(help, text, text);
        write_out(text.str());
        return done;
    } catch (const CLI::ParseError& error) {
        const auto called = app.get_subcommands();
        if (called.empty() && argc > 1 && argv[1][0] != '-') {
            throw BadUsage(fmt::format(
                "there is no subcommand '{}': mine, forest or info (see procpool --help)",
                argv[1]));
        }
        throw BadUsage(fmt::format("{} (see procpool {}--help)", error.what(),
                                   called.empty() ? "" : called.front()->get_name() + ' '));
    }
    return exit_code;
}

int complain(int code, const char* what) {
    write_err(complaint(what));
    return code;
}

}  // namespace

}  // namespace procpool::cli

int main(int argc, char** argv) {
    using namespace procpool::cli;
    try {
        return run(argc, argv);
    } catch (const BadUsage& error) {
        return complain(bad_usage, error.what());
    } catch (const SystemLimit& error) {
        return complain(system_limit, error.what());
    } catch (const procpool::PoolBroken& error) {
        return complain(system_limit, error.what());
    } catch (const std::system_error& error) {
        return complain(system_limit, error.what());
    } catch (const std::bad_alloc&) {
        return complain(system_limit, "out of memory: ask for less, or see `ulimit -v`");
    } catch (const std::exception& error) {
        return complain(failed, error.what());
    }
}
