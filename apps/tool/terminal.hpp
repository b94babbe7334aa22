#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace tool {

/// What a descriptor leads to.
struct Terminal {
    bool present = false;      ///< no file, no pipe: a terminal that can move its cursor
    std::size_t columns = 80;  ///< of it
    bool colour = false;       ///< it has colours, and the user did not say NO_COLOR

    [[nodiscard]] static Terminal at(int descriptor);

    /// The columns that may be written: the last one stays empty, as a terminal may wrap when it is
    /// written.
    [[nodiscard]] std::size_t room() const { return columns > 0 ? columns - 1 : 0; }
    /// The text as it is, or folded where this is a terminal too narrow for its lines.
    [[nodiscard]] std::string fitted(const std::string& text) const;
};

/// A line on stderr that says how far the work is and replaces the one before; nothing when stderr
/// is no terminal. It is gone when this is.
class StatusLine {
public:
    StatusLine() = default;
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine();

    /// True at most 20 times a second, and never at once: what is done quickly shows none.
    [[nodiscard]] bool due();
    /// The columns that fit in the line.
    [[nodiscard]] static std::size_t room();
    /// In place of what was there.
    void show(const std::string& text);

private:
    static constexpr std::chrono::milliseconds pause{50};

    bool present_ = Terminal::at(2).present;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + pause;
};

}  // namespace tool
