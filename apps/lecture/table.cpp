#include "table.hpp"

#include <array>

#include <fmt/format.h>

#include "tool/text.hpp"

namespace lecture {

namespace {

using tool::Ink;

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

tool::Ink ink_of(const Figure& figure, Peer peer) {
    switch (figure.fate) {
        case Fate::absent:
        case Fate::never:
            return Ink::dim;
        case Fate::died:
        case Fate::silent:
        case Fate::failed:
            return Ink::red;
        case Fate::done:
            break;
    }
    return peer == Peer::procpool ? Ink::green : Ink::none;
}

std::string folded_line(const std::string& text, std::size_t hanging = 0) {
    return tool::folded(text, page_width, hanging) + '\n';
}

}  // namespace

std::string Page::cell(std::size_t number, const Cell& cell, const Report& report) const {
    std::string page =
        terminal_.painted(Ink::bold, fmt::format("{}  {}", number, cell.title)) + '\n';
    page += folded_line(fmt::format("   {}", cell.teaches));
    for (const auto& note : report.notes) {
        page += terminal_.painted(Ink::dim, folded_line("   - " + note, 2));
    }
    if (!report.holds) {
        page +=
            terminal_.painted(Ink::red, folded_line("   This is not what should have come out."));
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
        line += blanks + terminal_.painted(ink_of(*figure, column.peer),
                                           fmt::format("{:>{}}", in_words(*figure), column_width));
        blanks.clear();
    }
    return line + '\n';
}

std::string Page::table(const std::vector<Section>& sections) const {
    std::string above(label_width, ' ');
    std::string names(label_width, ' ');
    for (const auto& column : columns) {
        above += fmt::format("{:>{}}", column.above, column.above.empty() ? 0 : column_width);
        names += fmt::format("{:>{}}", column.name, column_width);
    }
    const std::string rule = terminal_.painted(Ink::dim, std::string(names.size(), '-')) + '\n';

    std::string page =
        terminal_.painted(Ink::bold, above) + '\n' + terminal_.painted(Ink::bold, names) + '\n';
    for (const auto& [number, cell, report] : sections) {
        page += rule;
        std::string mark = fmt::format("{}  ", number);
        if (report->rows.empty()) {
            page += terminal_.painted(Ink::red, mark + "failed, see above") + '\n';
        }
        for (const auto& one : report->rows) {
            page += row(mark, one);
            mark = "   ";
        }
    }
    return page + rule;
}

}  // namespace lecture
