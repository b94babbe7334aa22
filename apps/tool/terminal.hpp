#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace tool {

enum class Ink { none, bold, dim, green, red };

/// What a descriptor leads to.
struct Terminal {
    bool present = false;      ///< it is a terminal that can move its cursor, not a file or a pipe
    std::size_t columns = 80;  ///< of the terminal
    bool colour = false;       ///< it is a terminal, and NO_COLOR is not set

    [[nodiscard]] static Terminal at(int descriptor);

    /// How many columns may be written: all but the last one, as some terminals begin a new line
    /// when that is written.
    [[nodiscard]] std::size_t room() const { return columns > 0 ? columns - 1 : 0; }
    /// The text, folded if this is a terminal that is too narrow for its lines.
    [[nodiscard]] std::string fitted(const std::string& text) const;
    /// The text in this ink, if there are colours.
    [[nodiscard]] std::string painted(Ink ink, const std::string& text) const;
};

/// A line on stderr that says how far the work is. Each text replaces the one before, and the line
/// goes away with this object. Nothing is written unless stderr is a terminal.
class StatusLine {
public:
    StatusLine() = default;
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;
    ~StatusLine() { clear(); }

    /// True at most 20 times a second, and not within the first 50 ms, so that quick work shows no
    /// line. For those who show() often.
    [[nodiscard]] bool due();
    /// How many columns the line has.
    [[nodiscard]] static std::size_t room();
    /// Shows a text, or as much of it as there is room for: a longer one would wrap and stay.
    void show(std::string_view text);
    /// Takes the line away, until the next show().
    void clear();

private:
    static constexpr std::chrono::milliseconds pause{50};

    bool present_ = Terminal::at(2).present;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + pause;
};

}  // namespace tool
