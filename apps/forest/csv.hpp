#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace forest {

/// A file of comma-separated values, as text: rows that all have as many cells as there are
/// columns. Cells may be quoted, a quote inside is doubled; blanks around an unquoted cell do not
/// count; lines end with LF or CRLF. A first line that is all numbers is a row, and the columns are
/// named 1, 2, 3.
class Csv {
public:
    /// Throws tool::BadUsage with file and line.
    static Csv read(const std::string& file);
    /// Of text that was read already; `file` is for the messages.
    static Csv parse(std::string file, std::string text);

    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    [[nodiscard]] std::size_t columns() const { return names_.size(); }
    [[nodiscard]] std::size_t rows() const { return lines_.size(); }
    /// The line of the file, from 1, in which a row begins.
    [[nodiscard]] std::size_t line(std::size_t row) const { return lines_[row]; }
    [[nodiscard]] std::string_view cell(std::size_t row, std::size_t column) const {
        const Cell& cell = cells_[row * columns() + column];
        return std::string_view(text_).substr(cell.begin, cell.size);
    }

private:
    struct Cell {
        std::size_t begin, size;  // in text_; without its outer quotes
    };
    class Reader;

    std::string file_;
    std::string text_;
    std::vector<std::string> names_;
    std::vector<std::size_t> lines_;
    std::vector<Cell> cells_;
};

/// A finite number and nothing else? What is too small for a double is 0, or nearly.
[[nodiscard]] bool to_number(std::string_view text, double& number);

}  // namespace forest
