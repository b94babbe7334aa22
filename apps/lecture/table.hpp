#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cell.hpp"
#include "report.hpp"
#include "tool/terminal.hpp"

namespace lecture {

/// What a person reads, in 80 columns, and in colours if the terminal has them.
class Page {
public:
    explicit Page(const tool::Terminal& terminal) : terminal_(terminal) {}

    /// A cell's title, what it teaches and what was found.
    [[nodiscard]] std::string cell(std::size_t number, const Cell& cell,
                                   const Report& report) const;

    struct Section {
        std::size_t number;
        const Cell* cell;
        const Report* report;
    };
    /// All figures as one table.
    [[nodiscard]] std::string table(const std::vector<Section>& sections) const;

private:
    [[nodiscard]] std::string row(std::string_view mark, const Row& row) const;

    tool::Terminal terminal_;
};

}  // namespace lecture
