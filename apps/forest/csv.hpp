#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace forest {

/// A file of comma-separated values, as texts. Every row has a cell for each column. Cells may be
/// quoted; a quote inside is doubled. Blanks around an unquoted cell do not belong to it. Lines end
/// with LF or CRLF. The first line has the names of the columns; if it is all numbers, it is a row,
/// and the columns are named 1, 2, 3.
class Csv {
public:
    /// Throws tool::BadUsage with file and line.
    [[nodiscard]] static Csv read(const std::string& file);
    /// The same of a text; `file` is its name in messages. Throws tool::BadUsage.
    [[nodiscard]] static Csv parse(std::string file, std::string text);

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

/// Reads a text that is a finite number and nothing else; false if it is not. A number too small
/// for a double becomes 0, or the smallest that there is.
[[nodiscard]] bool to_number(std::string_view text, double& number);

}  // namespace forest
