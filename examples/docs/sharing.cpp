// docs/reduce.md, docs/reference/shared.md: parts of what is shared.
// clang-format off
#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <procpool/procpool.hpp>

namespace mp = procpool;

// [rows]
using Row = mp::shared_span<const double>;

double norm(Row row) { return std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0)); }

void scaled(Row row, std::span<double> out) {
    std::transform(row.begin(), row.end(), out.begin(), [n = norm(row)](double x) { return x / n; });
}
// [/rows]

// [table]
struct Count {
    std::vector<int> operator()(std::vector<int> bins, int bin) const {    // what one item adds
        bins.resize(10);
        ++bins[static_cast<std::size_t>(bin)];
        return bins;
    }
    std::vector<int> operator()(std::vector<int> a, const std::vector<int>& b) const {    // what a block adds
        a.resize(10);
        for (std::size_t i = 0; i < b.size(); ++i) a[i] += b[i];
        return a;
    }
};
// [/table]

int main() {
    mp::Pool pool;
    // [share]
    mp::shared_vector<double> matrix(1'000 * 16, 0.5), unit(matrix.size());
    std::vector<Row> rows;
    for (std::size_t i = 0; i < 1'000; ++i) rows.push_back(matrix.slice(i * 16, 16));

    std::vector<double> norms = pool.map(norm, rows);    // read where they lie
    pool.map_into(scaled, rows, unit);                   // each writes its slice of the output
    // [/share]
    std::cout << norms.back() << ' ' << unit.back() << '\n';

    const std::vector<int> numbers{3, 14, 15, 92, 65, 35};
    // [bins]
    std::vector<int> digits = pool.transform_reduce(numbers, std::vector<int>{}, Count{}, [](int x) { return x % 10; });
    // [/bins]
    for (int count : digits) std::cout << count << ' ';

    const std::vector<std::string> pages(3, std::string(1'000'000, 'x'));
    // [view]
    std::vector<std::size_t> sizes = pool.map([](std::string_view page) { return page.size(); }, pages);    // no copy in the worker
    // [/view]
    std::cout << sizes.front() << '\n';
}
