// The cures that the messages of the other programs name.
#include <string>
#include <vector>

#include <procpool/bind.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>

void right(procpool::Pool& pool, const std::vector<int>& items) {
    const std::string prefix = "x";
    pool.map(procpool::bind_back([](int i, const std::string& p) { return p + std::to_string(i); },
                                 prefix),
             items);
    procpool::fork_map([prefix](int i) { return prefix + std::to_string(i); }, items);
    pool.apply([](const std::string& s) { return s.size(); }, std::string("text"));
}
