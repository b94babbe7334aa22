#include "whole.hpp"

#include <charconv>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "tool/text.hpp"

namespace procpool::cli {

CLI::Validator whole(std::uint64_t least, std::uint64_t most) {
    const auto complaint = [=](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc() && stop == end && number >= least && number <= most) {
            return {};
        }
        return fmt::format("takes a whole number from {} to {}, not {}", least, most,
                           tool::quoted(text));
    };
    return {complaint, fmt::format("{}..{}", least, most)};
}

}  // namespace procpool::cli
