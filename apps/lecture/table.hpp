#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cell.hpp"
#include "report.hpp"

namespace lecture {

/// What is written to a person. 80 columns; colour if asked for.
class Page {
public:
    explicit Page(bool colour) : colour_(colour) {}

    /// A cell's title, what it teaches and what was found.
    [[nodiscard]] std::string cell(std::size_t number, const Cell& cell,
                                   const Report& report) const;

    struct Section {
        std::size_t number;
        const Cell* cell;
        const Report* report;
    };
    /// All figures at a glance.
    [[nodiscard]] std::string table(const std::vector<Section>& sections) const;

private:
    enum class Ink { none, bold, dim, good, bad };
    [[nodiscard]] static Ink ink_of(const Figure& figure, Peer peer);
    [[nodiscard]] std::string in(Ink ink, std::string text) const;
    [[nodiscard]] std::string row(std::string_view mark, const Row& row) const;

    bool colour_;
};

}  // namespace lecture
