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
    if (!colour_ || ink == Ink::none) return text;
    const char* code = ink == Ink::bold   ? "1"
                       : ink == Ink::dim  ? "2"
                       : ink == Ink::good ? "32"
                                          : "31";
    return fmt::format("\033[{}m{}\033[0m", code, text);
}

std::string Page::cell(std::size_t number, const Cell& cell, const Report& report) const {
    std::string page = in(Ink::bold, fmt::format("{}  {}", number, cell.title)) + '\n';
    page += wrapped("   ", cell.teaches);
    for (const auto& note : report.notes) page += in(Ink::dim, wrapped("   - ", note));
    if (!report.holds)
        page += in(Ink::bad, wrapped("   ", "This is not what should have come out."));
    return page + '\n';
}

std::string Page::table(const std::vector<Section>& sections) const {
    std::string above(label_width, ' ');
    std::string names = fmt::format("{:<{}}", "", label_width);
    for (const auto& column : columns) {
        above += fmt::format("{:>{}}", column.above, column_width);
        names += fmt::format("{:>{}}", column.name, column_width);
    }
    const std::string rule(label_width + columns.size() * column_width, '-');
    above.erase(above.find_last_not_of(' ') + 1);
    std::string page = in(Ink::bold, above) + '\n' + in(Ink::bold, names) + '\n';

    for (const auto& [number, cell, report] : sections) {
        page += in(Ink::dim, rule) + '\n';
        std::string mark = fmt::format("{}  ", number);
        if (report->rows.empty()) page += in(Ink::bad, mark + "failed, see above") + '\n';
        for (const auto& row : report->rows) {
            page += mark + fmt::format("{:<{}}", row.label, label_width - mark.size());
            mark = "   ";
            if (row.figures.empty()) page += row.text;
            for (const auto& column : columns) {
                const Figure* figure = row.find(column.peer);
                if (figure == nullptr && row.figures.empty()) break;
                const Ink ink = figure == nullptr ? Ink::none
                                : figure->fate == Fate::died || figure->fate == Fate::silent ||
                                        figure->fate == Fate::failed
                                    ? Ink::bad
                                : column.peer == Peer::procpool ? Ink::good
                                : figure->measured()            ? Ink::none
                                                                : Ink::dim;
                page += in(ink, fmt::format("{:>{}}", figure == nullptr ? "" : in_words(figure),
                                            column_width));
            }
            while (page.back() == ' ') page.pop_back();
            page += '\n';
        }
    }
    return page + in(Ink::dim, rule) + '\n';
}

}  // namespace lecture
