#include "table.hpp"

#include <array>

#include <fmt/format.h>

namespace lecture {

namespace {

constexpr std::size_t page_width = 80;
constexpr std::size_t label_width = 26;
constexpr std::size_t column_width = 9;

struct Column {
    Peer peer;
    std::string_view above, name;
};
constexpr std::array columns{
    Column{Peer::plain, "C++", "plain"},         Column{Peer::threads, "C++", "threads"},
    Column{Peer::procpool, "C++", "procpool"},   Column{Peer::python_threads, "Python", "threads"},
    Column{Peer::python_pool, "Python", "Pool"}, Column{Peer::ideal, "", "ideal"},
};
static_assert(label_width + columns.size() * column_width <= page_width);

/// Words of `text`, in lines that begin with `first` or as many blanks.
std::string wrapped(std::string_view first, std::string_view text) {
    const std::size_t indent = first.size();
    std::string page(first);
    std::size_t at = indent;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const auto word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (at > indent && at + 1 + word.size() > page_width) {
            page += '\n' + std::string(indent, ' ');
            at = indent;
        } else if (at > indent) {
            page += ' ';
            ++at;
        }
        page += word;
        at += word.size();
    }
    return page + '\n';
}

}  // namespace

std::string Page::in(Ink ink, std::string text) const {
    if (!colour_ || ink == Ink::none) {
        return text;
    }
    const char* code = ink == Ink::bold   ? "1"
                       : ink == Ink::dim  ? "2"
                       : ink == Ink::good ? "32"
                                          : "31";
    return fmt::format("\033[{}m{}\033[0m", code, text);
}

std::string Page::cell(std::size_t number, const Cell& cell, const Report& report) const {
    std::string page = in(Ink::bold, fmt::format("{}  {}", number, cell.title)) + '\n';
    page += wrapped("   ", cell.teaches);
    for (const auto& note : report.notes) {
        page += in(Ink::dim, wrapped("   - ", note));
    }
    if (!report.holds) {
        page += in(Ink::bad, wrapped("   ", "This is not what should have come out."));
    }
    return page + '\n';
}

std::string Page::row(std::string_view mark, const Row& row) const {
    std::string line = fmt::format("{}{:<{}}", mark, row.label, label_width - mark.size());
    if (row.figures.empty()) {
        return line + row.text + '\n';
    }
    std::string blanks;  // not written until something follows
    for (const auto& column : columns) {
        const Figure* figure = row.find(column.peer);
        if (figure == nullptr) {
            blanks += std::string(column_width, ' ');
            continue;
        }
        line += blanks + in(ink_of(*figure, column.peer),
                            fmt::format("{:>{}}", in_words(*figure), column_width));
        blanks.clear();
    }
    return line + '\n';
}

Page::Ink Page::ink_of(const Figure& figure, Peer peer) {
    switch (figure.fate) {
        case Fate::absent:
        case Fate::never:
            return Ink::dim;
        case Fate::died:
        case Fate::silent:
        case Fate::failed:
            return Ink::bad;
        case Fate::done:
            break;
    }
    return peer == Peer::procpool ? Ink::good : Ink::none;
}

std::string Page::table(const std::vector<Section>& sections) const {
    std::string above(label_width, ' ');
    std::string names(label_width, ' ');
    for (const auto& column : columns) {
        above += fmt::format("{:>{}}", column.above, column.above.empty() ? 0 : column_width);
        names += fmt::format("{:>{}}", column.name, column_width);
    }
    const std::string rule = in(Ink::dim, std::string(names.size(), '-')) + '\n';

    std::string page = in(Ink::bold, above) + '\n' + in(Ink::bold, names) + '\n';
    for (const auto& [number, cell, report] : sections) {
        page += rule;
        std::string mark = fmt::format("{}  ", number);
        if (report->rows.empty()) {
            page += in(Ink::bad, mark + "failed, see above") + '\n';
        }
        for (const auto& one : report->rows) {
            page += row(mark, one);
            mark = "   ";
        }
    }
    return page + rule;
}

}  // namespace lecture
