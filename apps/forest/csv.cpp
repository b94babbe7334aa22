#include "csv.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "tool/exit.hpp"
#include "tool/file.hpp"
#include "tool/text.hpp"

namespace forest {

namespace {

/// The length of the UTF-8 character that `text` begins with; 0 if it begins with none.
std::size_t length_of_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    if (text.size() < length) {
        return 0;
    }
    for (const char c : text.substr(1, length > 0 ? length - 1 : 0)) {
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/// The name as one line of valid UTF-8, for messages, JSON and pictures: a ? for what is not.
std::string presentable(std::string name) {
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t length = length_of_character(std::string_view(name).substr(at));
        const auto first = static_cast<unsigned char>(name[at]);
        if (length == 0 || (first < ' ' && first != '\t') || first == 0x7f) {
            name[at] = '?';
        }
        at += std::max<std::size_t>(length, 1);
    }
    return name;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool to_number(std::string_view text, double& number) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) {
            return false;
        }
    }
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (stop != end) {
        return false;
    }
    // strtod tells too small from too large.
    if (error == std::errc::result_out_of_range) {
        number = std::strtod(std::string(text).c_str(), nullptr);
        return std::isfinite(number);
    }
    return error == std::errc() && std::isfinite(number);
}

/// Reads the text in one pass. Between two calls it is at the beginning of a cell or of a line.
class Csv::Reader {
public:
    explicit Reader(Csv& csv) : csv_(csv), text_(csv.text_) {
        if (text_.starts_with("\xef\xbb\xbf")) {
            at_ = 3;  // the byte order mark, which some programs write first
        }
    }

    void read() {
        while (!only_blanks_left()) {
            read_line();
        }
        if (cells_.empty()) {
            throw tool::BadUsage(
                fmt::format("{} is empty; a line with the names of the columns comes first, then a "
                            "line for each row",
                            csv_.file_));
        }
    }

private:
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] bool at_line_end() const {
        return at_end() || text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n");
    }
    [[nodiscard]] bool only_blanks_left() const {
        return text_.find_first_not_of(" \t\r\n", at_) == std::string_view::npos;
    }

    [[noreturn]] void refuse(std::string_view what) const {
        throw tool::BadUsage(fmt::format("{}:{}: {}", csv_.file_, line_, what));
    }

    void read_line() {
        const std::size_t line = line_;
        cells_.clear();
        cells_.push_back(read_cell());
        while (!at_line_end()) {
            ++at_;  // the comma
            cells_.push_back(read_cell());
        }
        if (!at_end()) {
            at_ += text_[at_] == '\r' ? 2U : 1U;
            ++line_;
        }
        if (csv_.names_.empty() && begin_table()) {
            return;
        }
        if (cells_.size() != csv_.columns()) {
            line_ = line;
            refuse(cells_.size() == 1 && cells_[0].size == 0
                       ? std::string("the line is empty; take it out")
                       : fmt::format("{} where there are {} columns; every row needs one for each "
                                     "column",
                                     tool::counted(cells_.size(), "cell"), csv_.columns()));
        }
        csv_.lines_.push_back(line);
        csv_.cells_.insert(csv_.cells_.end(), cells_.begin(), cells_.end());
    }

    Cell read_cell() {
        while (!at_line_end() && is_blank(text_[at_])) {
            ++at_;
        }
        if (!at_end() && text_[at_] == '"') {
            return read_quoted();
        }
        const std::size_t begin = at_;
        while (!at_line_end() && text_[at_] != ',') {
            ++at_;
        }
        std::size_t end = at_;
        while (end > begin && is_blank(text_[end - 1])) {
            --end;
        }
        return {begin, end - begin};
    }

    Cell read_quoted() {
        const std::size_t opened = line_;
        const std::size_t begin = ++at_;
        for (;; ++at_) {
            if (at_end()) {
                line_ = opened;
                refuse("a quoted cell that begins here does not end; close it with a quote");
            }
            if (text_[at_] == '\n') {
                ++line_;
            }
            if (text_[at_] != '"') {
                continue;
            }
            if (!text_.substr(at_ + 1).starts_with('"')) {
                break;
            }
            ++at_;  // a doubled quote
        }
        const std::size_t end = at_++;
        while (!at_line_end() && is_blank(text_[at_])) {
            ++at_;
        }
        if (!at_line_end() && text_[at_] != ',') {
            refuse("text after the closing quote of a cell; double the quotes inside a cell");
        }
        return {begin, end - begin};
    }

    /// Names the columns by the first line. True if that line has names; false if it is a row.
    bool begin_table() {
        const auto is_number = [this](const Cell& cell) {
            double ignored = 0;
            return to_number(text_.substr(cell.begin, cell.size), ignored);
        };
        const bool header = !std::ranges::all_of(cells_, is_number);
        for (const Cell& cell : cells_) {
            std::string name(text_.substr(cell.begin, cell.size));
            for (std::size_t quote = 0; (quote = name.find("\"\"", quote)) != std::string::npos;) {
                name.erase(quote++, 1);
            }
            if (!header || name.empty()) {
                name = std::to_string(csv_.names_.size() + 1);
            }
            csv_.names_.push_back(presentable(std::move(name)));
        }
        return header;
    }

    Csv& csv_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::vector<Cell> cells_;  // of the last line
};

Csv Csv::parse(std::string file, std::string text) {
    Csv csv;
    csv.file_ = std::move(file);
    csv.text_ = std::move(text);
    Reader(csv).read();
    return csv;
}

Csv Csv::read(const std::string& file) {
    auto text = tool::contents(file);
    if (!text) {
        throw tool::BadUsage(fmt::format("cannot read {}: {}; give a CSV file with --data",
                                         tool::one_line(file), std::strerror(errno)));
    }
    return parse(file, *std::move(text));
}

}  // namespace forest
