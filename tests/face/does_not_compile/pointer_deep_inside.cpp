// must say: a const char* means nothing in another process
// must say: Node
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <procpool/pool.hpp>

struct Node {
    const char* name;
};

using Deep = std::map<std::string, std::vector<std::optional<std::variant<int, Node>>>>;

void wrong(procpool::Pool& pool, const std::vector<int>& items) {
    pool.map([](int) { return Deep(); }, items);
}
