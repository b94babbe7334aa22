#include "text.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "tool/text.hpp"

namespace mine {

std::string count_text(double count) {
    if (count < 1e9) {
        return tool::grouped(static_cast<std::uint64_t>(std::round(count)));
    }
    if (count < 1e12) {
        return fmt::format("{:.3g} billion", count / 1e9);
    }
    return fmt::format("{:.2g}", count);
}

std::string rate_text(double rate) {
    constexpr std::array<std::pair<double, const char*>, 3> units{
        {{1e9, "GH/s"}, {1e6, "MH/s"}, {1e3, "kH/s"}}};
    for (const auto& [unit, name] : units) {
        if (rate >= 0.9995 * unit) {
            return fmt::format("{:#.3g} {}", rate / unit, name);
        }
    }
    return fmt::format("{:.0f} H/s", rate);
}

std::string duration_text(double seconds) {
    constexpr double minute = 60;
    constexpr double hour = 60 * minute;
    constexpr double day = 24 * hour;
    constexpr double year = 365.25 * day;
    if (seconds < 1e-3) {
        return "less than 1 ms";
    }
    if (seconds < 0.9995) {
        return fmt::format("{:.0f} ms", seconds * 1e3);
    }
    if (seconds < minute) {
        return fmt::format("{:.1f} s", seconds);
    }
    if (seconds < hour) {
        const auto whole = static_cast<std::int64_t>(seconds);
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    }
    if (seconds < 2 * day) {
        return fmt::format("{:.1f} h", seconds / hour);
    }
    if (seconds < 2 * year) {
        return fmt::format("{:.0f} days", seconds / day);
    }
    if (seconds < 100 * year) {
        return fmt::format("{:.2g} years", seconds / year);
    }
    return count_text(std::round(seconds / year)) + " years";
}

std::string percent_text(double share) {
    if (share == 0) {
        return "0 %";
    }
    if (share == 1) {
        return "100 %";
    }
    if (share < 1e-4) {  // to two digits
        const double digit = std::pow(10, std::floor(-std::log10(share)) - 1);
        return fmt::format("one in {}", count_text(std::round(1 / share / digit) * digit));
    }
    const std::string text = fmt::format("{:.2g} %", share * 100);
    return text == "1e+02 %" ? "nearly 100 %" : text;
}

std::string progress_line(double hashes, double seconds, double expected, std::size_t columns) {
    const double rate = seconds > 0 ? hashes / seconds : 0;
    const double share = expected > 0 ? hashes / expected : 0;
    const std::string speed = rate_text(rate);
    const std::string percent =
        share < 0.995 ? fmt::format("{:.0f}%", share * 100) : fmt::format("{:.1f}x", share);
    const std::string left = rate <= 0    ? "?"
                             : share >= 1 ? "overdue"
                                          : duration_text((expected - hashes) / rate);
    const std::array<std::string, 5> forms{
        fmt::format("{} hashes in {}, {}, {} of the expected work, ETA {}", count_text(hashes),
                    duration_text(seconds), speed, percent, left),
        fmt::format("{}, {} of the expected work, ETA {}", speed, percent, left),
        fmt::format("{}  {}  ETA {}", speed, percent, left),
        fmt::format("{} {} {}", speed, percent, left),
        fmt::format("{} {}", speed, percent),
    };
    for (const std::string& form : forms) {
        if (form.size() <= columns) {
            return form;
        }
    }
    return percent.substr(0, columns);
}

}  // namespace mine
