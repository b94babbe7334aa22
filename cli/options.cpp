#include "options.hpp"

#include <string>

#include <fmt/format.h>

#include "tool/text.hpp"

namespace procpool::cli {

CLI::Validator whole(std::uint64_t least, std::uint64_t most) {
    const auto complaint = [=](const std::string& text) -> std::string {
        const auto number = tool::whole_number<std::uint64_t>(text);
        if (number && *number >= least && *number <= most) {
            return {};
        }
        return fmt::format("takes a whole number from {} to {}, not {}", least, most,
                           tool::quoted(text));
    };
    return {complaint, fmt::format("{}..{}", least, most)};
}

CLI::Option& add_processes(CLI::App& command, int& processes) {
    return *command
                .add_option("--processes", processes,
                            "Workers; 0: one for each CPU that may be used")
                ->check(whole(0, 1000))
                ->capture_default_str();
}

}  // namespace procpool::cli
