#include "app.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "../complaint.hpp"
#include "picture.hpp"
#include "report.hpp"
#include "signals.hpp"
#include "study.hpp"
#include "terminal.hpp"

namespace forest {

namespace {

void say(const std::string& line) { fmt::print(stderr, "{}", procpool::cli::complaint(line)); }

void write_out(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return;
    const int error = errno;
    throw SystemLimit(fmt::format("cannot write the output: {}; {}", std::strerror(error),
                                  error == EPIPE ? "its reader ended early: let it read to the end"
                                                 : "send it to another file"));
}

std::chrono::nanoseconds timeout_of(double seconds) {
    constexpr double longest = 1e9;  // what fits into nanoseconds, with room to spare
    if (!(seconds >= 0 && seconds <= longest)) {
        throw BadInput(fmt::format("--timeout {}: write seconds, 0 for no limit", seconds));
    }
    return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

Plan plan_of(const Request& request) {
    std::string words;
    for (const auto& word : request.grid) words += (words.empty() ? "" : " ") + word;
    return {.grid = parse_grid(words),
            .folds = request.folds,
            .trees = request.trees,
            .seed = request.seed,
            .processes = request.processes,
            .timeout = timeout_of(request.timeout),
            .crashes = request.crashes};
}

void write_picture(const Request& request, const Dataset& data, const Plan& plan,
                   const Findings& found) {
    if (found.best) {
        write_file(request.plot, picture_of_grid(data, plan, found));
    } else {
        say("no point of the grid was finished, so there is no picture");
    }
}

Exit run_or_throw(const Request& request) {
    // A file that is opened next must not become the standard output by accident.
    if (::fcntl(STDOUT_FILENO, F_GETFD) < 0)
        throw SystemLimit("standard output is closed; let it lead to a file or /dev/null");
    const Signals signals;
    const Plan plan = plan_of(request);
    if (!request.plot.empty()) check_writable(request.plot);
    const Dataset data = select_columns(Csv::read(request.data), request.target, request.features);
    const Findings found = study(data, plan);

    const Terminal terminal = Terminal::at(STDOUT_FILENO);
    if (!request.plot.empty()) write_picture(request, data, plan, found);
    if (!request.json && found.best && terminal.present &&
        terminal.columns < columns_for_bars(plan)) {
        say(
            fmt::format("the terminal has {} columns and the picture needs {}; widen it, or use "
                        "--plot FILE.svg",
                        terminal.columns, columns_for_bars(plan)));
    }
    write_out(request.json ? as_json(data, plan, found) : as_text(data, plan, found, terminal));
    return found.interrupted ? interrupted : done;
}

}  // namespace

Exit run(const Request& request) noexcept {
    const auto ends_with = [](Exit code, const char* why) {
        try {
            say(why);
        } catch (...) {
            return code;  // stderr is closed, too
        }
        return code;
    };
    try {
        return run_or_throw(request);
    } catch (const BadInput& error) {
        return ends_with(bad_input, error.what());
    } catch (const SystemLimit& error) {
        return ends_with(system_limit, error.what());
    } catch (const std::bad_alloc&) {
        return ends_with(system_limit,
                         "not enough memory; take a sample of the rows or fewer --processes");
    } catch (const std::exception& error) {
        return ends_with(work_failed, error.what());
    }
}

}  // namespace forest
