// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
// must say: std::string
#include <string_view>
#include <vector>

#include <procpool/pool.hpp>

struct Line {
    int number;
    std::string_view text;
};

void wrong(procpool::Pool& pool, const std::vector<Line>& items) {
    pool.map([](const Line& line) { return line.number; }, items);
}
