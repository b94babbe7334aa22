#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tool/terminal.hpp"

namespace forest {

/// A progress bar in the status line of a terminal.
class Bar {
public:
    Bar(std::string_view label, std::size_t total) : label_(label), total_(total) {}

    void show(std::size_t done);

    /// The line for so many columns: "grid [####....] 45/105". Without room for a bar, what fits of
    /// the rest.
    [[nodiscard]] static std::string line(std::string_view label, std::size_t done,
                                          std::size_t total, std::size_t columns);

private:
    std::string label_;
    std::size_t total_;
    tool::StatusLine status_;
};

}  // namespace forest
