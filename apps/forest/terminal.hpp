#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace forest {

/// What a descriptor leads to.
struct Terminal {
    bool present = false;      ///< no file, no pipe: a terminal that can move its cursor
    std::size_t columns = 80;  ///< of it
    bool colour = false;       ///< it has colours, and the user did not say NO_COLOR

    static Terminal at(int descriptor);
};

/// How far the work is: a line on stderr that is drawn over and over, if that is a terminal;
/// otherwise nothing. Its line is gone when it is.
class Bar {
public:
    Bar(std::string_view label, std::size_t total) : label_(label), total_(total) {}
    Bar(const Bar&) = delete;
    Bar& operator=(const Bar&) = delete;
    ~Bar();

    /// Draws at most 20 times a second, so what is done at once shows none.
    void show(std::size_t done);

    /// The line for `columns` columns, one of which stays free. "grid [####....]  45/105"; without
    /// room for a bar, what fits of the rest.
    [[nodiscard]] static std::string line(std::string_view label, std::size_t done,
                                          std::size_t total, std::size_t columns);

private:
    static constexpr std::chrono::milliseconds pause{50};

    std::string label_;
    std::size_t total_;
    Terminal terminal_ = Terminal::at(2);
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + pause;
    bool drawn_ = false;
};

}  // namespace forest
