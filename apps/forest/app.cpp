#include "app.hpp"

#include <cmath>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "picture.hpp"
#include "report.hpp"
#include "study.hpp"
#include "tool/interrupt.hpp"
#include "tool/output.hpp"
#include "tool/terminal.hpp"

namespace forest {

namespace {

std::chrono::nanoseconds timeout_of(double seconds) {
    constexpr double longest = 1e9;  // fits into nanoseconds, with room to spare
    if (!(seconds >= 0 && seconds <= longest)) {
        throw tool::BadUsage(fmt::format("--timeout {}: write seconds, 0 for no limit", seconds));
    }
    return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

Plan plan_of(const Request& request) {
    return {.grid = parse_grid(fmt::format("{}", fmt::join(request.grid, " "))),
            .folds = request.folds,
            .trees = request.trees,
            .seed = request.seed,
            .processes = request.processes,
            .timeout = timeout_of(request.timeout),
            .crashes = request.crashes};
}

void print(const Request& request, const Dataset& data, const Plan& plan, const Findings& found) {
    if (request.json) {
        tool::write_out(as_json(data, plan, found));
        return;
    }
    const auto terminal = tool::Terminal::at(STDOUT_FILENO);
    const std::size_t needed = columns_for_bars(plan, found);
    if (found.best && terminal.present && terminal.columns < needed) {
        tool::complain(
            fmt::format("the terminal has {} columns and the picture needs {}; widen it, or use "
                        "--plot FILE.svg",
                        terminal.columns, needed));
    }
    tool::write_out(as_text(data, plan, found, terminal));
}

void draw(const std::string& file, const Dataset& data, const Plan& plan, const Findings& found) {
    if (found.best) {
        write_file(file, picture_of_grid(data, plan, found));
    } else {
        tool::complain("no point of the grid was finished, so there is no picture");
    }
}

}  // namespace

tool::Exit run(const Request& request) {
    const tool::Interrupt interrupt;
    const Plan plan = plan_of(request);
    if (request.plot) {
        check_writable(*request.plot);
    }
    const Dataset data = select_columns(Csv::read(request.data), request.target, request.features);
    const Findings found = study(data, plan);

    print(request, data, plan, found);
    if (request.plot) {
        draw(*request.plot, data, plan, found);
    }
    if (found.stopped) {
        throw tool::Stopped(*found.stopped);
    }
    return found.interrupted ? tool::interrupted : tool::done;
}

}  // namespace forest
