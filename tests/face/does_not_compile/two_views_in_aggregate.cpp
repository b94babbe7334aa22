// must say: a raw pointer, string_view, span or reference_wrapper means nothing in another process
#include <string_view>
#include <vector>

#include <procpool/pool.hpp>

struct Line {
    std::string_view file;
    std::string_view text;
    int* count;
};

void wrong(procpool::Pool& pool, const std::vector<Line>& items) {
    pool.map([](const Line& line) { return line.text.size(); }, items);
}
